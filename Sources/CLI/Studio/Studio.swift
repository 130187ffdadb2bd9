import ArgumentParser
import Foundation
import Switchback
import SwitchbackStudio

/// `switchback studio`.
struct Studio: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "studio",
        abstract: "Label data, and train, watch, try and serve models in the browser.",
        discussion: """
            EXAMPLES
              switchback studio
              switchback studio path/to/runs --port 8000
              switchback studio --data path/to/datasets
              switchback studio --host 0.0.0.0 --token-file secret.txt

            /data shows the data sets below a folder: add images, label objects, check and export them; the folders \
            stay ordinary ones, and every stroke is on disk when the page says so. /train starts trainings, one at a \
            time; /runs shows their curves, diagnosis and options while they train, compares, stops and resumes them; \
            /try and /deploy try models and serve them; /learn shows how gradients are computed. Only browsers on this \
            machine can open the pages unless --host says otherwise, and the pages load nothing from elsewhere. \
            SIGTERM or Ctrl-C stops the studio; trainings go on, and the next studio of the folder finds them.
            """)

    @Argument(help: ArgumentHelp("The folder that runs are saved in.", valueName: "folder"))
    var folder = "runs"

    @Option(
        help: ArgumentHelp(
            "The folder below which data sets are found, and made. (default: the folder of runs)",
            valueName: "folder"))
    var data: String?

    @Option(
        help: ArgumentHelp(
            "The address to listen on; 0.0.0.0 for all interfaces, which needs --token-file.", valueName: "address"))
    var host = "127.0.0.1"

    @OptionGroup var listening: PortOption

    @Option(
        help: ArgumentHelp(
            "A file with a secret of 16 characters or more, which browsers are asked for.", valueName: "file"))
    var tokenFile: String?

    @OptionGroup var common: CommonOptions

    private struct Listening: Encodable {
        let task = "studio"
        let address: String
    }

    func run() async throws {
        common.apply()
        let studio = try StudioServer(
            output: folder, data: data, host: host, port: listening.port,
            token: tokenFile.map(StudioToken.init(file:)),
            endsWithTerminal: Interruption.signals.contains(SIGHUP))
        try await Service.run(
            json: common.json, studio.run, object: Listening.init, sentence: { "The studio is at \($0)" })
    }
}
