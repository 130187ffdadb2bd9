import Foundation
import Switchback
import SwitchbackFormats

/// Folders for results.
public enum OutputFolder {
    /// Makes `ROOT/TASK/NAME`, with a number after the name where that is taken.
    ///
    /// - Throws: `InputError` where that cannot be done.
    public static func make(in root: String, task: String, name: String) throws -> String {
        let parent = Folder.join(root, task)
        try make(parent)
        for number in 1... {
            let path = Folder.join(parent, number == 1 ? name : "\(name)-\(number)")
            if mkdir(path, 0o777) == 0 { return path }
            guard errno == EEXIST else { throw InputError(path, cannot: "made", errno) }
        }
        return parent
    }

    /// Removes a folder in which nothing was saved.
    public static func removeIfEmpty(_ path: String) { rmdir(path) }

    /// The path of a file in a folder.
    public static func join(_ folder: String, _ name: String) -> String { Folder.join(folder, name) }

    /// The path of a file in a folder, which is made where it is missing.
    static func file(_ name: String, in folder: String) throws -> String {
        try make(folder)
        return Folder.join(folder, name)
    }

    /// Makes a folder, and those that it lies in, where they are missing.
    ///
    /// - Throws: `InputError` where that cannot be done.
    public static func make(_ path: String) throws {
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw InputError(path, cannot: "made", error)
        }
    }
}

/// Gives the files for results names: those of what they are results of, without the ending, and never one twice.
public struct FileNames {
    private var used: Set<String> = []

    public init() {}

    /// `bus` for `street/bus.jpg`, and `bus-2` for another `bus.jpg`.
    public mutating func name(for path: String) -> String {
        let stem = Folder.stem(path)
        var name = stem
        var number = 1
        while !used.insert(name).inserted {
            number += 1
            name = "\(stem)-\(number)"
        }
        return name
    }
}
