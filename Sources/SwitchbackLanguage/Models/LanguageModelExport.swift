import Switchback
import SwitchbackFormats

extension LanguageModel {
    /// Writes the model for other programs. In ONNX, `tokens` are int64 [N, length], and `logits` [N, length,
    /// vocabulary] predict the token after each. Shorter texts are filled up behind: no position sees what follows it.
    ///
    /// GGUF files also have the tokenizer: see `Checkpoint.exportGGUF(weights:to:)`.
    ///
    /// - Throws: `InputError` where the model reads no texts as long, and where the file cannot be written.
    public func export(_ format: ExportFormat, length: Int, to path: String) throws {
        switch format {
        case .gguf: throw InputError("option format", "a GGUF file needs the model's folder", remedy: "export that")
        case .safetensors:
            try Safetensors.save(namedState.map { ($0.name, $0.tensor) }, metadata: ["format": "pt"], to: path)
        case .onnx:
            guard (1...contextLength).contains(length) else {
                throw InputError(
                    "option length", "the model reads texts of 1 to \(contextLength) tokens, not of \(length)")
            }
            guard !choosesParts else {
                throw InputError(
                    "option format",
                    "which experts read a token depends on the token, and a graph in ONNX has all steps",
                    remedy: "take safetensors")
            }
            let tokens = Tensor((0..<length).map { $0 % vocabularySize }, shape: [1, length])
            try ONNX.export(
                self, example: tokens, to: path, input: "tokens", output: "logits",
                metadata: ["task": "text", "length": "\(length)"])
        }
    }
}
