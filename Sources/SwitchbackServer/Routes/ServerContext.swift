import Hummingbird
import NIOCore
import NIOHTTPTypes

/// What belongs to a request beside its head and body.
struct ServerContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    let connection: ClientConnection

    init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        connection = ClientConnection(channel: source.channel)
    }
}

/// The connection on which a request came.
struct ClientConnection: Sendable {
    fileprivate let channel: any Channel

    /// Calls `body` once the connection is closed on both sides, or has broken.
    func whenClosed(_ body: @escaping @Sendable () -> Void) { channel.closeFuture.whenComplete { _ in body() } }

    /// The client sends no more. It may have closed only its own side and wait for the answer, or be gone: then what is sent
    /// to it comes back as an error, which closes the connection. So something is sent that means nothing.
    ///
    /// - Parameter isStreaming: whether the head of an answer of events was sent already.
    func probe(isStreaming: Bool) {
        let part: HTTPResponsePart =
            // A comment among events; or "100 Continue", which may come before any answer (RFC 9110, section 15.2).
            isStreaming ? .body(ByteBuffer(string: ":\n\n")) : .head(HTTPResponse(status: .continue))
        channel.writeAndFlush(part, promise: nil)
    }
}
