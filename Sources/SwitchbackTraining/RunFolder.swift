import Foundation
import Switchback
import SwitchbackFormats

/// The folder of one run: `ROOT/TASK/NAME`, with a number after the name where that is taken.
public final class RunFolder {
    public let path: String
    /// The folders that were made, outermost first.
    private var made: [String] = []

    /// Makes the folder. Throws `InputError` where that cannot be done.
    public init(in root: String, task: String, name: String) throws {
        let parent = (root as NSString).appendingPathComponent(task)
        try RunFolder.makeFolders(parent, made: &made)
        var number = 1
        var candidate = (parent as NSString).appendingPathComponent(name)
        // Making the folder is what takes the name: two runs that start at once get two folders.
        while mkdir(candidate, 0o777) != 0 {
            guard errno == EEXIST else { throw InputError(candidate, cannot: "made", errno) }
            number += 1
            candidate = (parent as NSString).appendingPathComponent("\(name)-\(number)")
        }
        path = candidate
        made.append(path)
        try RunFolder.makeFolders(weightsFolder, made: &made)
    }

    private var weightsFolder: String { (path as NSString).appendingPathComponent("weights") }

    /// The path of a file of weights, `last` or `best`.
    public func weights(_ name: String) -> String {
        (weightsFolder as NSString).appendingPathComponent("\(name).safetensors")
    }

    func save(_ classifier: Classifier, isBest: Bool) throws {
        try classifier.save(to: weights("last"))
        if isBest { try classifier.save(to: weights("best")) }
    }

    /// Removes the folders that were made, as far as they are empty: for a run that failed before it had a result.
    public func removeIfEmpty() {
        for folder in made.reversed() { rmdir(folder) }
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
