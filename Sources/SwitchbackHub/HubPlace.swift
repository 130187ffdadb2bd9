import Foundation
import Switchback
import SwitchbackFormats

/// Where fetched files are put.
protocol HubPlace {
    /// The model's folder.
    var folder: String { get }
    /// The first file is about to come.
    ///
    /// - Parameter names: the files without which the model cannot be used.
    func begin(needed names: [String]) throws
    /// The size of a file that is there already, in bytes; `nil` if it has to be fetched.
    func size(ofComplete file: HubListing.File) throws -> Int?
    /// Where a file is kept until it is complete.
    func partial(_ file: HubListing.File) throws -> String
    /// Gives a complete file its name.
    func take(_ file: HubListing.File, _ received: HubTransfer.Received) throws
    /// All files are there.
    func finish(_ model: HubModel) throws
}

extension HubListing.File {
    /// The name of the file while it is not complete: it tells versions of a file apart.
    fileprivate var partialName: String {
        (identity?.digits ?? path.replacing("/", with: "--")) + ".incomplete"
    }
}

extension HubPlace {
    /// Gives a complete file its name in the model's folder.
    fileprivate func move(_ received: HubTransfer.Received, to file: HubListing.File) throws {
        let destination = Folder.join(folder, file.path)
        try OutputFolder.make(Folder.parent(destination))
        guard rename(received.path, destination) == 0 else { throw InputError(destination, cannot: "written", errno) }
    }
}

/// A folder of the user's.
struct HubFolder: HubPlace {
    let folder: String
    /// Inside it, until all is there.
    private var unfinished: String { Folder.join(folder, ".unfinished") }

    init(_ folder: String) { self.folder = folder }

    func begin(needed names: [String]) {}

    func size(ofComplete file: HubListing.File) throws -> Int? {
        let path = Folder.join(folder, file.path)
        guard let identity = file.identity, Folder.exists(path) else { return nil }
        let contents = try MappedFile(path)
        guard file.size.map({ $0 == contents.bytes.count }) ?? true else { return nil }
        var hash = ContentHash(for: identity, size: contents.bytes.count)
        hash.add(UnsafeRawBufferPointer(contents.bytes))
        return hash.digits == identity.digits ? contents.bytes.count : nil
    }

    func partial(_ file: HubListing.File) throws -> String {
        try OutputFolder.file(file.partialName, in: unfinished)
    }

    func take(_ file: HubListing.File, _ received: HubTransfer.Received) throws { try move(received, to: file) }

    func finish(_ model: HubModel) throws { OutputFolder.removeIfEmpty(unfinished) }
}

/// The cache.
struct HubCachePlace: HubPlace {
    private let cache: HubCache
    private let commit: String

    init(_ cache: HubCache, _ commit: String) { (self.cache, self.commit) = (cache, commit) }

    var folder: String { cache.snapshot(commit) }

    func begin(needed names: [String]) throws { try cache.note(needed: names, in: commit) }

    /// Contents have their hash's name since they were checked.
    func size(ofComplete file: HubListing.File) throws -> Int? {
        guard let identity = file.identity,
            let attributes = try? FileManager.default.attributesOfItem(atPath: cache.blob(identity)),
            let size = attributes[.size] as? Int, file.size.map({ $0 == size }) ?? true
        else { return nil }
        try cache.link(file.path, in: commit, to: identity)
        return size
    }

    func partial(_ file: HubListing.File) throws -> String { try OutputFolder.file(file.partialName, in: cache.blobs) }

    func take(_ file: HubListing.File, _ received: HubTransfer.Received) throws {
        // Contents without a hash have no name of their own.
        guard let identity = received.identity else { return try move(received, to: file) }
        let blob = cache.blob(identity)
        guard rename(received.path, blob) == 0 else { throw InputError(blob, cannot: "written", errno) }
        try cache.link(file.path, in: commit, to: identity)
    }

    func finish(_ model: HubModel) throws { try cache.note(commit, of: model.revision) }
}
