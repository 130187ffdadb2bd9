import Foundation
import SwitchbackFormats

/// The file `classes.txt` beside annotations: a class on each line, in the order of their numbers. Formats that name classes
/// where they occur alone say with it which others there are.
enum ClassNamesFile {
    static let name = "classes.txt"

    /// The names that a list gives, if there is one in the folder; then those that occur besides, in alphabetical order.
    static func names(in folder: String, occurring: Set<String>) throws -> [String] {
        let path = Folder.join(folder, name)
        return all(try Folder.exists(path) ? read(path) : [], occurring)
    }

    static func all(_ listed: [String], _ occurring: Set<String>) -> [String] {
        listed + occurring.subtracting(listed).sorted()
    }

    static func text(_ names: [String]) -> String { names.map { $0 + "\n" }.joined() }

    private static func read(_ path: String) throws -> [String] {
        var seen: Set<String> = []
        return try TextFile.rows(path).map { $0.trimmingCharacters(in: .whitespaces) }
            .filter { !$0.isEmpty && seen.insert($0).inserted }
    }
}
