/// Parts of paths. Foundation's `deletingLastPathComponent` stops the program over a path of one letter.
public enum FilePath {
    /// The folder that a file or folder lies in: `runs` of `runs/a.txt`, `.` of `a.txt`, and `/` of `/a.txt`.
    public static func parent(_ path: String) -> String {
        let end = path.lastIndex { $0 != "/" } ?? path.startIndex
        guard let slash = path[..<end].lastIndex(of: "/") else { return path.hasPrefix("/") ? "/" : "." }
        let last = path[...slash].lastIndex { $0 != "/" }
        return last.map { String(path[...$0]) } ?? "/"
    }
}
