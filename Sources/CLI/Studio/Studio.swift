import ArgumentParser
import Foundation
import Switchback
import SwitchbackServer
import SwitchbackStudio

/// `switchback studio`.
struct Studio: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "studio",
        abstract: "Show runs and backpropagation in the browser, on this machine alone.",
        discussion: """
            EXAMPLES
              switchback studio
              switchback studio path/to/runs --port 8000

            /runs shows the curves, diagnosis and options of runs while they train, and compares them; /learn shows \
            how gradients are computed. Only browsers on this machine can open the pages, and the pages load nothing \
            from elsewhere. SIGTERM or Ctrl-C stops the studio; trainings go on.
            """)

    @Argument(help: ArgumentHelp("The folder that runs are saved in.", valueName: "folder"))
    var folder = "runs"

    @Option(
        help: ArgumentHelp("The port; 0 for any free one. (default: \(ServerOptions().port))", valueName: "n"),
        transform: Value.integer(in: .from(0, to: 65_535)))
    var port = ServerOptions().port

    @OptionGroup var common: CommonOptions

    private struct Listening: Encodable {
        let task = "studio"
        let address: String
    }

    func run() async throws {
        common.apply()
        let studio = try StudioServer(
            output: folder, port: port, endsWithTerminal: Interruption.signals.contains(SIGHUP))
        let json = common.json
        try await Interruption.finishing {
            try await studio.run { address in
                if json {
                    try? Terminal.printJSON(Listening(address: address))
                } else {
                    try? Terminal.print("The studio is at \(address)\nPress Ctrl-C to stop.")
                }
            }
        }
        Interruption.forget()
        if !json { try Terminal.print("Stopped.") }
    }
}
