/// A format for exported models.
public enum ExportFormat: String, CaseIterable, Codable, Sendable {
    /// Weights and computation, for inference in other programs.
    case onnx
    /// The weights alone, under PyTorch's names.
    case safetensors
}
