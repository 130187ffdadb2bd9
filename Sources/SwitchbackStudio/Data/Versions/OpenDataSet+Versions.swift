import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackServer
import SwitchbackVision

extension OpenDataSet {
    /// The folders of the versions, by name.
    private func versionFolders() -> [String: String] {
        let parent = DataVersion.folder(in: folder.state)
        let names = (try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? []
        return Dictionary(uniqueKeysWithValues: names.map { ($0, Folder.join(parent, $0)) })
    }

    /// The folder of a version. It is looked up among those that are there: no path is made of what a client sends.
    ///
    /// - Throws: `APIError` where there is none.
    func versionFolder(_ name: String) throws -> String {
        let folders = versionFolders()
        if let path = folders.first(where: { $0.key.isExactly(name) })?.value { return path }
        let nearest = name.nearest(in: Array(folders.keys))
        throw APIError.notFound("there is no such version" + (nearest.map { "; did you mean \($0)?" } ?? ""))
    }

    /// The versions, the newest first. A folder that is none is passed over.
    func versions() -> [(version: DataVersion, path: String)] {
        versionFolders().values.compactMap { path in (try? DataVersion(at: path)).map { ($0, path) } }
            .sorted { ($0.version.created, $0.version.name) > ($1.version.created, $1.version.name) }
    }

    /// Gives a name to the data set as it is now.
    func keepVersion(_ name: String) throws -> DataVersion {
        try changing { try keepVersion(name, index.now(isFresh: true)) }
    }

    private func keepVersion(_ name: String, _ content: DataIndex.Content) throws -> DataVersion {
        try exclusively { try DataVersion(named: name, of: folder, content) }
    }

    func changes(since name: String) throws -> VersionDifferenceAnswer {
        let path = try versionFolder(name)
        let content = try index.now(isFresh: true)
        return VersionDifferenceAnswer(
            try VersionDifference(folder, content, since: path), try DataVersion(at: path), content)
    }

    /// Makes the data set what it was. What it is now is kept as a version before: nothing is lost, and going back is
    /// undone in the same way.
    ///
    /// - Returns: the version that was made.
    func restore(_ name: String) throws -> DataVersion {
        let path = try versionFolder(name)
        return try changing {
            let content = try index.now(isFresh: true)
            let kept = try keepVersion(freeName("before \(name)"), content)
            let difference = try VersionDifference(folder, content, since: path)
            try exclusively { try restore(difference, from: path) }
            _ = try index.now(isFresh: true)
            return kept
        }
    }

    private func freeName(_ name: String) -> String {
        let folders = versionFolders()
        return (1...).lazy.map { $0 == 1 ? name : "\(name) \($0)" }.first { folders[$0] == nil } ?? name
    }

    private func restore(_ difference: VersionDifference, from version: String) throws {
        let trash = Folder.join(FileMoves.trash(in: folder.state), UUID().uuidString)
        let surplus = (difference.added + difference.moved.map(\.to)).flatMap { image in
            moves(of: image, to: folder.trashPlace(of: image, in: trash))
        }
        if !surplus.isEmpty {
            var moves = FileMoves(surplus)
            try moves.perform(in: folder.state)
        }
        for entry in difference.removed + difference.moved.map(\.from) + difference.replaced.map(\.from) {
            let target = Folder.join(folder.root, entry.path)
            unlink(target)
            try linkOrCopy(Folder.join(version, entry.kept), to: target)
        }
        if folder.kind == .yolo {
            for entry in difference.removed + difference.moved.map(\.from) + difference.relabeled.map(\.from) {
                try restoreLabels(Folder.join(version, entry.kept), to: Folder.join(folder.root, entry.path))
            }
        }
        guard let description = folder.description else { return }
        let original = try TextFile.read(Folder.join(version, DataVersion.descriptionName))
        if try original != TextFile.read(description) { try AtomicFile.write(original, to: description) }
    }

    private func restoreLabels(_ kept: String, to image: String) throws {
        let (source, target) = (YOLOData.labelPath(ofImage: kept), YOLOData.labelPath(ofImage: image))
        if Folder.exists(source) {
            try OutputFolder.make(Folder.parent(target))
            try AtomicFile.write(TextFile.read(source), to: target)
        } else if unlink(target) != 0 && errno != ENOENT {
            throw InputError(target, cannot: "removed", errno)
        }
    }

    /// Puts a version into the trash, where it stays for a month.
    func removeVersion(_ name: String) throws {
        try changing {
            let path = try versionFolder(name)
            let trash = FileMoves.trash(in: folder.state)
            try OutputFolder.make(trash)
            let place = Folder.join(trash, UUID().uuidString)
            guard rename(path, place) == 0 else { throw InputError(path, cannot: "removed", errno) }
            // Its month in the trash begins now, not when it was made.
            try? FileManager.default.setAttributes([.modificationDate: Date()], ofItemAtPath: place)
        }
    }
}
