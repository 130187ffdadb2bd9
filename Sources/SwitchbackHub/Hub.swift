import Foundation
import NIOCore
import Switchback
import SwitchbackFormats

/// The Hugging Face hub, or what speaks as it does: fetches the files of a model that are needed to use it.
///
/// ```swift
/// let model = try HubModel(argument: "HuggingFaceTB/SmolLM2-135M-Instruct")
/// let fetched = try await Hub(HubSettings()).fetch(model)
/// print(fetched.folder)
/// ```
public struct Hub: Sendable {
    public let settings: HubSettings

    public init(_ settings: HubSettings) { self.settings = settings }

    /// A model that was fetched.
    public struct Fetched: Sendable {
        /// The folder that it lies in.
        public let folder: String
        public let commit: String
        public let files: [File]

        public struct File: Sendable, Codable, Equatable {
            public let path: String
            public let bytes: Int
            /// Whether it came over the network now.
            public let isNew: Bool
            /// Whether its contents hash to what the hub says.
            public let isChecked: Bool
        }
    }

    /// How far it is with a file.
    public struct Progress: Sendable {
        public let path: String
        public let bytes, size: Int
        /// Which of the files it is, from 1 on.
        public let number, count: Int
    }

    /// The folder of a model that was fetched into the cache before, with all that is needed of it; `nil` if there is none.
    public func cached(_ model: HubModel) -> String? {
        let cache = HubCache(settings.cache, model)
        guard let commit = cache.commit(of: model.revision), cache.isWhole(commit) else { return nil }
        return cache.snapshot(commit)
    }

    /// Fetches a model: what is there already stays, what was begun goes on, and each file gets its name when all of it is
    /// there and hashes to what the hub says.
    ///
    /// - Parameters:
    ///   - names: the files to fetch; those that are needed to use the model, if empty.
    ///   - folder: where to; into the cache, if `nil`.
    ///   - progress: is told how far it is. What it throws ends it.
    /// - Throws: `InputError` where there is no such model, it cannot be reached or written, or comes damaged.
    public func fetch(
        _ model: HubModel, files names: [String] = [], to folder: String? = nil,
        progress: (Progress) throws -> Void = { _ in }
    ) async throws -> Fetched {
        if settings.isOffline {
            throw InputError(
                "model \(model)", "it cannot be fetched, because HF_HUB_OFFLINE is set", remedy: "unset it")
        }
        return try await HubConnection.open(settings, model) { connection in
            let listing = try await list(model, connection)
            let all = listing.files.map(\.path)
            let chosen =
                try names.isEmpty
                ? HubSelection.choose(all, of: model) : HubSelection.choose(all, of: model, named: names)
            let files = listing.files.filter { chosen.contains($0.path) }
            let place: any HubPlace =
                if let folder { HubFolder(folder) } else {
                    HubCachePlace(HubCache(settings.cache, model), listing.commit)
                }
            // Where there is nothing that is needed by itself, the user chose what is fetched.
            if let needed = try? HubSelection.choose(all, of: model) { try place.begin(needed: needed) }
            var fetched: [Fetched.File] = []
            for (index, file) in files.enumerated() {
                fetched.append(
                    try await fetch(file, of: model, listing.commit, place, connection) { bytes, size in
                        try progress(
                            Progress(
                                path: file.path, bytes: bytes, size: size, number: index + 1, count: files.count))
                    })
            }
            try place.finish(model)
            return Fetched(folder: place.folder, commit: listing.commit, files: fetched)
        }
    }

    /// How large the hub's list may be, in bytes.
    private static let mostListed = 32 << 20

    private func list(_ model: HubModel, _ connection: HubConnection) async throws -> HubListing {
        let revision = model.revision.replacing("/", with: "%2F")
        let address = "\(settings.endpoint)/api/models/\(model.path)/revision/\(revision)?blobs=true"
        var tries = 0
        while true {
            do {
                let answer = try await connection.get(address)
                var bytes: [UInt8] = []
                try await answer.forEachPiece { buffer in
                    guard bytes.count + buffer.readableBytes <= Hub.mostListed else {
                        throw InputError(settings.endpoint, "its list of the model's files is too long")
                    }
                    bytes += buffer.readableBytesView
                }
                return try HubListing(bytes, from: address)
            } catch let interrupted as HubConnection.Interrupted {
                tries += 1
                guard tries < min(settings.retries, 3) else {
                    throw InputError(
                        settings.endpoint, "it cannot be reached: \(interrupted.problem)",
                        remedy: "check the connection and HF_ENDPOINT")
                }
                try await settings.wait(tries)
            }
        }
    }

    private func fetch(
        _ file: HubListing.File, of model: HubModel, _ commit: String, _ place: any HubPlace,
        _ connection: HubConnection, _ progress: (_ bytes: Int, _ size: Int) throws -> Void
    ) async throws -> Fetched.File {
        if let size = try place.size(ofComplete: file) {
            try progress(size, size)
            return Fetched.File(path: file.path, bytes: size, isNew: false, isChecked: file.identity != nil)
        }
        let escaped = file.path.addingPercentEncoding(withAllowedCharacters: .urlPathAllowed) ?? file.path
        let transfer = HubTransfer(
            file: file, address: "\(settings.endpoint)/\(model.path)/resolve/\(commit)/\(escaped)",
            partial: try place.partial(file), connection: connection, settings: settings)
        let received = try await transfer.receive(progress)
        try place.take(file, received)
        return Fetched.File(
            path: file.path, bytes: received.size, isNew: true, isChecked: received.identity != nil)
    }
}
