import Foundation
import Switchback
import SwitchbackFormats

/// Reads JSON files that other programs wrote: in UTF-8, or in UTF-16, as shells of Windows write it.
enum JSONFile {
    /// Larger files would not fit in memory.
    private static let mostBytes = 1 << 30
    /// How much of a file is looked at to tell what it is.
    private static let headBytes = 4096

    /// The text of a file, in UTF-8 without a byte order mark.
    ///
    /// - Throws: `InputError` where it cannot be read, or is too large.
    static func read(_ path: String) throws -> Data {
        let size = FileStamp(path).size
        guard size <= mostBytes else { throw InputError(path, "has \(size) bytes, and at most \(mostBytes) are read") }
        guard let data = FileManager.default.contents(atPath: path) else {
            throw InputError(path, "the file cannot be read")
        }
        return inUTF8(data)
    }

    /// The begin of a file, in UTF-8 without spaces before it; empty where it cannot be read.
    static func head(of path: String) -> Data {
        guard let handle = FileHandle(forReadingAtPath: path) else { return Data() }
        defer { try? handle.close() }
        let bytes = (try? handle.read(upToCount: headBytes)) ?? Data()
        return Data(inUTF8(bytes).drop { [0x20, 0x09, 0x0A, 0x0D].contains($0) })
    }

    /// Whether the begin of a file has one of some keys.
    static func head(of path: String, mentions keys: [String]) -> Bool {
        let head = head(of: path)
        return keys.contains { head.range(of: Data("\"\($0)\"".utf8)) != nil }
    }

    /// A value of the text of a file.
    ///
    /// - Parameter format: what specifies how the value looks, for messages.
    /// - Throws: `InputError` with the place where the text is no JSON, or not of such a value.
    static func decode<Value: Decodable>(
        _ type: Value.Type, from data: Data, of path: String, as format: String
    ) throws -> Value {
        do {
            return try JSONDecoder().decode(type, from: data)
        } catch let error as DecodingError {
            if case .dataCorrupted = error, let problem = InputError.ofJSON(data, path) { throw problem }
            throw InputError(path, error, as: format)
        }
    }

    /// JSON begins with a character of ASCII, so that in UTF-16 one of the first two bytes is 0.
    private static func inUTF8(_ data: Data) -> Data {
        if data.starts(with: [0xEF, 0xBB, 0xBF]) { return Data(data.dropFirst(3)) }
        let encoding: String.Encoding
        switch Array(data.prefix(2)) {
        case [0xFF, 0xFE], [0xFE, 0xFF]: encoding = .utf16
        case let first where first.count == 2 && first[0] != 0 && first[1] == 0: encoding = .utf16LittleEndian
        case let first where first.count == 2 && first[0] == 0 && first[1] != 0: encoding = .utf16BigEndian
        default: return data
        }
        let text = String(data: data.prefix(data.count & ~1), encoding: encoding)
        return text.map { Data(($0.hasPrefix("\u{FEFF}") ? $0.dropFirst() : $0[...]).utf8) } ?? data
    }
}

extension InputError {
    /// A value of a JSON file that is missing, or not as a format specifies it.
    init(_ path: String, _ error: DecodingError, as format: String) {
        switch error {
        case .keyNotFound(let key, let context):
            self.init(path, at: Self.place(context), "the key \(key.stringValue) is missing")
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
            self.init(path, at: Self.place(context), "the value is not of the type that \(format) specifies")
        @unknown default: self.init(path, "\(error)")
        }
    }

    private static func place(_ context: DecodingError.Context) -> String {
        let keys = context.codingPath.map { $0.intValue.map { "number \($0)" } ?? $0.stringValue }
        return keys.isEmpty ? "top level" : keys.joined(separator: ", ")
    }

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
