import ArgumentParser
import Switchback
import SwitchbackLanguage

/// `switchback sentiment train`.
struct SentimentTrain: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Train a sentence classifier.",
        discussion: """
            EXAMPLES
              switchback sentiment train --data sst2
              switchback sentiment train --data reviews --epochs 10 --seed 1 --json
            """)

    @Option(
        help: ArgumentHelp(
            "A folder with train.tsv and dev.tsv: one sentence, a tab and its class per line.", valueName: "folder"))
    var data: String?

    @OptionGroup(title: "Training") var training: TrainingOptions<SentimentDefaults>
    @OptionGroup(title: "Run") var runOptions: RunOptions
    @OptionGroup var common: CommonOptions

    private struct Result: Encodable {
        let task = "sentiment"
        let mode = "train"
        let parameters, bestEpoch: Int
        let bestAccuracy, seconds: Double
        let weights: String
    }

    func validate() throws { try runOptions.require("--data <folder>", data) }

    /// The training that the options ask for.
    func session() throws -> TrainingSession<SentimentConfiguration> {
        common.apply()
        return try TrainingSession("sentiment", runOptions, common) { configuration in
            configuration.data = data ?? configuration.data
            training.apply(to: &configuration.training)
        }
    }

    func run() throws {
        let session = try session()
        let task = try session.configuration.makeTask()
        let (folder, outcome) = try session.train(task, session.configuration.training)
        guard let best = outcome.best ?? outcome.history.last else { return }
        let accuracy = best.validation["accuracy"] ?? .nan
        let weights = folder.weights("best")
        try runOptions.say(
            """
            The best weights, of epoch \(best.epoch) with \(accuracy.percent) held-out accuracy, are in
              \(weights)
            Next:
              switchback sentiment predict --model \(weights.quoted) "what a lovely film"
            """)
        guard common.json else { return }
        try Terminal.printJSON(
            Result(
                parameters: task.model.parameterCount, bestEpoch: best.epoch, bestAccuracy: accuracy,
                seconds: outcome.seconds, weights: weights))
    }
}
