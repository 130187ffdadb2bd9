import Foundation
import Switchback

/// Folders for results.
package enum OutputFolder {
    /// Makes `ROOT/TASK/NAME`, with a number after the name where that is taken.
    ///
    /// - Throws: `InputError` where that cannot be done.
    package static func make(in root: String, task: String, name: String) throws -> String {
        let parent = Folder.join(root, task)
        try make(parent)
        for number in 1... {
            let path = Folder.join(parent, number == 1 ? name : "\(name)-\(number)")
            if mkdir(path, 0o777) == 0 {
                UnfinishedFiles.willFill(path)
                return path
            }
            guard errno == EEXIST else { throw InputError(path, cannot: "made", errno) }
        }
        return parent
    }

    /// Removes a folder in which nothing was saved.
    package static func removeIfEmpty(_ path: String) { rmdir(path) }

    /// The path of a file in a folder, which is made where it is missing.
    package static func file(_ name: String, in folder: String) throws -> String {
        try make(folder)
        return Folder.join(folder, name)
    }

    /// Creates a folder, and missing parent folders.
    ///
    /// - Throws: `InputError` where that cannot be done.
    package static func make(_ path: String) throws {
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw InputError(path, cannot: "made", error)
        }
    }
}
