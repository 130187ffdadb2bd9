import ArgumentParser
import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackLanguage
import SwitchbackServer

/// `switchback serve`.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Serve models over HTTP, with an OpenAI-compatible API.",
        discussion: """
            EXAMPLES
              switchback serve runs/chat/train
              switchback serve qwen=path/to/qwen runs/detect/train --port 8000 \\
                --api-key-file key.txt
              curl localhost:8080/v1/chat/completions -H 'Content-Type: application/json' \\
                -d '{"messages": [{"role": "user", "content": "Hello!"}]}'
              curl localhost:8080/v1/detect -F image=@bus.jpg
              curl localhost:8080/v1/classify -H 'Content-Type: application/json' \\
                -d '{"input": "what a lovely film"}'
              switchback serve runs/detect/train --keep-requests requests --kept-images 200

            Several clients are served at once. The endpoints are /v1/chat/completions, /v1/responses, /v1/completions, /v1/embeddings, \
            /v1/translate, /v1/models, /tokenize, /detokenize, /v1/detect, /v1/segment, /v1/pose, /v1/obb, /v1/classify, /health and /metrics. SIGTERM or Ctrl-C stops the server after the requests in progress.
            """)

    @Argument(
        help: ArgumentHelp(
            "Model folders, GGUF files, runs, weights files or ORG/NAME on the hub; NAME=PATH sets the name.",
            valueName: "model"))
    var models: [String]

    @Option(help: ArgumentHelp("The address to listen on; 0.0.0.0 for all interfaces.", valueName: "address"))
    var host = ServerOptions().host

    @OptionGroup var listening: PortOption

    @Option(
        help: ArgumentHelp(
            "A file with the API key that clients must send. (default: SWITCHBACK_API_KEY, if set)",
            valueName: "file"))
    var apiKeyFile: String?

    @OptionGroup var template: TemplateOption
    @OptionGroup var weights: WeightFormatOption

    @Option(
        help: ArgumentHelp(
            "The maximum number of tokens per request. (default: the rest of the context)", valueName: "n"),
        transform: Value.integer(in: .from(1, to: 1_000_000)))
    var maxTokens: Int?

    @Option(
        help: ArgumentHelp(
            "The maximum size of a request body, in MB. (default: \(ServerLimits().bodyBytes >> 20))", valueName: "n"),
        transform: Value.integer(in: .from(1, to: 65_536)))
    var maxBody = ServerLimits().bodyBytes >> 20

    @Option(
        help: ArgumentHelp(
            "The memory limit for the bodies and images of all requests, in MB. "
                + "(default: \(ServerLimits().memoryBytes >> 20))", valueName: "n"),
        transform: Value.integer(in: .from(16, to: 1_048_576)))
    var maxMemory = ServerLimits().memoryBytes >> 20

    @Option(
        help: ArgumentHelp(
            "The memory for prompts already read, which others can begin with, in MB per model; 0 is none. "
                + "(default: \(ServerLimits().prefixBytes >> 20))", valueName: "n"),
        transform: Value.integer(in: .from(0, to: 1_048_576)))
    var promptCache = ServerLimits().prefixBytes >> 20

    @Option(
        help: ArgumentHelp(
            "The maximum number of open connections. (default: \(ServerLimits().connections))", valueName: "n"),
        transform: Value.integer(in: .from(1, to: 1_000_000)))
    var connections = ServerLimits().connections

    @Option(
        help: ArgumentHelp(
            "A host name for clients on this machine, besides localhost; can be given several times.",
            valueName: "name"))
    var allowHost: [String] = []

    @Option(
        help: ArgumentHelp(
            "An allowed origin of web pages, such as http://localhost:3000; can be given several times.",
            valueName: "origin"))
    var allowOrigin: [String] = []

    @Option(
        help: ArgumentHelp(
            "The number of texts generated at the same time. (default: \(ServerLimits().parallel))", valueName: "n"),
        transform: Value.integer(in: .from(1, to: 1024)))
    var parallel = ServerLimits().parallel

    @Option(
        help: ArgumentHelp(
            "The number of waiting requests; further ones are rejected. (default: \(ServerLimits().queue))",
            valueName: "n"),
        transform: Value.integer(in: .from(1, to: 1_000_000)))
    var queue = ServerLimits().queue

    @Option(
        help: ArgumentHelp(
            "The time limit of a request, in seconds. (default: \(Int(ServerLimits().seconds)))", valueName: "seconds"),
        transform: Value.number(in: .above(0, to: 1_000_000)))
    var timeout = ServerLimits().seconds

    @Option(
        help: ArgumentHelp(
            "A folder to keep requests about images in: what was found, how long it took, and the images that the model "
                + "is least certain of. The studio's page /watch looks at them.", valueName: "folder"))
    var keepRequests: String?

    @Option(
        help: ArgumentHelp(
            "The number of images kept with --keep-requests; the most certain go first. "
                + "(default: \(ServerLimits().keptImages))", valueName: "n"),
        transform: Value.integer(in: .from(1, to: 100_000)))
    var keptImages: Int?

    @OptionGroup var common: CommonOptions

    private struct Listening: Encodable {
        let task = "serve"
        let address: String
        let models: [String]
    }

    func run() async throws {
        common.apply()
        var options = ServerOptions()
        options.host = host
        options.port = listening.port
        options.apiKey = try key
        options.limits.tokens = maxTokens
        options.allowedHosts = allowHost
        options.allowedOrigins = allowOrigin
        options.limits.bodyBytes = maxBody << 20
        options.limits.memoryBytes = maxMemory << 20
        options.limits.prefixBytes = promptCache << 20
        options.limits.connections = connections
        options.limits.parallel = parallel
        options.limits.queue = queue
        options.limits.seconds = timeout
        options.keptRequests = keepRequests
        if let keptImages {
            guard keepRequests != nil else {
                throw InputError("--kept-images", "has no effect without --keep-requests", remedy: "give a folder")
            }
            options.limits.keptImages = keptImages
        }
        options.endsWithTerminal = Interruption.signals.contains(SIGHUP)
        let paths = try models.map(ModelFolder.served)
        let server = try ModelServer(paths, template: template.template, dtype: weights.dtype, options)
        let names = server.models.map(\.name)
        let lines = server.models.map { "  \($0.name), a \($0.kind)" }.joined(separator: "\n")
        try await Service.run(
            json: common.json, server.run, object: { Listening(address: $0, models: names) },
            sentence: { "Listening on \($0)\n\(lines)" })
    }

    private var key: String? {
        get throws {
            guard let apiKeyFile else {
                return ProcessInfo.processInfo.environment["SWITCHBACK_API_KEY"].flatMap { $0.isEmpty ? nil : $0 }
            }
            let key = try TextFile.read(apiKeyFile).trimmingCharacters(in: .whitespacesAndNewlines)
            if key.isEmpty { throw InputError(apiKeyFile, "is empty: an API key is needed") }
            return key
        }
    }
}
