import ArgumentParser
import Switchback
import SwitchbackHub
import SwitchbackTraining

/// `switchback fetch ORG/NAME`.
struct Fetch: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fetch",
        abstract: "Fetch a model from the Hugging Face hub.",
        discussion: """
            EXAMPLES
              switchback fetch HuggingFaceTB/SmolLM2-135M-Instruct
              switchback fetch Qwen/Qwen3-0.6B --to models/qwen
              switchback fetch Qwen/Qwen3-0.6B@main --file config.json --file tokenizer.json
              switchback chat Qwen/Qwen3-0.6B

            Of a model's files those are fetched that are needed to use it. Without --to they go into the cache that Python's \
            huggingface_hub has, too, and the name of the model stands for its folder in other commands, which fetch it if it \
            is not there. To ask the hub for a newer version, fetch it again. What was begun is continued, and each file is \
            checked against the hash that the hub has.

            HF_ENDPOINT, HF_TOKEN, HF_HOME, HF_HUB_CACHE and HF_HUB_OFFLINE are respected.
            """)

    @Argument(
        help: ArgumentHelp("The model, with a branch, tag or commit after an @ if not main.", valueName: "org/name"))
    var model: String

    @Option(help: ArgumentHelp("The folder to put the files in. (default: the hub's cache)", valueName: "folder"))
    var to: String?

    @Option(
        help: ArgumentHelp(
            "A file to fetch, by its name on the hub; can be given several times. (default: what is needed)",
            valueName: "name"))
    var file: [String] = []

    @Option(
        help: ArgumentHelp(
            "A file with the token to ask with. (default: HF_TOKEN, or the one that 'hf auth login' saved)",
            valueName: "file"))
    var tokenFile: String?

    @OptionGroup var common: CommonOptions

    private struct Result: Encodable {
        let task = "fetch"
        let model, commit, folder: String
        let files: [Hub.Fetched.File]
    }

    func run() async throws {
        common.apply()
        var settings = try HubSettings()
        if let tokenFile { settings.token = try HubSettings.token(in: tokenFile) }
        let model = try HubModel(argument: model)
        let fetched = try await Hub(settings).fetch(
            model, files: file, to: to, progress: FetchProgress(isShown: !common.json).show)
        for file in fetched.files where !file.isChecked {
            Diagnostics.warn("the hub has no hash of \(file.path), so only its size was checked")
        }
        if common.json {
            try Terminal.printJSON(
                Result(model: "\(model)", commit: fetched.commit, folder: fetched.folder, files: fetched.files))
        } else {
            let count = fetched.files.count { $0.isNew }
            try Terminal.print(
                "\(count == 0 ? "All files were there already" : "\(count.counted("file")) fetched"). The model is in\n"
                    + "  \(fetched.folder)")
        }
    }
}

/// Shows how far a fetch is: a line that is written over, or one for each file where nobody watches.
final class FetchProgress {
    private let isShown: Bool
    private var shown = ""

    init(isShown: Bool) { self.isShown = isShown }

    func show(_ progress: Hub.Progress) throws {
        guard isShown else { return }
        let isDone = progress.bytes == progress.size
        let name = "[\(progress.number)/\(progress.count)] \(progress.path)"
        if Terminal.isInteractive {
            let share = progress.size == 0 ? 100 : progress.bytes * 100 / progress.size
            let line = "\(name)  \(share) % of \(size(progress.size))"
            if line == shown { return }
            shown = line
            let fitting = String(line.printable().prefix(Terminal.columnCount - 1))
            try Terminal.draw(ProgressReporter.erasedLine + fitting + (isDone ? "\n" : ""))
        } else if isDone, shown != name {
            shown = name
            try Terminal.print("\(name)  \(size(progress.size))")
        }
    }

    private func size(_ bytes: Int) -> String {
        bytes < 1_000_000 ? "\((Double(bytes) / 1e3).formatted(1)) kB" : "\((Double(bytes) / 1e6).formatted(1)) MB"
    }
}
