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
