import Foundation
import Switchback
import SwitchbackFormats

/// Text that lies in one file, or in all files `.txt` and `.md` of a folder and its folders, in the order of their names.
public struct TextFiles {
    public let path: String
    public let files: [String]

    public init(_ path: String) throws {
        self.path = path
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw InputError(path, "there is no such file or folder")
        }
        if !isFolder.boolValue {
            files = [path]
            return
        }
        let names = FileManager.default.enumerator(atPath: path)?.compactMap { $0 as? String } ?? []
        files = names.filter { $0.hasSuffix(".txt") || $0.hasSuffix(".md") }.sorted().map {
            (path as NSString).appendingPathComponent($0)
        }
        if files.isEmpty { throw InputError(path, "there are no .txt or .md files in this folder") }
    }

    /// The text of all files, one after the other.
    public func text() throws -> String {
        let text = try files.map(TextFiles.read).joined(separator: "\n")
        guard !text.isEmpty else { throw InputError(path, "the text is empty") }
        return text
    }

    /// The text of a file, also of a gzipped one. Throws `InputError` where it cannot be read or is not UTF-8, and says
    /// where.
    public static func read(_ path: String) throws -> String {
        let bytes = try fileBytes(path)
        if let text = String(validating: bytes, as: UTF8.self) { return text }
        throw InputError(
            path, at: "byte \(firstInvalidByte(of: bytes))", "the text is not UTF-8",
            remedy: "convert it, for example with iconv")
    }

    private static func firstInvalidByte(of text: [UInt8]) -> Int {
        var decoder = UTF8()
        var bytes = text.makeIterator()
        var position = 0
        while case .scalarValue(let scalar) = decoder.decode(&bytes) { position += UTF8.width(scalar) }
        return position
    }
}
