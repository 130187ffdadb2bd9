import ArgumentParser
import Foundation
import SwitchbackFormats
import SwitchbackLanguage

/// `switchback text export`.
struct TextExport: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Writes a language model for other programs.",
        discussion: """
            EXAMPLES
              switchback text export runs/text/train
              switchback text export path/to/gpt2 --length 128 --output gpt2.onnx
              switchback text export runs/text/train --format safetensors \\
                --output weights.safetensors

            In ONNX, `tokens` [N, length] is a batch of any size, and `logits` [N, length, vocabulary] foresee the token after \
            each. The length is fixed: fill shorter texts up behind, which no earlier position sees.
            """)

    @Argument(help: .languageModelFolder)
    var source: String

    @OptionGroup var export: ExportOptions

    @Option(
        help: ArgumentHelp("Tokens of a text, in ONNX; 64 or what the model can read if left out.", valueName: "n"),
        transform: Value.integer(in: .from(1, to: 1_000_000)))
    var length: Int?

    @OptionGroup var common: CommonOptions

    func run() throws {
        common.apply()
        let model = try Checkpoint(source).languageModel()
        let weights = Folder.join(source, "model.safetensors")
        try export.run("text", from: weights, common) {
            try model.export($0, length: length ?? min(64, model.contextLength), to: $1)
        }
    }
}
