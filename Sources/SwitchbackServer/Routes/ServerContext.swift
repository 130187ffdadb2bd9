import Hummingbird
import NIOCore
import NIOHTTPTypes

/// What belongs to a request beside its head and body.
package struct ServerContext: RequestContext {
    package var coreContext: CoreRequestContextStorage
    let connection: ClientConnection

    package init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        connection = ClientConnection(channel: source.channel)
    }
}

/// The connection on which a request came.
struct ClientConnection: Sendable {
    fileprivate let channel: any Channel

    /// Does some work during which it is watched whether the client is still there.
    ///
    /// - Parameters:
    ///   - isStreaming: whether the head of an answer of events was sent already.
    ///   - clientLeft: is called where the connection is closed on both sides, or has broken.
    func watching<Value>(
        isStreaming: Bool, clientLeft: @escaping @Sendable () -> Void, _ work: () async throws -> Value
    ) async throws -> Value {
        let watcher = ConnectionWatch.Watcher(inputClosed: { probe(isStreaming: isStreaming) }, closed: clientLeft)
        let watch = channel.pipeline.handler(type: ConnectionWatch.self)
        watch.whenSuccess { $0.watcher = watcher }
        // A connection that is closed has no handlers any more.
        watch.whenFailure { _ in clientLeft() }
        defer { watch.whenSuccess { $0.watcher = nil } }
        return try await work()
    }

    /// The response, after which the connection is closed: to a client that is turned away no more is owed.
    func closing(after response: Response) -> Response {
        var response = response
        let (body, channel) = (response.body, channel)
        response.headers[.connection] = "close"
        response.body = ResponseBody(contentLength: body.contentLength) { writer in
            try await body.write(writer)
            channel.close(promise: nil)
        }
        return response
    }

    /// The client sends no more. It may have closed only its own side and wait for the answer, or be gone: then what is
    /// sent to it comes back as an error, which closes the connection. So something is sent that means nothing.
    private func probe(isStreaming: Bool) {
        let part: HTTPResponsePart =
            // A comment among events; or "100 Continue", which may come before any answer (RFC 9110, section 15.2).
            isStreaming ? .body(ByteBuffer(string: ":\n\n")) : .head(HTTPResponse(status: .continue))
        channel.writeAndFlush(part, promise: nil)
    }
}
