import ArgumentParser
import SwitchbackServer

/// The port of a command that answers over HTTP.
struct PortOption: ParsableArguments {
    @Option(
        help: ArgumentHelp("The port; 0 for any free one. (default: \(ServerOptions().port))", valueName: "n"),
        transform: Value.integer(in: .from(0, to: 65_535)))
    var port = ServerOptions().port
}

/// A command that answers over HTTP until it is stopped.
enum Service {
    /// Runs a server. Once it listens, prints its address as JSON or in a sentence; and that it has stopped, at the end.
    static func run(
        json: Bool, _ server: (_ onListening: @escaping @Sendable (_ address: String) -> Void) async throws -> Void,
        object: @escaping @Sendable (_ address: String) -> some Encodable & Sendable,
        sentence: @escaping @Sendable (_ address: String) -> String
    ) async throws {
        try await Interruption.finishing {
            try await server { address in
                if json {
                    try? Terminal.printJSON(object(address))
                } else {
                    try? Terminal.print("\(sentence(address))\nPress Ctrl-C to stop.")
                }
            }
        }
        Interruption.forget()
        if !json { try Terminal.print("Stopped.") }
    }
}
