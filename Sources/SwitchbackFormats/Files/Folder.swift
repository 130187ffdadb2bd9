import Foundation
import Switchback

/// What tells a folder from all others, by whichever path it was reached.
private struct FolderIdentity: Hashable {
    let device, number: UInt64

    /// `nil` if there is no such folder.
    init?(_ path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        device = UInt64(status.st_dev)
        number = UInt64(status.st_ino)
    }
}

/// Paths and what is in folders.
package enum Folder {
    package static func join(_ folder: String, _ name: String) -> String {
        name.hasPrefix("/") ? name : (folder as NSString).appendingPathComponent(name)
    }

    package static func parent(_ path: String) -> String { FilePath.parent(path) }

    /// The last part of a path, without its ending.
    package static func stem(_ path: String) -> String {
        ((path as NSString).lastPathComponent as NSString).deletingPathExtension
    }

    package static func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

    package static func isFolder(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
    }

    /// The contents of a folder, by name, without hidden files.
    package static func names(in path: String) throws -> [String] { try FolderNames.list(path) }

    /// The files in a folder and its folders whose names end in one of `extensions`, as paths, in order. Links to
    /// folders are followed, but no folder is entered twice, nor one that the search began in.
    package static func files(under path: String, extensions: [String]) throws -> [String] {
        var visited: Set<FolderIdentity> = []
        var ancestor = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
        while ancestor != "/" {
            ancestor = parent(ancestor)
            FolderIdentity(ancestor).map { _ = visited.insert($0) }
        }
        return try files(under: path, extensions, &visited)
    }

    private static func files(
        under path: String, _ extensions: [String], _ visited: inout Set<FolderIdentity>
    ) throws -> [String] {
        if let identity = FolderIdentity(path), !visited.insert(identity).inserted { return [] }
        var found: [String] = []
        for name in try names(in: path) {
            let inner = join(path, name)
            if extensions.contains((name as NSString).pathExtension.lowercased()) {
                found.append(inner)
            } else if isFolder(inner) {
                found += try files(under: inner, extensions, &visited)
            }
        }
        return found
    }
}
