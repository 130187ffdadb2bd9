import ArgumentParser
import Switchback
import SwitchbackTraining

/// `switchback classify val`.
struct ClassifyVal: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "val",
        abstract: "Measures a classifier on the held-out part of some data.",
        discussion: """
            EXAMPLES
              switchback classify val --weights runs/classify/train/weights/best.safetensors --data digits
              switchback classify val --weights best.safetensors --data path/to/mnist --json
            """)

    @Option(help: ArgumentHelp("Weights that classify train saved.", valueName: "file"))
    var weights: String

    @OptionGroup var dataOptions: DataOptions
    @OptionGroup var common: CommonOptions

    private struct Result: Encodable {
        let task = "classify"
        let mode = "val"
        let model: ClassifierKind
        let accuracy, loss: Double
        let examples: Int
        let weights: String
    }

    func run() throws {
        common.apply()
        let classifier = try Classifier.load(weights)
        let data = try dataOptions.load().numbered(as: classifier.configuration.classNames)
        try Terminal.print("Data: \(data.summary)")
        try classifier.checkInput(data.inputShape, of: data.path)
        let score = classifier.evaluate(data.heldOut)
        try Terminal.print("Held out: \(score.metrics.summary)")
        guard common.json else { return }
        try Terminal.printJSON(
            Result(
                model: classifier.configuration.model, accuracy: score.accuracy, loss: score.loss,
                examples: score.count,
                weights: weights))
    }
}
