import Foundation
import NIOCore
import NIOHTTPTypes

/// Tells of a connection on which nobody reads that the client has closed it: while an answer is made.
final class ConnectionWatch: ChannelInboundHandler, RemovableChannelHandler, @unchecked Sendable {
    typealias InboundIn = HTTPRequestPart

    /// What is done when a connection is closed.
    struct Watcher: Sendable {
        /// The client sends no more.
        let inputClosed: @Sendable () -> Void
        /// It is closed on both sides.
        let closed: @Sendable () -> Void
    }

    private let lock = NSLock()
    // Guarded by the lock.
    private var isInputClosed = false
    private var isClosed = false
    private var current: Watcher?

    /// Who watches now; is told at once what has already happened.
    var watcher: Watcher? {
        get { lock.withLock { current } }
        set {
            let (isInputClosed, isClosed) = lock.withLock {
                current = newValue
                return (self.isInputClosed, self.isClosed)
            }
            if isClosed { newValue?.closed() } else if isInputClosed { newValue?.inputClosed() }
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? ChannelEvent, event == .inputClosed {
            lock.withLock { isInputClosed = true }
            watcher?.inputClosed()
        }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        lock.withLock { isClosed = true }
        watcher?.closed()
        context.fireChannelInactive()
    }
}
