import Foundation
import Switchback
import SwitchbackFormats

/// The folder of one run: `ROOT/TASK/NAME`, with a number after the name where that is taken.
public final class RunFolder {
    public let path: String
    /// The folders that were made, outermost first.
    private let made: [String]

    /// Makes the folder. Throws `InputError` where that cannot be done; then none of its parents is left behind either.
    public init(in root: String, task: String, name: String) throws {
        let parent = (root as NSString).appendingPathComponent(task)
        var made: [String] = []
        do {
            try RunFolder.makeFolders(parent, made: &made)
            path = try RunFolder.takeName((parent as NSString).appendingPathComponent(name))
            made.append(path)
            try RunFolder.makeFolders((path as NSString).appendingPathComponent("weights"), made: &made)
        } catch {
            RunFolder.remove(made)
            throw error
        }
        self.made = made
    }

    /// Makes the folder `path`, or the first one that is free with a number after the name. Making it is what takes the
    /// name: two runs that start at once get two folders.
    private static func takeName(_ path: String) throws -> String {
        var candidate = path
        var number = 1
        while mkdir(candidate, 0o777) != 0 {
            guard errno == EEXIST else { throw InputError(candidate, cannot: "made", errno) }
            number += 1
            candidate = "\(path)-\(number)"
        }
        return candidate
    }

    /// The path of a file of weights, `last` or `best`.
    public func weights(_ name: String) -> String {
        (path as NSString).appendingPathComponent("weights/\(name).safetensors")
    }

    func save(_ classifier: Classifier, isBest: Bool) throws {
        try classifier.save(to: weights("last"))
        if isBest { try classifier.save(to: weights("best")) }
    }

    /// Removes the folders that were made, as far as they are empty: for a run that failed before it had a result.
    public func removeIfEmpty() { RunFolder.remove(made) }

    private static func remove(_ folders: [String]) {
        for folder in folders.reversed() { rmdir(folder) }
    }

    private static func makeFolders(_ path: String, made: inout [String]) throws {
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) {
            if isFolder.boolValue { return }
            throw InputError(path, "is a file, and a folder was expected there")
        }
        let parent = (path as NSString).deletingLastPathComponent
        if !parent.isEmpty && parent != path { try makeFolders(parent, made: &made) }
        guard mkdir(path, 0o777) == 0 || errno == EEXIST else { throw InputError(path, cannot: "made", errno) }
        made.append(path)
    }
}
