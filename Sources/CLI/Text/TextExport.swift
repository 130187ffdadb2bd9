import ArgumentParser
import Foundation
import SwitchbackFormats
import SwitchbackLanguage

/// `switchback text export`.
struct TextExport: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Export a language model for other programs.",
        discussion: """
            EXAMPLES
              switchback text export runs/text/train
              switchback text export path/to/gpt2 --length 128 --output gpt2.onnx
              switchback text export runs/text/train --format safetensors \\
                --output weights.safetensors

            In ONNX, `tokens` [N, length] is a batch of any size, and `logits` [N, length, vocabulary] predict the next token \
            at each position. The length is fixed: pad shorter texts at the end, which earlier positions do not see.
            """)

    @Argument(help: .languageModelFolder)
    var source: String

    @OptionGroup var export: ExportOptions

    @Option(
        help: ArgumentHelp("The sequence length in ONNX. (default: 64, or the context if shorter)", valueName: "n"),
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
