import Foundation
import Hummingbird
import HummingbirdCore
import Logging
import ServiceLifecycle
import Switchback
import SwitchbackFormats
import SwitchbackLanguage

/// Serves models over HTTP: language models as OpenAI's interface does, and detectors and classifiers.
///
/// ```swift
/// let server = try ModelServer(["runs/chat/train"], ServerOptions())
/// try await server.run { address in print("listening on \(address)") }
/// ```
public struct ModelServer: Sendable {
    public let models: [ServedModel]
    private let options: ServerOptions
    private let list: ModelList
    private let metrics = ServerMetrics()

    /// Reads the models.
    ///
    /// - Parameters:
    ///   - paths: folders of language models or of runs, or files of weights; each may begin with `NAME=`.
    ///   - template: how conversations are written, in place of what the folders say.
    ///   - dtype: in what numbers the weights of language models are kept.
    /// - Throws: `InputError` where a model cannot be read, or two have one name.
    public init(
        _ paths: [String], template: ChatTemplate.Style? = nil, dtype: WeightFormat = .float32, _ options: ServerOptions
    ) throws {
        let metrics = metrics
        models = try paths.map { try ServedModel.load($0, template: template, dtype: dtype, options.limits, metrics) }
        list = try ModelList(models)
        self.options = options
    }

    /// How much memory is kept for the next request, in bytes, while there are any.
    private static let keptMemory = 256 << 20

    /// Serves until the process is told to end (SIGTERM or SIGINT), and then ends what it has begun.
    ///
    /// - Parameter onListening: is told where, once connections are accepted.
    /// - Throws: `InputError` where the address cannot be listened on.
    public func run(onListening: @escaping @Sendable (_ address: String) -> Void = { _ in }) async throws {
        Memory.limitCache(to: ModelServer.keptMemory)
        defer { for model in models { model.stop() } }
        var logger = Logger(label: "switchback")
        logger.logLevel = .error
        let host = options.host
        let server = Application(
            router: router,
            server: .http1(
                configuration: HTTP1Channel.Configuration(idleTimeout: .seconds(Int64(options.limits.idleSeconds)))),
            configuration: ApplicationConfiguration(address: .hostname(host, port: options.port)),
            onServerRunning: { channel in
                onListening("http://\(host):\(channel.localAddress?.port ?? 0)")
            },
            logger: logger)
        var configuration = ServiceGroupConfiguration(
            services: [.init(service: server)], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
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
            throw InputError("http://\(host):\(options.port)", cannot: "listened on", code)
        }
    }

    var router: Router<BasicRequestContext> {
        let router = Router()
        router.add(middleware: AnswerErrors(metrics: metrics))
        StatusRoutes(models: list, metrics: metrics).add(to: router)
        let group = router.group("v1")
        if let key = options.apiKey { group.add(middleware: RequireKey(key: key)) }
        list.add(to: group)
        LanguageRoutes(models: list, limits: options.limits, metrics: metrics).add(to: group)
        VisionRoutes(models: list, limits: options.limits).add(to: group)
        return router
    }
}
