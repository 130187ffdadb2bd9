import Hummingbird
import SwitchbackFormats
import SwitchbackServer

extension WorkQueue {
    /// How long the work for a page may take.
    private static let seconds = 20.0

    /// What `work` makes on this queue's threads, as JSON; or the problem with it, as the server has errors.
    func answer(_ work: @escaping @Sendable () throws -> some Encodable & Sendable) async -> Response {
        do {
            return try Response(answering: await run(within: Self.seconds, work))
        } catch {
            return Response(refusing: error)
        }
    }
}

extension Response {
    init(answering value: some Encodable) throws {
        self.init(
            status: .ok, headers: [.contentType: "application/json; charset=utf-8", .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: try JSON.text(value))))
    }

    init(refusing error: any Error) {
        self = APIError(error).response
        headers[.cacheControl] = "no-store"
    }
}
