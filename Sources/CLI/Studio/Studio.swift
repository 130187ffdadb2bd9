import ArgumentParser
import Foundation
import Switchback
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

    @OptionGroup var listening: PortOption

    @OptionGroup var common: CommonOptions

    private struct Listening: Encodable {
        let task = "studio"
        let address: String
    }

    func run() async throws {
        common.apply()
        let studio = try StudioServer(
            output: folder, port: listening.port, endsWithTerminal: Interruption.signals.contains(SIGHUP))
        try await Service.run(
            json: common.json, studio.run, object: Listening.init, sentence: { "The studio is at \($0)" })
    }
}
