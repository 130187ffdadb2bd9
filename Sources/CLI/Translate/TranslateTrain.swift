import ArgumentParser
import Switchback
import SwitchbackLanguage
import SwitchbackTraining

/// `switchback translate train`.
struct TranslateTrain: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Train a translation model.",
        discussion: """
            EXAMPLES
              switchback translate train --data multi30k --source en --target de
              switchback translate train --data multi30k --source de --target en \\
                --epochs 10 --layers 2 --width 128
            """)

    @Option(
        help: ArgumentHelp(
            "A folder with files such as train.en and train.de, val.en and val.de, aligned line by line; can be "
                + "gzipped.", valueName: "folder"))
    var data: String?

    @Option(help: ArgumentHelp("The source language: the extension of its files. (default: en)", valueName: "language"))
    var source: String?

    @Option(help: ArgumentHelp("The target language: the extension of its files. (default: de)", valueName: "language"))
    var target: String?

    @Option(
        help: ArgumentHelp("The number of encoder layers, and of decoder layers. (default: 3)", valueName: "n"),
        transform: Value.integer)
    var layers: Int?

    @Option(
        help: ArgumentHelp("The embedding size, a multiple of 32. (default: 256)", valueName: "n"),
        transform: Value.integer)
    var width: Int?

    @Option(
        help: ArgumentHelp("The vocabulary size of each language. (default: 8000)", valueName: "n"),
        transform: Value.integer(in: LanguageTrainingConfiguration.vocabularySizes))
    var vocabulary: Int?

    @Option(help: ArgumentHelp("Dropout. (default: 0.2)", valueName: "p"), transform: Value.number)
    var dropout: Double?

    @OptionGroup(title: "Training") var training: TrainingOptions<TranslationDefaults>
    @OptionGroup(title: "Run") var runOptions: RunOptions
    @OptionGroup var common: CommonOptions

    private struct Result: Encodable {
        let task = "translate"
        let mode = "train"
        let parameters, bestEpoch: Int
        /// In nats a token, of the held-out translations.
        let bestLoss, seconds: Double
        let folder: String
    }

    func validate() throws { try runOptions.require("--data <folder>", data) }

    private func apply(to configuration: inout TranslationConfiguration) {
        configuration.data = data ?? configuration.data
        configuration.source = source ?? configuration.source
        configuration.target = target ?? configuration.target
        configuration.layers = layers ?? configuration.layers
        configuration.width = width ?? configuration.width
        configuration.vocabularySize = vocabulary ?? configuration.vocabularySize
        configuration.dropout = dropout ?? configuration.dropout
        training.apply(to: &configuration.training)
    }

    /// The training that the options ask for.
    func session() throws -> TrainingSession<TranslationConfiguration> {
        common.apply()
        return try TrainingSession("translate", runOptions, common) { apply(to: &$0) }
    }

    func run() throws {
        let session = try session()
        let task = try session.configuration.makeTask()
        let (folder, outcome) = try session.train(
            task, session.configuration.training, listeners: [task.translator.describe, example(task)])
        guard let best = outcome.best ?? outcome.history.last else { return }
        let loss = best.validation["loss"] ?? .nan
        let c = session.configuration
        try runOptions.say(
            """
            The best weights, of epoch \(best.epoch) with a held-out loss of \(loss.formatted(4)), are in
              \(folder.path)
            Next:
              switchback translate val --model \(folder.path.quoted) --data \(c.data.quoted) \
                --source \(c.source) --target \(c.target)
            """)
        guard common.json else { return }
        try Terminal.printJSON(
            Result(
                parameters: task.model.parameterCount, bestEpoch: best.epoch, bestLoss: loss,
                seconds: outcome.seconds, folder: folder.path))
    }

    /// Shows a translation after each epoch.
    private func example(_ task: TranslationTask) -> TrainingListener {
        { event in
            guard case .epoch = event else { return .continue }
            task.model.eval()
            defer { task.model.train() }
            try runOptions.say("    \(task.example) → \(try task.translator.translate(task.example))")
            return .continue
        }
    }
}
