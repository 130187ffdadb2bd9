import ArgumentParser
import Switchback
import SwitchbackInference
import SwitchbackTraining
import SwitchbackVision

/// `switchback classify quantize`.
struct ClassifyQuantize: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "quantize",
        abstract: "Make a classifier of images that computes in whole numbers of 8 bits.",
        discussion: """
            EXAMPLES
              switchback classify quantize --model runs/classify/train --data digits
              switchback classify val --model runs/classify/train/weights/best-int8.safetensors \\
                --data digits

            Inputs of the training split show which numbers the network computes; their classes are not used. Of three \
            calibrations the one is taken that changes the outputs least, and layers that change them most stay in float32. \
            predict, val, export and serve take the file like any other; it cannot be trained.
            """)

    @OptionGroup var dataOptions: DataOptions

    @OptionGroup var quantize: QuantizeOptions

    @OptionGroup var common: CommonOptions

    func run() throws {
        common.apply()
        let (weights, path) = try quantize.paths()
        let classifier = try Classifier.load(weights)
        let data = try dataOptions.load(for: classifier)
        let result = try quantize.run(
            classifier.quantizer(data.training ?? data.heldOut, count: quantize.images))
        try classifier.save(result.quantization, to: path)
        try Terminal.print("Wrote \(path)")
        let accuracy = try quantize.noVal ? nil : compare(classifier, path, data.heldOut)
        if common.json { try Terminal.printJSON(QuantizeResult("classify", result, output: path, accuracy)) }
    }

    /// The accuracy before and after.
    private func compare(
        _ classifier: Classifier, _ path: String, _ examples: ClassificationExamples
    ) throws -> (before: Double, after: Double) {
        let before = try classifier.evaluate(examples, workers: 2).metrics.top1
        let after = try Classifier.load(path).evaluate(examples, workers: 2).metrics.top1
        try Terminal.print(
            "Accuracy on \(examples.count.counted("example")): \(before.percent) in float32, \(after.percent) in int8")
        return (before, after)
    }
}
