import Foundation
import Hummingbird
import NIOCore

/// A hub on this machine, with one model, that answers as the Hugging Face hub does: a list of files with their hashes, and
/// contents on other addresses, which it sends to.
final class TestHub: Sendable {
    struct File: Sendable {
        let path: String
        let contents: [UInt8]
        /// The name that Git LFS (SHA-256) or Git (SHA-1) gives the contents.
        let hash: String
        var isLarge: Bool { hash.utf8.count == 64 }
    }

    /// How the hub misbehaves.
    struct Faults: Sendable {
        /// Large files break off after so many bytes, a time each.
        var breaks: [Int] = []
        var ignoresRanges = false
        /// A byte of large files is another one.
        var damages = false
        /// Sends this error's code.
        var status = 200
        var errorCode = ""
        /// Sends no hashes in its list.
        var hidesHashes = false
        /// Is busy for so many requests.
        var busyTimes = 0
    }

    /// What was asked for.
    struct Request: Sendable, Equatable {
        let path: String
        let range, token: String?
    }

    private final class State: @unchecked Sendable {
        private let lock = NSLock()
        private var faults: Faults
        private var requests: [Request] = []

        init(_ faults: Faults) { self.faults = faults }

        func change<Result>(_ body: (inout Faults, inout [Request]) -> Result) -> Result {
            lock.withLock { body(&faults, &requests) }
        }
    }

    static let commit = "0123456789abcdef0123456789abcdef01234567"
    let address: String
    private let state: State
    private let task: Task<Void, any Error>

    var requests: [Request] { state.change { $1 } }
    func set(_ faults: Faults) {
        state.change {
            $0 = faults
            $1 = []
        }
    }

    deinit { task.cancel() }

    init(_ files: [File], _ faults: Faults = Faults()) async throws {
        let state = State(faults)
        self.state = state
        let router = Router()
        router.get("api/models/:org/:name/revision/:revision") { request, context in
            TestHub.refusal(request, state) ?? TestHub.list(files, state)
        }
        router.get(":org/:name/resolve/:commit/**") { request, context in
            if let refusal = TestHub.refusal(request, state) { return refusal }
            let path = context.parameters.getCatchAll().joined(separator: "/")
            guard let file = files.first(where: { $0.path == path }) else { return Response(status: .notFound) }
            // Small files come at once, large ones from elsewhere.
            guard file.isLarge else { return TestHub.contents(file, request, state) }
            // By another name of this machine, as if it were another one.
            let host = (request.head.authority ?? "").replacing("127.0.0.1", with: "localhost")
            return Response(
                status: .found,
                headers: [
                    .location: "http://\(host)/cdn/\(file.hash)", .init("X-Linked-ETag")!: "\"\(file.hash)\"",
                    .init("X-Linked-Size")!: "\(file.contents.count)",
                ])
        }
        router.get("cdn/:hash") { request, context in
            _ = TestHub.refusal(request, state)
            let hash = try context.parameters.require("hash")
            guard let file = files.first(where: { $0.hash == hash }) else { return Response(status: .notFound) }
            return TestHub.contents(file, request, state)
        }
        let (ports, found) = AsyncStream<Int>.makeStream()
        let application = Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { found.yield($0.localAddress?.port ?? 0) })
        task = Task { try await application.run() }
        var iterator = ports.makeAsyncIterator()
        address = "http://127.0.0.1:\(await iterator.next() ?? 0)"
    }

    private static func refusal(_ request: HummingbirdCore.Request, _ state: State) -> Response? {
        state.change { faults, requests in
            requests.append(
                Request(
                    path: request.uri.path, range: request.headers[.range], token: request.headers[.authorization]))
            if faults.busyTimes > 0 {
                faults.busyTimes -= 1
                return Response(status: .serviceUnavailable)
            }
            guard faults.status != 200 else { return nil }
            return Response(
                status: .init(code: faults.status), headers: [.init("X-Error-Code")!: faults.errorCode])
        }
    }

    private static func list(_ files: [File], _ state: State) -> Response {
        let hides = state.change { faults, _ in faults.hidesHashes }
        let entries = files.map { file in
            let size = #""rfilename": "\#(file.path)", "size": \#(file.contents.count)"#
            if hides { return #"{"rfilename": "\#(file.path)"}"# }
            return file.isLarge
                ? #"{\#(size), "blobId": "0000", "lfs": {"sha256": "\#(file.hash)", "size": 1, "pointerSize": 130}}"#
                : #"{\#(size), "blobId": "\#(file.hash)"}"#
        }
        let text = #"{"sha": "\#(commit)", "siblings": [\#(entries.joined(separator: ", "))]}"#
        return Response(status: .ok, body: .init(byteBuffer: ByteBuffer(string: text)))
    }

    private struct BrokenOff: Error {}

    private static func contents(_ file: File, _ request: HummingbirdCore.Request, _ state: State) -> Response {
        var (bytes, start, end): ([UInt8], Int, Int?) = (file.contents, 0, nil)
        state.change { faults, _ in
            if !faults.ignoresRanges, let range = request.headers[.range] {
                start = Int(range.dropFirst("bytes=".count).dropLast()) ?? 0
            }
            if file.isLarge, faults.damages, !bytes.isEmpty { bytes[0] ^= 1 }
            if file.isLarge, !faults.breaks.isEmpty { end = faults.breaks.removeFirst() }
        }
        if start >= bytes.count && start > 0 { return Response(status: .rangeNotSatisfiable) }
        let part = Array(bytes[start...])
        let sent = Array(part.prefix(end.map { max(0, $0 - start) } ?? part.count))
        var headers: HTTPFields = [.eTag: "\"\(file.hash)\""]
        if start > 0 { headers[.contentRange] = "bytes \(start)-\(bytes.count - 1)/\(bytes.count)" }
        return Response(
            status: start > 0 ? .partialContent : .ok, headers: headers,
            body: .init(contentLength: part.count) { writer in
                try await writer.write(ByteBuffer(bytes: sent))
                if sent.count < part.count { throw BrokenOff() }
                try await writer.finish(nil)
            })
    }
}
