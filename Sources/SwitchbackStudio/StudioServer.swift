import Hummingbird
import SwitchbackServer

/// Serves the studio to the browsers of this machine: the runs below a folder, and pages that explain.
///
/// ```swift
/// try await StudioServer(output: "runs", port: 8080).run { address in print("open \(address)") }
/// ```
public struct StudioServer: Sendable {
    private let options: ServerOptions
    private let pages: StudioPages
    private let runs: RunRoutes
    private let learn = LearnRoutes()
    private let metrics = ServerMetrics()

    /// - Parameters:
    ///   - output: the folder that runs are saved in; there may be none yet.
    ///   - port: 0 takes any that is free.
    ///   - endsWithTerminal: whether the loss of the terminal (SIGHUP) ends it.
    /// - Throws: `InputError` where the studio's pages are missing.
    public init(output: String, port: Int, endsWithTerminal: Bool = false) throws {
        var options = ServerOptions()
        options.port = port
        options.servesPages = true
        options.endsWithTerminal = endsWithTerminal
        self.options = options
        pages = try StudioPages()
        runs = RunRoutes(output: output)
    }

    /// Serves until the process is told to end (SIGTERM or SIGINT).
    ///
    /// - Parameter onListening: is told where, once connections are accepted.
    /// - Throws: `InputError` where the address cannot be listened on.
    public func run(onListening: @escaping @Sendable (_ address: String) -> Void = { _ in }) async throws {
        defer {
            runs.stop()
            learn.stop()
        }
        try await HTTPListener(options).serve(router, onListening: onListening)
    }

    var router: Router<ServerContext> {
        let router = Router(context: ServerContext.self, options: .autoGenerateHeadEndpoints)
        router.add(middleware: GuardPages())
        router.add(middleware: CheckSender(options, metrics))
        router.add(middleware: AnswerErrors(metrics: metrics))
        pages.add(to: router)
        runs.add(to: router)
        learn.add(to: router)
        router.refuseOtherMethods()
        return router
    }
}
