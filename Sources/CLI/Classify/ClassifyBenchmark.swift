import ArgumentParser
import Switchback
import SwitchbackVision

/// `switchback classify benchmark`.
struct ClassifyBenchmark: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "benchmark",
        abstract: "Compare speed and accuracy of the ways to run a classifier.",
        discussion: """
            EXAMPLES
              switchback classify benchmark --model runs/classify/train --data digits
              switchback classify benchmark \\
                --model runs/classify/train/weights/best-int8.safetensors --batch 8

            Times are medians per input. Without --data, only speed is measured.
            """)

    @OptionGroup var classifier: ClassifierOptions

    @Option(help: ArgumentHelp("\(DataOptions.help)", valueName: "path"))
    var data: String?

    @OptionGroup var labels: LabelOptions

    @OptionGroup var heldOut: HeldOutOptions

    @OptionGroup var timing: BenchmarkOptions

    @OptionGroup var common: CommonOptions

    private struct Result: Encodable {
        let task = "classify"
        let mode = "benchmark"
        let model: String
        let batch, threads: Int
        let rows: [BenchmarkRow]
    }

    func validate() throws {
        for (option, isGiven) in [
            ("--split", heldOut.split != nil), ("--label", labels.label != nil), ("--classes", labels.classes != nil),
        ] where isGiven && data == nil {
            throw ValidationError("\(option) is for data, and without --data only speed is measured")
        }
    }

    func run() throws {
        common.apply()
        let loaded = try classifier.load(ModelFolder.path(classifier.model))
        let configuration = loaded.configuration
        let examples = try examples(for: loaded)
        var benchmark = ClassifierBenchmark(loaded)
        (benchmark.batch, benchmark.seconds) = (timing.batch, timing.seconds)
        let parameters = loaded.model.parameterCount.counted("parameter")
        try Terminal.print(
            "\(configuration.model.rawValue), \(parameters), inputs \(Shape(configuration.inputShape)), batches of "
                + "\(timing.batch), \(Processor.threadCount.counted("thread"))")
        let rows = try benchmark.forms.map { form in
            let result = try benchmark.measure(form, on: examples)
            return BenchmarkRow(form.rawValue, result.times, batch: timing.batch, accuracy: result.accuracy)
        }
        let noun = configuration.inputShape.count == 3 ? "image" : "row"
        try Terminal.print(BenchmarkRow.table(rows, noun: noun, [("accuracy", \.accuracy)]).text)
        guard common.json else { return }
        try Terminal.printJSON(
            Result(model: classifier.model, batch: timing.batch, threads: Processor.threadCount, rows: rows))
    }

    private func examples(for classifier: Classifier) throws -> ClassificationExamples? {
        try data.map { try heldOut.examples(of: .load($0, labels, for: classifier)) }
    }
}
