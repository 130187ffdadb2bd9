import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackVision

/// The names of the classes in a data.yaml, to which some are added without touching anything else in the file.
enum ClassList {
    /// - Returns: all names, the new ones last.
    /// - Throws: `InputError` where a name cannot be one or is there, or the file writes its names in a way that is
    ///   not known here; then nothing is changed.
    static func add(_ names: [String], to path: String) throws -> [String] {
        let known = try DataDescription.load(path).classNames
        var taken = Set(known)
        for name in names {
            if let problem = NewDataSet.problem(withName: name) {
                throw InputError("request", at: "field name", problem)
            }
            guard taken.insert(name).inserted else {
                throw InputError("request", at: "field name", "there is a class \(name) already")
            }
        }
        let text = try TextFile.read(path)
        guard let changed = text.addingClasses(names, from: known.count) else {
            throw InputError(
                path, "the list of names is written in a way that is not known here", remedy: "add the class there")
        }
        try DataDescription.rewrite(path, as: changed, remedy: "add the class there") { before, after in
            after.classNames == known + names && after.places == before.places && after.keypoints == before.keypoints
        }
        return known + names
    }
}

extension DataDescription {
    /// Writes another text of a data.yaml, which is read back before it counts.
    ///
    /// - Parameters:
    ///   - remedy: for who cannot have it changed here.
    ///   - isRight: whether it says what it should, by what it said before and would say then.
    /// - Throws: `InputError` where it does not, or cannot be written; then nothing is changed.
    static func rewrite(
        _ path: String, as text: String, remedy: String, isRight: (DataDescription, DataDescription) -> Bool
    ) throws {
        let trial = Folder.join(Folder.parent(path), ".\((path as NSString).lastPathComponent).trial.yaml")
        defer { unlink(trial) }
        try AtomicFile.write(text, to: trial)
        guard let after = try? DataDescription.load(trial), isRight(try DataDescription.load(path), after) else {
            throw InputError(path, "is written in a way that is not known here", remedy: remedy)
        }
        try AtomicFile.write(text, to: path)
    }
}

extension String {
    /// The text of a data.yaml with more names: `names: [a, b]`, a list with hyphens, or a mapping from numbers; and
    /// with so many more in `nc`.
    fileprivate func addingClasses(_ names: [String], from number: Int) -> String? {
        var lines = components(separatedBy: "\n")
        let quoted = names.map { "\(JSON.string($0))" }
        guard let start = lines.firstIndex(where: { $0.hasPrefix("names:") }) else { return nil }
        if let open = lines[start].firstIndex(of: "[") {
            var end = start
            while end < lines.count, !lines[end].contains("]") { end += 1 }
            guard end < lines.count, let close = lines[end].lastIndex(of: "]") else { return nil }
            let isEmpty =
                end == start && lines[start][lines[start].index(after: open)..<close].allSatisfy(\.isWhitespace)
            lines[end].insert(contentsOf: (isEmpty ? "" : ", ") + quoted.joined(separator: ", "), at: close)
        } else {
            let entries = lines.indices.dropFirst(start + 1).prefix { index in
                let line = lines[index]
                return line.isEmpty || line.hasPrefix(" ") || line.hasPrefix("-") || line.hasPrefix("#")
            }
            let last = entries.last { index in
                let line = lines[index].trimmingCharacters(in: .whitespaces)
                return !line.isEmpty && !line.hasPrefix("#")
            }
            guard let last else { return nil }
            let indent = lines[last].prefix { $0 == " " }
            let isList = lines[last].dropFirst(indent.count).hasPrefix("-")
            let added = quoted.enumerated().map { "\(indent)\(isList ? "-" : "\(number + $0):") \($1)" }
            lines.insert(contentsOf: added, at: last + 1)
        }
        if let count = lines.firstIndex(where: { $0.hasPrefix("nc:") }) { lines[count] = "nc: \(number + names.count)" }
        return lines.joined(separator: "\n")
    }
}
