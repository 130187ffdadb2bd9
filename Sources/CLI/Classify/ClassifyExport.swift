import ArgumentParser
import Foundation
import SwitchbackTraining
import SwitchbackVision

/// `switchback classify export`.
struct ClassifyExport: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Export a classifier for other programs.",
        discussion: """
            EXAMPLES
              switchback classify export runs/classify/train
              switchback classify export best.safetensors --format safetensors \\
                --output weights.safetensors

            In ONNX, `input` is a batch of any size, and `probabilities` [N, classes]; the names of the classes are in the \
            metadata.
            """)

    @OptionGroup var weights: WeightsArgument

    @OptionGroup var export: ExportOptions

    @OptionGroup var common: CommonOptions

    func run() throws {
        common.apply()
        // Of a folder of Transformers, the file lies beside it and has its name.
        let file =
            try Classifier.isTransformersFolder(weights.source)
            ? (weights.source as NSString).standardizingPath + ".export"
            : try RunFolder.weightFile(weights.source)
        let classifier = try Classifier.load(weights.source)
        try export.run("classify", from: file, common) { try classifier.export($0, to: $1) }
    }
}
