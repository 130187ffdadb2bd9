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
              switchback text export runs/chat/train --format gguf --gguf-weights q8_0

            In ONNX, `tokens` [N, length] is a batch of any size, and `logits` [N, length, vocabulary] predict the next token \
            at each position. The length is fixed: pad shorter texts at the end, which earlier positions do not see.

            GGUF is what llama.cpp reads: weights, tokenizer and chat template in one file.
            """)

    @Argument(help: ArgumentHelp("A model folder: a run, or a model in Hugging Face's format.", valueName: "folder"))
    var source: String

    @OptionGroup var export: ExportOptions

    @Option(
        help: ArgumentHelp("The sequence length in ONNX. (default: 64, or the context if shorter)", valueName: "n"),
        transform: Value.integer(in: .from(1, to: 1_000_000)))
    var length: Int?

    @Option(
        help: ArgumentHelp(
            "How GGUF stores matrices: \(GGUFWeights.names). (default: f16)", valueName: "type"),
        transform: { try Value.choice($0) })
    var ggufWeights: GGUFWeights?

    @OptionGroup var common: CommonOptions

    func run() throws {
        common.apply()
        let checkpoint = try Checkpoint(source)
        let isFile = (source as NSString).pathExtension == "gguf"
        let weights = isFile ? source : Folder.join(source, "model.safetensors")
        try export.run("text", from: weights, common) { format, path in
            if format == .gguf {
                if length != nil { throw UsageError("--length is for ONNX, and the format is gguf") }
                return try checkpoint.exportGGUF(weights: ggufWeights ?? .f16, to: path)
            }
            if ggufWeights != nil {
                throw UsageError("--gguf-weights is for gguf, and the format is \(format.rawValue)")
            }
            let model = try checkpoint.languageModel()
            try model.export(format, length: length ?? min(64, model.contextLength), to: path)
        }
    }
}
