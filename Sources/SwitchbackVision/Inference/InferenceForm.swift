/// How a trained network is computed.
public enum InferenceForm: String, CaseIterable, Sendable {
    /// In whole numbers of 8 bits, as its file says.
    case int8
    /// In float32, with batch normalization folded into the filters.
    case fused
    /// In float32, layer after layer.
    case asTrained = "as trained"

    /// Those that a network has, which is quantized or not.
    static func all(isQuantized: Bool) -> [InferenceForm] { isQuantized ? allCases : [.fused, .asTrained] }
}
