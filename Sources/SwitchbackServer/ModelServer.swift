import Foundation
import Hummingbird
import Switchback
import SwitchbackFormats
import SwitchbackLanguage

/// Serves models over HTTP: language models and encoders with an OpenAI-compatible API, and detectors and classifiers.
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
    private let reader: RequestReader
    private let keeper: RequestKeeper?

    /// Reads the models.
    ///
    /// - Parameters:
    ///   - paths: folders of language models or of runs, or files of weights; each may begin with `NAME=`.
    ///   - template: how conversations are written, instead of what the folders say.
    ///   - dtype: in what numbers the weights of language models are kept.
    /// - Throws: `InputError` where a model cannot be read, two have one name, or requests cannot be kept.
    public init(
        _ paths: [String], template: ChatTemplate.Style? = nil, dtype: WeightFormat = .float32, _ options: ServerOptions
    ) throws {
        let metrics = metrics
        models = try paths.map { try ServedModel.load($0, template: template, dtype: dtype, options.limits, metrics) }
        list = try ModelList(models)
        self.options = options
        reader = RequestReader(options.limits)
        keeper = try options.keptRequests.map { try RequestKeeper($0, mostImages: options.limits.keptImages) }
    }

    /// How much memory is kept for the next request, in bytes, while there are any.
    private static let keptMemory = 256 << 20

    /// Serves until the process is told to end (SIGTERM or SIGINT), and then ends what it has begun.
    ///
    /// - Parameter onListening: is told where, once connections are accepted.
    /// - Throws: `InputError` where the address cannot be listened on.
    public func run(onListening: @escaping @Sendable (_ address: String) -> Void = { _ in }) async throws {
        Memory.limitCache(to: ModelServer.keptMemory)
        defer {
            reader.stop()
            keeper?.stop()
            for model in models { model.stop() }
        }
        try await HTTPListener(options).serve(router, onListening: onListening)
    }

    var router: Router<ServerContext> {
        let router = Router(context: ServerContext.self, options: .autoGenerateHeadEndpoints)
        router.add(middleware: CheckSender(options, metrics))
        router.add(middleware: AnswerErrors(metrics: metrics))
        StatusRoutes(models: list, metrics: metrics).add(to: router)
        let (root, group) = (router.group(), router.group("v1"))
        if let key = options.apiKey { for group in [root, group] { group.add(middleware: RequireKey(key: key)) } }
        list.add(to: group)
        LanguageRoutes(models: list, reader: reader, metrics: metrics).add(to: group)
        EmbeddingRoutes(models: list, reader: reader).add(to: group)
        TokenRoutes(models: list, reader: reader).add(to: root)
        VisionRoutes(models: list, reader: reader, keeper: keeper).add(to: group)
        ClassificationRoutes(models: list, reader: reader, keeper: keeper).add(to: group)
        TranslationRoutes(models: list, reader: reader).add(to: group)
        router.refuseOtherMethods()
        return router
    }
}

extension Router<ServerContext> {
    /// Answers 405 where a path is there, but not for the method (RFC 9110, section 15.5.6).
    package func refuseOtherMethods() {
        let known: [HTTPRequest.Method] = [.get, .head, .post, .put, .patch, .delete, .options, .trace, .connect]
        for (path, routes) in Dictionary(grouping: routes, by: \.path.description) {
            let own = Set(routes.map(\.method))
            let allowed = own.union(own.contains(.get) ? [.head] : [])
            for method in known where !allowed.contains(method) {
                let names = allowed.map(\.rawValue).sorted()
                on(RouterPath(path), method: method) { _, _ -> Response in
                    throw APIError.methodNotAllowed(method.rawValue, allowed: names)
                }
            }
        }
    }
}
