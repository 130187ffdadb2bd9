import Switchback
import SwitchbackFormats

/// Rotates queries and keys by the angles of their positions, or leaves them.
struct DecoderAngles {
    let cosines, sines: Tensor

    /// Heads [N, heads, T, D] with their first features turned, as many as there are angles for.
    func turn(_ heads: Tensor) -> Tensor {
        let count = 2 * cosines.size(1)
        if count == heads.size(3) { return heads.rotary(cosines: cosines, sines: sines) }
        let turned = heads.narrow(dim: 3, start: 0, length: count).rotary(cosines: cosines, sines: sines)
        return Tensor.cat([turned, heads.narrow(dim: 3, start: count, length: heads.size(3) - count)], dim: 3)
    }
}

/// The function between the layers of a network.
enum DecoderActivation: Sendable {
    case silu, relu, gelu, tanhGELU

    /// By the names that Transformers has.
    private static let names: KeyValuePairs = [
        "silu": silu, "swish": silu, "relu": relu, "gelu": gelu, "gelu_new": tanhGELU, "gelu_pytorch_tanh": tanhGELU,
        "gelu_fast": tanhGELU,
    ]

    init(_ fields: ConfigurationFields, _ member: String, default usual: String) throws {
        try fields.requireOnly(member, DecoderActivation.names.map(\.key), default: usual)
        let name = try fields.string(member, default: usual)
        self = DecoderActivation.names.first { $0.key.isExactly(name) }?.value ?? .silu
    }

    func callAsFunction(_ x: Tensor) -> Tensor {
        switch self {
        case .silu: x.silu()
        case .relu: x.relu()
        case .gelu: x.gelu()
        case .tanhGELU: x.gelu(approximate: .tanh)
        }
    }
}

/// RMSNorm whose weights are stored less 1, so that weights that decay go to 1.
final class RMSNormAroundOne: Module {
    let weight: Parameter
    private let eps: Double

    init(_ features: Int, eps: Double) {
        weight = Parameter([features], .zeros)
        self.eps = eps
    }

    override func forward(_ input: Tensor) -> Tensor { input.rmsNorm(weight.shape, weight: weight + 1, eps: eps) }

    override func operationCount(input: Tensor, output: Tensor) -> Int { 4 * output.count }
}

/// How an attention layer weighs what it sees.
struct AttentionRule: Equatable, Sendable {
    /// By what the products of queries and keys are multiplied; one by the root of the width, if `nil`.
    var scale: Double?
    /// How many positions back are seen, the own one included.
    var window: Int?
    /// The bound c of c · tanh(x / c) over the products.
    var cap: Double?
}
