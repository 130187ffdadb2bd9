import ArgumentParser
import Switchback
import SwitchbackFormats
import SwitchbackTraining
import SwitchbackVision

/// `switchback classify val`.
struct ClassifyVal: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "val",
        abstract: "Evaluate a classifier.",
        discussion: """
            EXAMPLES
              switchback classify val --model runs/classify/train --data digits
              switchback classify val --model best.safetensors --data path/to/mnist --json
              switchback classify val --model best.safetensors --data pneumoniamnist.npz \\
                --split test --output figures
            """)

    @OptionGroup var classifier: ClassifierOptions

    @OptionGroup var heldOut: HeldOutOptions

    @Option(help: ArgumentHelp("A folder for plots and images. (default: none are drawn)", valueName: "path"))
    var output: String?

    @OptionGroup var dataOptions: DataOptions
    @OptionGroup var common: CommonOptions

    private struct Result: Encodable {
        let task = "classify"
        let mode = "val"
        let model: ClassifierKind
        let accuracy, top5, macroF1, loss: Double
        /// For two classes.
        let areaUnderCurve: Double?
        let classes: [ClassificationMetrics.ClassResult]
        /// By predicted and true class; left out for many classes.
        let confusion: [[Int]]?
        /// Which classes were most often taken for which others.
        let mostConfused: [ClassificationMetrics.NamedConfusion]
        let examples: Int
        let weights: String
    }

    func run() throws {
        common.apply()
        try Processes.connect(common)
        let path = try Processes.group.fromRoot { try ModelFolder.path(self.classifier.model) }
        let classifier = try self.classifier.load(path)
        let configuration = classifier.configuration
        let data = try dataOptions.load(for: classifier)
        try Terminal.print("Data: \(data.summary)")
        let examples = try heldOut.examples(of: data)
        let evaluation = try classifier.evaluate(examples, workers: 2, in: Processes.group)
        guard Processes.group.isRoot else { return }
        let (loss, metrics) = (evaluation.loss, evaluation.metrics)
        try metrics.printTable()
        try Terminal.print(
            "loss \(loss.formatted(4))  accuracy \(metrics.top1.percent) of \(metrics.count.counted("example"))")
        if let output {
            try OutputFolder.make(output)
            try ClassifierFigures(data.classNames)
                .draw(evaluation, of: classifier, on: examples) { Folder.join(output, $0) }
            try Terminal.print("Images and figures are in \(output)")
        }
        guard common.json else { return }
        try Terminal.printJSON(
            Result(
                model: configuration.model, accuracy: metrics.top1, top5: metrics.top5, macroF1: metrics.macroF1,
                loss: loss, areaUnderCurve: metrics.areaUnderCurve, classes: metrics.classes,
                confusion: metrics.classNames.count <= ClassificationMetrics.tableLimit
                    ? metrics.confusion.counts : nil,
                mostConfused: metrics.mostConfused, examples: metrics.count, weights: self.classifier.model))
    }
}
