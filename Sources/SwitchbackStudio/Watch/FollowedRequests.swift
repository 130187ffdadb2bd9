import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackServer

/// The requests that an endpoint keeps in a folder, followed: each look reads only what was written since the one before,
/// because a page asks every few seconds, and there may be many megabytes. Used by one thread at a time.
package final class FollowedRequests {
    /// What has been read of a file.
    private struct Part {
        let number: UInt64
        let head: [UInt8]
        var offset = 0
        var met = MetRequests()
    }

    private let folder: String
    private var parts: [Part] = []
    /// How many bytes were read in all.
    package private(set) var bytesRead = 0

    package init(_ folder: String) { self.folder = folder }

    /// The requests until now; those whose images are there with them.
    package func look() -> MetRequests {
        parts = [RequestKeeper.olderLinesName, RequestKeeper.linesName].compactMap { read(Folder.join(folder, $0)) }
        let there = RequestKeeper.imageNames(in: folder)
        for place in parts.indices { parts[place].met.keepImages(there) }
        return parts.reduce(into: MetRequests()) { $0.add($1.met) }
    }

    /// How much of a file tells it from another one that has got its number.
    private static let headCount = 64
    /// What one look reads of a file at most: more than an endpoint writes into one.
    private static let mostBytes = 64 << 20

    /// Reads on in a file, which may have had another name at the last look; `nil` where nothing is in it.
    private func read(_ path: String) -> Part? {
        guard let file = FileHandle(forReadingAtPath: path) else { return nil }
        defer { try? file.close() }
        var status = stat()
        guard fstat(file.fileDescriptor, &status) == 0,
            let head = (try? file.read(upToCount: Self.headCount)).flatMap({ $0 }), head.count == Self.headCount
        else { return nil }
        let known = parts.first {
            $0.number == UInt64(status.st_ino) && $0.head.elementsEqual(head) && $0.offset <= Int(status.st_size)
        }
        var part = known ?? Part(number: UInt64(status.st_ino), head: Array(head))
        guard (try? file.seek(toOffset: UInt64(part.offset))) != nil,
            let new = (try? file.read(upToCount: Self.mostBytes)).flatMap({ $0 })
        else { return part }
        bytesRead += new.count
        // A line without its end is still being written.
        let whole = new[..<(new.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? new.startIndex)]
        for line in whole.split(separator: UInt8(ascii: "\n")) {
            // What is no request is passed over.
            if let request = try? JSON.decode(KeptRequest.self, line) { part.met.add(request) }
        }
        part.offset += whole.count
        return part
    }
}

/// What the endpoints of runs have met. Belongs to one thread.
final class MetRequestsByRun: @unchecked Sendable {
    private let folders: WatchFolders
    // Used on one thread only.
    private var followed: [String: FollowedRequests] = [:]

    init(_ folders: WatchFolders) { self.folders = folders }

    /// - Throws: `APIError` where no endpoint of the run has kept requests.
    func met(by run: String) throws -> MetRequests {
        let folder = try folders.path(of: run)
        let requests = followed[folder] ?? FollowedRequests(folder)
        // Folders that were deleted go.
        followed = followed.filter { Folder.exists($0.key) }
        followed[folder] = requests
        return requests.look()
    }
}
