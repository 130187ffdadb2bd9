import Foundation
import Switchback
import SwitchbackFormats

/// Text that lies in one file, or in all files `.txt` and `.md` of a folder and its folders, in the order of their
/// names.
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
            Folder.join(path, $0)
        }
        if files.isEmpty { throw InputError(path, "there are no .txt or .md files in this folder") }
    }

    /// The text of all files, one after another.
    public func text() throws -> String {
        let text = try files.map(TextFile.read).joined(separator: "\n")
        guard !text.isEmpty else { throw InputError(path, "the text is empty") }
        return text
    }
}
