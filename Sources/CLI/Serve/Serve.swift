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
        abstract: "Offers models over HTTP, language models as OpenAI's interface does.",
        discussion: """
            EXAMPLES
              switchback serve runs/chat/train
              switchback serve qwen=path/to/qwen runs/detect/train --port 8000 \\
                --api-key-file key.txt
              curl localhost:8080/v1/chat/completions -H 'Content-Type: application/json' \\
                -d '{"messages": [{"role": "user", "content": "Hello!"}]}'
              curl localhost:8080/v1/detect -F image=@bus.jpg

            Answers to several clients are written at once. There are /v1/chat/completions, /v1/completions, /v1/models, \
            /v1/detect, /v1/classify, /health and /metrics. SIGTERM or Ctrl-C ends the server after what it has begun.
            """)

    @Argument(
        help: ArgumentHelp(
            "Folders of language models or of runs, or files of weights; NAME=PATH gives one a name.",
            valueName: "model"))
    var models: [String]

    @Option(help: ArgumentHelp("The address to listen on; 0.0.0.0 is all of the machine's.", valueName: "address"))
    var host = ServerOptions().host

    @Option(
        help: ArgumentHelp("The port; 0 takes any that is free.", valueName: "n"),
        transform: Value.integer(in: .from(0, to: 65_535)))
    var port = ServerOptions().port

    @Option(
        help: ArgumentHelp(
            "A file with the key that clients must show; that of the environment's SWITCHBACK_API_KEY if left out.",
            valueName: "file"))
    var apiKeyFile: String?

    @OptionGroup var template: TemplateOption
    @OptionGroup var weights: WeightFormatOption

    @Option(
        help: ArgumentHelp("The most tokens that a request gets; the rest of the context if left out.", valueName: "n"),
        transform: Value.integer(in: .from(1, to: 1_000_000)))
    var maxTokens: Int?

    @Option(
        help: ArgumentHelp("The largest body of a request, in megabytes.", valueName: "n"),
        transform: Value.integer(in: .from(1, to: 65_536)))
    var maxBody = ServerLimits().bodyBytes >> 20

    @Option(
        help: ArgumentHelp(
            "What the bodies and pictures of all requests together may take, in megabytes.", valueName: "n"),
        transform: Value.integer(in: .from(16, to: 1_048_576)))
    var maxMemory = ServerLimits().memoryBytes >> 20

    @Option(
        help: ArgumentHelp("Connections that are open at once.", valueName: "n"),
        transform: Value.integer(in: .from(1, to: 1_000_000)))
    var connections = ServerLimits().connections

    @Option(
        help: ArgumentHelp(
            "A name by which clients on this machine may call the server, beside localhost; may be given several times.",
            valueName: "name"))
    var allowHost: [String] = []

    @Option(
        help: ArgumentHelp(
            "An origin of web pages that may use the server, such as http://localhost:3000; may be given several times.",
            valueName: "origin"))
    var allowOrigin: [String] = []

    @Option(
        help: ArgumentHelp("Texts that are written at once.", valueName: "n"),
        transform: Value.integer(in: .from(1, to: 1024)))
    var parallel = ServerLimits().parallel

    @Option(
        help: ArgumentHelp("Requests that may wait for their turn; others are turned away.", valueName: "n"),
        transform: Value.integer(in: .from(1, to: 1_000_000)))
    var queue = ServerLimits().queue

    @Option(
        help: ArgumentHelp("How long a request may take, in seconds.", valueName: "seconds"),
        transform: Value.number(in: .above(0, to: 1_000_000)))
    var timeout = ServerLimits().seconds

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
        options.port = port
        options.apiKey = try key
        options.limits.tokens = maxTokens
        options.allowedHosts = allowHost
        options.allowedOrigins = allowOrigin
        options.limits.bodyBytes = maxBody << 20
        options.limits.memoryBytes = maxMemory << 20
        options.limits.connections = connections
        options.limits.parallel = parallel
        options.limits.queue = queue
        options.limits.seconds = timeout
        options.endsWithTerminal = Interruption.signals.contains(SIGHUP)
        let server = try ModelServer(models, template: template.template, dtype: weights.dtype, options)
        let names = server.models.map(\.name)
        let lines = server.models.map { "  \($0.name), a \($0.kind)" }.joined(separator: "\n")
        let json = common.json
        try await Interruption.finishing {
            try await server.run { address in
                if json {
                    try? Terminal.printJSON(Listening(address: address, models: names))
                } else {
                    try? Terminal.print("Listening on \(address)\n\(lines)\nCtrl-C ends it.")
                }
            }
        }
        Interruption.forget()
        if !json { try Terminal.print("Stopped.") }
    }

    private var key: String? {
        get throws {
            guard let apiKeyFile else {
                return ProcessInfo.processInfo.environment["SWITCHBACK_API_KEY"].flatMap { $0.isEmpty ? nil : $0 }
            }
            let key = try TextFile.read(apiKeyFile).trimmingCharacters(in: .whitespacesAndNewlines)
            if key.isEmpty { throw InputError(apiKeyFile, "there is no key in it") }
            return key
        }
    }
}
