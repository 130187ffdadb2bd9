import Foundation
import Switchback
import SwitchbackFormats

/// The angles by which rotary position embedding turns queries and keys (Su et al., "RoFormer", 2021).
struct RotaryEmbedding {
    /// How the angles are stretched for texts longer than those that a model first learned from.
    enum Scaling: Equatable, Sendable {
        case none
        /// All angles divided by a factor.
        case linear(factor: Double)
        /// Slow angles divided by a factor, fast ones kept, with a ramp between them (Llama 3.1).
        case llama3(factor: Double, low: Double, high: Double, originalContext: Double)
    }

    /// By how much each pair of features turns from one position to the next, [headWidth / 2].
    private let frequencies: [Double]

    init(headWidth: Int, base: Double, scaling: Scaling) {
        frequencies = stride(from: 0, to: headWidth, by: 2).map {
            scaling.applied(to: 1 / pow(base, Double($0) / Double(headWidth)))
        }
    }

    /// The cosines and sines of the angles of positions, each [positions, headWidth / 2], where `tensor` lies.
    func angles(at positions: [Int], like tensor: Tensor) -> (cosines: Tensor, sines: Tensor) {
        var cosines: [Float] = []
        var sines: [Float] = []
        for position in positions {
            for frequency in frequencies {
                cosines.append(Float(cos(Double(position) * frequency)))
                sines.append(Float(sin(Double(position) * frequency)))
            }
        }
        let shape: Shape = [positions.count, frequencies.count]
        return (Tensor(cosines, shape: shape, like: tensor), Tensor(sines, shape: shape, like: tensor))
    }
}

extension RotaryEmbedding.Scaling {
    fileprivate func applied(to frequency: Double) -> Double {
        switch self {
        case .none: return frequency
        case .linear(let factor): return frequency / factor
        case .llama3(let factor, let low, let high, let originalContext):
            let turns = originalContext * frequency / (2 * .pi)
            let kept = min(max((turns - low) / (high - low), 0), 1)
            return kept * frequency + (1 - kept) * frequency / factor
        }
    }

    /// What a `config.json` says: in `rope_scaling`, or in `rope_parameters` as Transformers 5 has it.
    init(_ fields: ConfigurationFields) throws {
        guard let rope = try fields.object("rope_parameters") ?? fields.object("rope_scaling") else {
            self = .none
            return
        }
        let kind = try rope.string("rope_type", default: rope.string("type", default: "default"))
        switch kind {
        case "default": self = .none
        case "linear": self = .linear(factor: try rope.number("factor"))
        case "llama3":
            self = .llama3(
                factor: try rope.number("factor"), low: try rope.number("low_freq_factor"),
                high: try rope.number("high_freq_factor"),
                originalContext: try rope.number("original_max_position_embeddings"))
        default: throw rope.problem("rope_type", "it is \(kind); supported are default, linear, llama3")
        }
    }

    /// As `rope_parameters` of a `config.json`.
    func field(base: Double) -> JSON {
        var members: [(name: String, value: JSON)] = [("rope_theta", .number(base))]
        switch self {
        case .none: members.append(("rope_type", .string("default")))
        case .linear(let factor): members += [("rope_type", .string("linear")), ("factor", .number(factor))]
        case .llama3(let factor, let low, let high, let originalContext):
            members += [
                ("rope_type", .string("llama3")), ("factor", .number(factor)), ("low_freq_factor", .number(low)),
                ("high_freq_factor", .number(high)),
                ("original_max_position_embeddings", .integer(Int(originalContext))),
            ]
        }
        return .object(members)
    }
}
