import Foundation
import Hummingbird
import HummingbirdCore
import Logging
import ServiceLifecycle
import Switchback
import UnixSignals

/// Listens on an address and answers with a router, until the process is told to end (SIGTERM or SIGINT).
package struct HTTPListener: Sendable {
    private let options: ServerOptions

    package init(_ options: ServerOptions) { self.options = options }

    /// - Parameter onListening: is told where, once connections are accepted.
    /// - Throws: `InputError` where the address cannot be listened on.
    package func serve(
        _ router: Router<ServerContext>, onListening: @escaping @Sendable (_ address: String) -> Void
    ) async throws {
        var logger = Logger(label: "switchback")
        logger.logLevel = .error
        let host = options.host
        let server = Application(
            router: router,
            server: .http1(
                configuration: HTTP1Channel.Configuration(
                    additionalChannelHandlers: [ConnectionWatch()],
                    idleTimeout: .seconds(Int64(options.limits.idleSeconds)), httpDecoderConfiguration: .forRequests)),
            configuration: ApplicationConfiguration(
                address: .hostname(host, port: options.port),
                availableConnectionsDelegate: MaximumAvailableConnections(openConnections)),
            onServerRunning: { channel in
                onListening("http://\(host):\(channel.localAddress?.port ?? 0)")
            },
            logger: logger)
        var configuration = ServiceGroupConfiguration(
            services: [.init(service: server)], gracefulShutdownSignals: endingSignals, logger: logger)
        configuration.maximumGracefulShutdownDuration = .seconds(options.limits.graceSeconds)
        do {
            try await ServiceGroup(configuration: configuration).run()
        } catch let error as any HTTPResponseError {
            throw error
        } catch is CancellationError {
            // The time for a graceful end was over.
        } catch {
            // The number stands at the end of what NIO says, whose own type this module does not depend on.
            let code = "\(error)".firstMatch(of: /errno: ([0-9]+)/).flatMap { Int32($0.output.1) } ?? 0
            let address = "http://\(host):\(options.port)"
            guard code == EADDRINUSE else { throw InputError(address, cannot: "listened on", code) }
            throw InputError(
                address, "cannot be listened on, because another program does",
                remedy: "give another --port, or 0 for any that is free")
        }
    }

    private var endingSignals: [UnixSignal] { [.sigterm, .sigint] + (options.endsWithTerminal ? [.sighup] : []) }

    /// As many as there may be, and as the system lets one process have open beside its other files.
    private var openConnections: Int {
        min(options.limits.connections, max(16, Platform.raiseOpenFiles() - HTTPListener.otherFiles))
    }

    private static let otherFiles = 64
}

extension HTTP1Channel.Configuration.DecoderConfiguration {
    /// As much as other servers take.
    fileprivate static var forRequests: Self {
        Self(maxHeaderFieldSize: 8 << 10, maxHeaderListSize: 32 << 10, maxHeaderFieldCount: 100)
    }
}
