import Foundation
import Switchback
import SwitchbackFormats

extension InputError {
    /// What is wrong with bytes that should be JSON, and where; `nil` where they are.
    static func ofJSON(_ data: Data, _ path: String) -> InputError? {
        if data.allSatisfy({ [0x20, 0x09, 0x0A, 0x0D].contains($0) }) { return InputError(path, "the file is empty") }
        if String(validating: data, as: UTF8.self) == nil { return TextFile.notUTF8(path, [UInt8](data)[...], from: 0) }
        return data.withUnsafeBytes { bytes in
            do throws(JSON.Problem) {
                _ = try JSON(parsing: bytes)
                return nil
            } catch {
                let isEnd = error.offset >= bytes.count
                return InputError(
                    path, at: "byte \(error.offset)", "it is not valid JSON: \(error.message)",
                    remedy: isEnd ? "the file seems to be cut short" : nil)
            }
        }
    }
}
