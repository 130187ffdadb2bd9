import Foundation
import NIOCore
import Switchback
import SwitchbackFormats

/// One file on its way. What has come stays in a file beside the others until all of it is there and hashes to what the
/// hub says: a transfer that breaks off, or a program that is ended, goes on from there the next time.
struct HubTransfer: Sendable {
    let file: HubListing.File
    /// The file's address on the hub.
    let address: String
    /// Where it is kept until it is complete.
    let partial: String
    let connection: HubConnection
    let settings: HubSettings

    /// A complete file: where it lies, and what the hub calls its contents, if it says.
    struct Received {
        let path: String
        let identity: ContentIdentity?
        let size: Int
    }

    /// Fetches what is missing.
    ///
    /// - Parameter progress: is told how many bytes of the file are there.
    /// - Throws: `InputError` where it cannot be fetched, or is another file than the hub says.
    func receive(_ progress: (_ bytes: Int, _ size: Int) throws -> Void) async throws -> Received {
        let descriptor = open(partial, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw InputError(partial, cannot: "written", errno) }
        defer { close(descriptor) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            throw InputError(partial, "another program is fetching it", remedy: "wait until it is done")
        }
        var tries = 0
        while true {
            let before = length(descriptor)
            do {
                return try await receive(into: descriptor, progress)
            } catch let interrupted as HubConnection.Interrupted {
                // Where something came, the hub is there: the count begins again.
                tries = length(descriptor) > before ? 0 : tries + 1
                guard tries < settings.retries else {
                    throw InputError(
                        settings.endpoint, "\(file.path) cannot be fetched: \(interrupted.problem)",
                        remedy: "try again later: what has come is kept")
                }
                try await settings.wait(tries)
            }
        }
    }

    private func receive(
        into descriptor: Int32, _ progress: (_ bytes: Int, _ size: Int) throws -> Void
    ) async throws -> Received {
        var start = length(descriptor)
        if let size = file.size, start >= size {
            // All of it came, and the program was ended before it could say so.
            if let identity = file.identity, start == size, try digits(descriptor, identity, size) == identity.digits {
                return Received(path: partial, identity: identity, size: size)
            }
            start = 0
        }
        var answer = try await connection.get(address, from: start)
        if answer.status == 416 {
            start = 0
            answer = try await connection.get(address)
        }
        // A hub that does not know ranges sends all.
        if answer.status != 206 { start = 0 }
        try check(answer, start)
        guard ftruncate(descriptor, off_t(start)) == 0 else { throw InputError(partial, cannot: "written", errno) }
        let size = try size(answer, start)
        let identity = identity(answer)
        var hash = identity.map { ContentHash(for: $0, size: size) }
        try read(descriptor, start) { hash?.add($0) }
        var count = start
        try progress(count, size)
        try await answer.forEachPiece { buffer in
            count += buffer.readableBytes
            guard count <= size else {
                throw InputError(settings.endpoint, "more comes of \(file.path) than its \(size) bytes")
            }
            try buffer.withUnsafeReadableBytes { bytes in
                hash?.add(bytes)
                try FileWriting.write(bytes, to: descriptor, named: partial)
            }
            try progress(count, size)
        }
        if count < size { throw HubConnection.Interrupted(problem: "it ends after \(count) of \(size) bytes") }
        if let identity, let found = hash?.digits, found != identity.digits {
            // Nothing of it can be trusted.
            ftruncate(descriptor, 0)
            throw InputError(
                settings.endpoint,
                "\(file.path) came damaged: its \(identity.kind) is \(found), and should be \(identity.digits)",
                remedy: "try again")
        }
        guard Platform.flush(descriptor) else { throw InputError(partial, cannot: "written", errno) }
        return Received(path: partial, identity: identity, size: size)
    }

    private func digits(_ descriptor: Int32, _ identity: ContentIdentity, _ size: Int) throws -> String {
        var hash = ContentHash(for: identity, size: size)
        try read(descriptor, size) { hash.add($0) }
        return hash.digits
    }

    /// Throws where the part that came does not begin where it was asked to.
    private func check(_ answer: HubConnection.Answer, _ start: Int) throws {
        guard answer.status == 206 else { return }
        let range = answer.headers.first(name: "Content-Range") ?? ""
        guard range.hasPrefix("bytes \(start)-") else {
            throw InputError(
                settings.endpoint, "it sends \(range) of \(file.path), and bytes from \(start) were asked for")
        }
    }

    /// How many bytes the whole file has: as the list says, or the answer.
    private func size(_ answer: HubConnection.Answer, _ start: Int) throws -> Int {
        let length = answer.headers.first(name: "Content-Length").flatMap { Int($0) }.map { $0 + start }
        let linked = answer.hubHeaders.first(name: "X-Linked-Size").flatMap { Int($0) }
        guard let size = file.size ?? linked ?? length, size >= 0 else {
            throw InputError(settings.endpoint, "it does not say how large \(file.path) is")
        }
        if let length, length != size {
            throw InputError(
                settings.endpoint, "\(file.path) has \(length) bytes there, and \(size) in the hub's list",
                remedy: "try again later")
        }
        return size
    }

    /// What the contents must hash to: as the list says, or the headers.
    private func identity(_ answer: HubConnection.Answer) -> ContentIdentity? {
        file.identity
            ?? ["X-Linked-ETag", "ETag"].lazy.compactMap { answer.hubHeaders.first(name: $0) }
            .compactMap { ContentIdentity($0) }.first
    }

    private func length(_ descriptor: Int32) -> Int { Int(lseek(descriptor, 0, SEEK_END)) }

    /// Reads what is there, and stays at its end.
    private func read(_ descriptor: Int32, _ count: Int, _ body: (UnsafeRawBufferPointer) -> Void) throws {
        lseek(descriptor, 0, SEEK_SET)
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        var rest = count
        while rest > 0 {
            let got = Foundation.read(descriptor, &buffer, min(rest, buffer.count))
            if got < 0 && errno == EINTR { continue }
            guard got > 0 else { throw InputError(partial, cannot: "read", errno) }
            buffer.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[..<got])) }
            rest -= got
        }
    }
}
