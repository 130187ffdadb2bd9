import Foundation
import Hummingbird
import SwitchbackFormats
import SwitchbackServer

extension WorkQueue {
    /// How long the work for a page may take.
    private static let usualSeconds = 20.0
    /// The largest body of a usual request in JSON.
    private static let usualBytes = 64 << 10

    /// What `work` makes on this queue's threads, as JSON; or the problem with it, as the server has errors.
    func answer(
        within seconds: Double = usualSeconds, _ work: @escaping @Sendable () throws -> some Encodable & Sendable
    ) async -> Response {
        await respond(within: seconds) { try Response(answering: work()) }
    }

    /// The same for a request with a body of JSON, whose members `work` gets.
    func answer<Value: Encodable & Sendable>(
        _ request: Request, upTo mostBytes: Int = usualBytes, within seconds: Double = usualSeconds,
        _ work: @escaping @Sendable (ConfigurationFields) throws -> Value
    ) async -> Response {
        do {
            let body = try await request.jsonBody(upTo: mostBytes)
            return await answer(within: seconds) { try work(ConfigurationFields(body: body)) }
        } catch {
            return Response(refusing: error)
        }
    }

    /// The answer that `work` makes on this queue's threads; or the problem with it.
    func respond(
        within seconds: Double = usualSeconds, _ work: @escaping @Sendable () throws -> Response
    ) async -> Response {
        do {
            return try await run(within: seconds, work)
        } catch {
            return Response(refusing: error)
        }
    }
}

extension Request {
    /// The body, which must be sent as JSON: forms and plain text are what a page of another origin may send without
    /// asking.
    func jsonBody(upTo mostBytes: Int) async throws -> [UInt8] {
        guard headers[.contentType]?.lowercased().hasPrefix("application/json") == true else {
            throw APIError.unsupportedMediaType(headers[.contentType] ?? "nothing that is named")
        }
        return try await Array(body.collect(upTo: mostBytes).readableBytesView)
    }
}

extension Parameters {
    /// A part of the address's path, as it is meant: browsers write spaces and letters beyond ASCII with percent signs.
    func part(_ name: String) throws -> String {
        let text = try require(name)
        return text.removingPercentEncoding ?? text
    }
}

extension Response {
    init(answering value: some Encodable) throws {
        self.init(
            status: .ok, headers: [.contentType: "application/json; charset=utf-8", .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: try JSON.text(value))))
    }

    /// An image whose address has its version in it: what a browser got once stays right.
    init(jpeg bytes: [UInt8]) {
        self.init(
            status: .ok, headers: [.contentType: "image/jpeg", .cacheControl: "private, max-age=31536000, immutable"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }

    init(refusing error: any Error) {
        self = APIError(error).response
        headers[.cacheControl] = "no-store"
    }
}
