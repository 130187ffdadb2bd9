import Switchback
import SwitchbackFormats

/// Text that lies in one file, or in all files `.txt` and `.md` of a folder and its folders, in the order of their
/// names.
public struct TextFiles {
    public let path: String
    public let files: [String]

    public init(_ path: String) throws {
        self.path = path
        guard Folder.exists(path) else { throw InputError(path, "there is no such file or folder") }
        guard Folder.isFolder(path) else {
            files = [path]
            return
        }
        files = try Folder.files(under: path, extensions: ["txt", "md"]).sorted()
        if files.isEmpty { throw InputError(path, "there are no .txt or .md files in this folder") }
    }

    /// The text of all files, one after another.
    public func text() throws -> String {
        let text = try files.map(TextFile.read).joined(separator: "\n")
        guard !text.isEmpty else { throw InputError(path, "the text is empty") }
        return text
    }
}
