import Foundation
import Switchback
import SwitchbackFormats

/// The folder that models are kept in, laid out as the package `huggingface_hub` does, so that both find what the other
/// fetched:
///
///     models--ORG--NAME/
///       blobs/HASH                  the contents of files
///       refs/main                   the commit that a branch had when it was last asked for
///       snapshots/COMMIT/PATH       links to the contents: the model's folder
///       needed/COMMIT               what a fetch begun here needs, a name a line; not known to that package
struct HubCache {
    private let folder: String

    init(_ root: String, _ model: HubModel) {
        folder = Folder.join(root, "models--\(model.organization)--\(model.name)")
    }

    func snapshot(_ commit: String) -> String { Folder.join(folder, "snapshots/\(commit)") }

    /// The contents that hash to something.
    func blob(_ identity: ContentIdentity) -> String { Folder.join(folder, "blobs/\(identity.digits)") }

    var blobs: String { Folder.join(folder, "blobs") }

    /// The commit that a branch or a tag had when it was last fetched; a commit is its own.
    func commit(of revision: String) -> String? {
        if Folder.isFolder(snapshot(revision)) { return revision }
        guard let text = try? TextFile.read(Folder.join(folder, "refs/\(revision)")) else { return nil }
        let commit = text.trimmingCharacters(in: .whitespacesAndNewlines)
        return HubModel.isSafePath(commit) && Folder.isFolder(snapshot(commit)) ? commit : nil
    }

    func note(_ commit: String, of revision: String) throws {
        if revision == commit { return }
        let path = Folder.join(folder, "refs/\(revision)")
        try OutputFolder.make(Folder.parent(path))
        try AtomicFile.write(commit, to: path)
    }

    private func needed(in commit: String) -> String { Folder.join(folder, "needed/\(commit)") }

    /// Notes which files a model needs before the first of them is there, so that a fetch that is interrupted is not taken
    /// for a whole one.
    func note(needed names: [String], in commit: String) throws {
        let path = needed(in: commit)
        try OutputFolder.make(Folder.parent(path))
        try AtomicFile.write(names.joined(separator: "\n"), to: path)
    }

    /// Whether all that is needed of a model is there: what was noted when it was fetched, or, where another program fetched
    /// it, what the names of the files tell.
    func isWhole(_ commit: String) -> Bool {
        func isThere(_ name: String) -> Bool { Folder.exists(Folder.join(snapshot(commit), name)) }
        guard let noted = try? TextFile.read(needed(in: commit)) else {
            return HubSelection.isWhole(names(in: commit).filter(isThere))
        }
        return isThere("config.json") && noted.split(separator: "\n").allSatisfy { isThere(String($0)) }
    }

    /// Lays a file into a model's folder: a link to its contents.
    func link(_ path: String, in commit: String, to identity: ContentIdentity) throws {
        let destination = Folder.join(snapshot(commit), path)
        try OutputFolder.make(Folder.parent(destination))
        // From the file's folder up to the one that has blobs.
        let depth = path.split(separator: "/").count + 1
        let target = String(repeating: "../", count: depth) + "blobs/\(identity.digits)"
        let temporary = destination + ".\(getpid()).part"
        unlink(temporary)
        guard symlink(target, temporary) == 0, rename(temporary, destination) == 0 else {
            throw InputError(destination, cannot: "written", errno)
        }
    }

    /// The names of the files in a model's folder.
    func names(in commit: String) -> [String] {
        let enumerator = FileManager.default.enumerator(atPath: snapshot(commit))
        return (enumerator?.compactMap { $0 as? String } ?? []).sorted()
    }
}
