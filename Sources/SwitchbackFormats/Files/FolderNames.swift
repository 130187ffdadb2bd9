import Foundation
import Switchback

/// The names of what lies in a folder.
package enum FolderNames {
    /// In order, without those of hidden files. A file whose name is not UTF-8 is omitted with a warning, because
    /// nothing can name it.
    ///
    /// Throws `InputError` if there is no such folder, it cannot be read, or a folder in it has a name that is not
    /// UTF-8.
    package static func list(_ path: String) throws -> [String] {
        guard let folder = opendir(path) else {
            throw InputError(path, FileKind(path) == .folder ? "the folder cannot be read" : "there is no such folder")
        }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let bytes = withUnsafeBytes(of: entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
            if bytes.first == UInt8(ascii: ".") { continue }
            if let name = String(validating: bytes, as: UTF8.self) {
                names.append(name)
            } else {
                let problem = "the name \(shown(bytes)) in it is not UTF-8"
                let isFile = entry.pointee.d_type == UInt8(DT_REG)
                if !isFile { throw InputError(path, problem, remedy: "rename it") }
                Diagnostics.warn("left out: \(path): \(problem)")
            }
        }
        return names.sorted()
    }

    /// With what is not a letter of ASCII as `\xE9`.
    private static func shown(_ bytes: [UInt8]) -> String {
        bytes.map { byte in
            0x20..<0x7F ~= byte ? String(UnicodeScalar(byte)) : "\\x" + String(byte, radix: 16, uppercase: true)
        }.joined()
    }
}
