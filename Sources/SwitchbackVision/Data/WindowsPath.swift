import SwitchbackFormats

/// Paths in files that were written on Windows, whose folders are separated by `\`.
enum WindowsPath {
    /// A path in a folder: as it stands, or where there is nothing, with `/` for `\`.
    static func inFolder(_ folder: String, _ name: String) -> String {
        let path = folder.isEmpty ? name : Folder.join(folder, name)
        guard name.contains("\\"), !Folder.exists(path) else { return path }
        let other = name.replacing("\\", with: "/")
        let changed = folder.isEmpty ? other : Folder.join(folder, other)
        return Folder.exists(changed) ? changed : path
    }

    /// Whether a path begins with the letter of a drive.
    static func hasDrive(_ path: String) -> Bool {
        let (begin, separators) = (Array(path.utf8.prefix(3)), Array("/\\".utf8))
        return begin.count == 3 && begin[1] == UInt8(ascii: ":") && separators.contains(begin[2])
    }
}
