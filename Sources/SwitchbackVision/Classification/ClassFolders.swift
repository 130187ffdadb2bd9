import Switchback
import SwitchbackFormats

/// Image folders, one per class: `train/CLASS/….jpg` and `val` or `test` beside it; or only the class folders, of which
/// every fifth image is then used for validation.
package enum ClassFolders {
    struct Contents {
        var classNames: [String]
        /// Paths with their classes.
        var parts: [DataSplit: [(path: String, classIndex: Int)]]
    }

    static func load(_ root: String) throws -> Contents {
        let folders = try Folder.names(in: root).filter { Folder.isFolder(Folder.join(root, $0)) }
        var contents = Contents(classNames: [], parts: [:])
        for split in DataSplit.allCases {
            let fitting = folders.filter { DataSplit(folderName: $0) == split }.map { Folder.join(root, $0) }
            guard let folder = try fitting.first(where: holdsFolders) else { continue }
            try contents.add(split, folder)
        }
        if contents.parts.isEmpty {
            try contents.add(.train, root)
            contents.holdOutEveryFifth()
        }
        guard contents.classNames.count > 1 else {
            let found =
                contents.classNames.isEmpty ? "no folder of images" : "only the class \(contents.classNames[0])"
            throw InputError(
                root, "has \(found)", remedy: "give a folder with train/CLASS/… and val/CLASS/…, or with CLASS/…")
        }
        return contents
    }

    /// Whether a folder can be a part: one that holds images alone is a class, even if it is called `train`.
    private static func holdsFolders(_ path: String) throws -> Bool {
        try Folder.names(in: path).contains { Folder.isFolder(Folder.join(path, $0)) }
    }
}

extension ClassFolders {
    private static let longestName = 100

    /// Why a text cannot be the name of a class, which becomes that of a folder; `nil` where it can.
    package static func problem(withName name: String) -> String? {
        if name.isEmpty || name.utf8.count > longestName { return "a name has from 1 to \(longestName) bytes" }
        if name.hasPrefix(".") { return "a name does not begin with a dot" }
        let forbidden = name.unicodeScalars.first { "/\\:*?\"<>|".unicodeScalars.contains($0) || $0.value < 0x20 }
        return forbidden.map { "a name has no \($0.value < 0x20 ? "control character" : "\($0)") in it" }
    }

    /// Throws where two names are one to Unicode, and so to whoever reads them, but not to the disk.
    fileprivate static func checkForms(of names: [String], in folder: String) throws {
        var seen: [String: String] = [:]
        for name in names {
            if let other = seen.updateValue(name, forKey: name) {
                let codes = [other, name].map {
                    $0.unicodeScalars.map { String($0.value, radix: 16) }.joined(separator: " ")
                }
                throw InputError(
                    folder,
                    "two folders are called \(name), in two Unicode forms (\(codes[0]) and \(codes[1]))",
                    remedy: "put the images of the class into one")
            }
        }
    }
}

extension ClassFolders.Contents {
    /// Adds a part. Damaged images are reported and left out. Throws where a class is unknown in the parts before.
    fileprivate mutating func add(_ split: DataSplit, _ folder: String) throws {
        let found = try Folder.names(in: folder).filter { Folder.isFolder(Folder.join(folder, $0)) }
        try ClassFolders.checkForms(of: found, in: folder)
        if classNames.isEmpty { classNames = found }
        var paths: [(path: String, classIndex: Int)] = []
        for name in found {
            guard let index = classNames.firstIndex(of: name) else {
                let near = name.nearest(in: classNames).map { "; did you mean \($0)?" } ?? ""
                throw InputError(Folder.join(folder, name), "is a class without training examples\(near)")
            }
            paths += try ImageSurvey.files(under: Folder.join(folder, name)).map { ($0, index) }
        }
        let problems = ImageSurvey.map(paths.map(\.path)) { path -> InputError? in
            do {
                _ = try ImageSurvey.header(path)
                return nil
            } catch {
                return error as? InputError ?? InputError(path, "\(error)")
            }
        }
        for problem in problems { if let problem { Diagnostics.warn("left out: \(problem)") } }
        let usable = zip(paths, problems).filter { $0.1 == nil }.map(\.0)
        guard !usable.isEmpty else { throw InputError(folder, "its folders have no usable image") }
        parts[split] = usable
    }

    fileprivate mutating func holdOutEveryFifth() {
        guard let all = parts[.train] else { return }
        var seen = [Int](repeating: 0, count: classNames.count)
        var training: [(path: String, classIndex: Int)] = []
        var heldOut: [(path: String, classIndex: Int)] = []
        for example in all {
            seen[example.classIndex] += 1
            if seen[example.classIndex] % 5 == 0 { heldOut.append(example) } else { training.append(example) }
        }
        parts[.train] = training
        parts[.val] = heldOut.isEmpty ? nil : heldOut
    }
}
