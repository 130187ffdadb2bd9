import Switchback

/// A format for exported models.
public enum ExportFormat: String, CaseIterable, Codable, Sendable {
    /// Weights and computation, for inference in other programs.
    case onnx
    /// The weights alone, under PyTorch's names.
    case safetensors
    /// Everything of a language model, for llama.cpp.
    case gguf
}

extension ExportFormat {
    /// What a model that is no language model says to GGUF.
    package static var onlyForLanguage: InputError {
        InputError("option format", "only language models are written as gguf", remedy: "choose onnx or safetensors")
    }
}
