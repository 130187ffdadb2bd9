import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackVision

/// The files of a .zip, in a folder of its own that disappears with it.
final class UnpackedArchive {
    private let folder: WorkingFolder

    private static let mostMembers = 300_000
    private static let mostBytes = 64 << 30
    /// Images hardly become smaller in an archive: what unfolds to so many times its size is not one of images. Small
    /// ones may be as they like.
    private static let (mostFolds, smallBytes) = (50, 256 << 20)

    /// - Throws: `InputError` where the archive is damaged, has a member that would lie elsewhere, or unfolds to too
    ///   much; nothing is written before all of that is known.
    init(_ file: UploadedFile, in parent: String) throws {
        let archive = try ZipArchive(file.path)
        let members = archive.entries.filter { !$0.name.hasSuffix("/") }
        guard members.count <= Self.mostMembers else {
            throw InputError(file.name, "has \(members.count) members, and at most \(Self.mostMembers) are read")
        }
        for member in members {
            if Self.escapes(member.name) {
                throw InputError(
                    file.name, "its member \(member.name) would lie outside of the folder: nothing is read")
            }
        }
        let total = members.reduce(0) { $0 &+ $1.size }
        let packed = Int(FileStamp(file.path).size)
        guard total >= 0, total <= max(Self.smallBytes, Self.mostFolds * packed), total <= Self.mostBytes else {
            throw InputError(
                file.name, "becomes \(total >> 20) MiB from \(packed >> 20) MiB when it is unpacked: nothing is read")
        }
        folder = WorkingFolder(in: parent)
        var made: Set<String> = []
        for member in members where !Self.isHidden(member.name) {
            let path = Folder.join(folder.path, member.name)
            let parent = Folder.parent(path)
            if made.insert(parent).inserted { try OutputFolder.make(parent) }
            try archive.write(member, to: path)
        }
        if made.isEmpty { try OutputFolder.make(folder.path) }
        // The disk is waited for once, before any of them becomes an image of the data set.
        sync()
    }

    /// Where the data begins: archives often have one folder that holds all.
    var root: String {
        get throws {
            let names = try Folder.names(in: folder.path)
            let inner = names.first.map { Folder.join(folder.path, $0) }
            return if let inner, names.count == 1, Folder.isFolder(inner) { inner } else { folder.path }
        }
    }

    private static func escapes(_ name: String) -> Bool {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        let hasOddPart = parts.contains { $0.isEmpty || $0 == "." || $0 == ".." }
        return hasOddPart || name.unicodeScalars.contains { $0.value < 0x20 || $0 == "\\" || $0 == ":" }
    }

    /// What macOS puts into archives beside the files.
    private static func isHidden(_ name: String) -> Bool {
        name.split(separator: "/").contains { $0.hasPrefix(".") || $0 == "__MACOSX" }
    }
}
