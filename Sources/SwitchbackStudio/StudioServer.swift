import Foundation
import Hummingbird
import Switchback
import SwitchbackFormats
import SwitchbackServer

/// Serves the studio to the browsers of this machine: data to label, trainings that are started, watched and resumed,
/// models to try and to serve, and pages that explain.
///
/// ```swift
/// try await StudioServer(output: "runs", port: 8080).run { address in print("open \(address)") }
/// ```
public struct StudioServer: Sendable {
    private let options: ServerOptions
    private let pages: StudioPages
    private let folder: StudioFolder
    private let jobs: JobQueue
    private let token: StudioToken?
    private let routes: [any StudioRoutes]
    private let metrics = ServerMetrics()

    /// - Parameters:
    ///   - output: the folder that runs are saved in; it is made where there is none.
    ///   - data: the folder below which data sets are; that of the runs if `nil`.
    ///   - host: the address to listen on.
    ///   - port: 0 takes any that is free.
    ///   - token: what browsers and programs have to know; needed where other machines can reach `host`.
    ///   - program: the program `switchback`, which trainings and endpoints run as; the one that runs now if not given.
    ///   - endsWithTerminal: whether the loss of the terminal (SIGHUP) ends it.
    /// - Throws: `InputError` where the studio's pages are missing, the folder cannot be written to or has a studio
    ///   already, or a token is needed.
    public init(
        output: String, data: String? = nil, host: String = "127.0.0.1", port: Int, token: StudioToken? = nil,
        program: String? = nil, endsWithTerminal: Bool = false
    ) throws {
        guard token != nil || CheckSender.isLoopback(host) else {
            throw InputError(
                host, "other machines could open the studio",
                remedy: "give a file with a secret as --token-file, or leave --host out")
        }
        var options = ServerOptions()
        options.host = host
        options.port = port
        options.servesPages = true
        options.endsWithTerminal = endsWithTerminal
        self.options = options
        let program = program ?? Bundle.main.executablePath ?? "switchback"
        let lookup = RunLookup(output: output)
        pages = try StudioPages()
        folder = try StudioFolder(in: output)
        jobs = try JobQueue(folder, program: program)
        self.token = token
        let data = DataRoutes(folder: data ?? output, runs: output)
        let watched = WatchFolders(root: Folder.join(folder.path, "watch"), output: output)
        routes = [
            data, RunRoutes(lookup, jobs),
            TrainRoutes(lookup, jobs, program: program), JobRoutes(jobs),
            TryRoutes(lookup, options.limits), TalkRoutes(lookup, options.limits, metrics),
            SentenceRoutes(lookup, program: program),
            DeployRoutes(
                lookup, jobs, program: program, exports: Folder.join(folder.path, "exports"), watched: watched),
            WatchRoutes(lookup, data.sets, watched),
            SessionRoutes(token: token), LearnRoutes(),
        ]
    }

    /// How much memory is kept for the next image that is tried, in bytes.
    private static let keptMemory = 64 << 20

    /// Serves until the process is told to end (SIGTERM or SIGINT). Trainings and endpoints go on.
    ///
    /// - Parameter onListening: is told where, once connections are accepted.
    /// - Throws: `InputError` where the address cannot be listened on.
    public func run(onListening: @escaping @Sendable (_ address: String) -> Void = { _ in }) async throws {
        Memory.limitCache(to: StudioServer.keptMemory)
        defer {
            jobs.stop()
            for part in routes { part.stop() }
        }
        try await HTTPListener(options).serve(router) { [folder] address in
            folder.announce(address)
            onListening(address)
        }
    }

    var router: Router<ServerContext> {
        let router = Router(context: ServerContext.self, options: .autoGenerateHeadEndpoints)
        router.add(middleware: GuardPages())
        router.add(middleware: CheckSender(options, metrics))
        router.add(middleware: AnswerErrors(metrics: metrics))
        if let token { router.add(middleware: RequireToken(token: token)) }
        pages.add(to: router)
        for part in routes { part.add(to: router) }
        router.refuseOtherMethods()
        return router
    }
}
