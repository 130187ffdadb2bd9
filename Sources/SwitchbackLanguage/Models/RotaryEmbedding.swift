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
        /// The base of texts longer than `context` grows with their length, up to `factor` times as long.
        case dynamic(factor: Double, context: Int)
        /// Slow angles divided by a factor, fast ones kept, with a ramp between them (Llama 3.1).
        case llama3(factor: Double, low: Double, high: Double, originalContext: Double)
        /// As `llama3`, with a ramp over the features between two numbers of turns (Peng et al., "YaRN", 2023).
        case yarn(factor: Double, fast: Double, slow: Double, isWhole: Bool, originalContext: Double, attention: Double)
        /// Each frequency divided by a number of its own, others in long texts (Ding et al., "LongRoPE", 2024).
        case longrope(short: [Double], long: [Double], originalContext: Int, attention: Double)
    }

    /// By how much each pair of features turns from one position to the next, [headWidth / 2].
    private let frequencies: [Double]
    /// The same in texts that are longer than `longFrom` tokens, where it is different.
    private let longFrequencies: [Double]
    private let longFrom: Int
    /// What else is needed for angles that change with the length of a text.
    private let plain: (base: Double, width: Int, scaling: Scaling)
    /// By what cosines and sines are multiplied.
    private let attentionFactor: Double

    init(headWidth: Int, base: Double, scaling: Scaling) {
        plain = (base, headWidth, scaling)
        let plain = RotaryEmbedding.frequencies(base: base, width: headWidth)
        frequencies = scaling.applied(to: plain, base: base, isLong: false)
        longFrequencies = scaling.applied(to: plain, base: base, isLong: true)
        if case .longrope(_, _, let length, _) = scaling { longFrom = length } else { longFrom = .max }
        attentionFactor = scaling.attentionFactor
    }

    private static func frequencies(base: Double, width: Int) -> [Double] {
        stride(from: 0, to: width, by: 2).map { 1 / pow(base, Double($0) / Double(width)) }
    }

    /// By how much each pair of features turns in a text of `length` tokens.
    private func frequencies(length: Int) -> [Double] {
        if case .dynamic(let factor, let context) = plain.scaling, length > context, plain.width > 2 {
            let stretch = factor * Double(length) / Double(context) - (factor - 1)
            let power = Double(plain.width) / Double(plain.width - 2)
            return RotaryEmbedding.frequencies(base: plain.base * pow(stretch, power), width: plain.width)
        }
        return length <= longFrom ? frequencies : longFrequencies
    }

    /// The cosines and sines of the angles of positions, each [positions, headWidth / 2], where `tensor` lies.
    ///
    /// - Parameter texts: the positions by text, each of which may be stretched by itself.
    func angles(at texts: [[Int]], like tensor: Tensor) -> DecoderAngles {
        var cosines: [Float] = []
        var sines: [Float] = []
        for positions in texts {
            let frequencies = frequencies(length: (positions.max() ?? 0) + 1)
            for position in positions {
                for frequency in frequencies {
                    cosines.append(Float(cos(Double(position) * frequency) * attentionFactor))
                    sines.append(Float(sin(Double(position) * frequency) * attentionFactor))
                }
            }
        }
        let shape: Shape = [texts.reduce(0) { $0 + $1.count }, frequencies.count]
        return DecoderAngles(
            cosines: Tensor(cosines, shape: shape, like: tensor), sines: Tensor(sines, shape: shape, like: tensor))
    }
}

extension RotaryEmbedding {
    /// The base of the wavelengths that a `config.json` gives: in `rope_parameters`, or beside it.
    static func base(_ fields: ConfigurationFields, default usual: Double = 10000) throws -> Double {
        let rope = try Scaling.parameters(fields)
        if let rope, rope["rope_theta"] != nil { return try rope.number("rope_theta") }
        return try fields.number(fields["rotary_emb_base"] == nil ? "rope_theta" : "rotary_emb_base", default: usual)
    }
}

extension RotaryEmbedding.Scaling {
    fileprivate func applied(to frequencies: [Double], base: Double, isLong: Bool) -> [Double] {
        switch self {
        case .none, .dynamic: return frequencies
        case .linear(let factor): return frequencies.map { $0 / factor }
        case .llama3(let factor, let low, let high, let originalContext):
            return frequencies.map { frequency in
                let turns = originalContext * frequency / (2 * .pi)
                let kept = min(max((turns - low) / (high - low), 0), 1)
                return kept * frequency + (1 - kept) * frequency / factor
            }
        case .longrope(let short, let long, _, _):
            return zip(frequencies, isLong ? long : short).map { $0 / $1 }
        case .yarn(let factor, let fast, let slow, let isWhole, let originalContext, _):
            let width = 2 * Double(frequencies.count)
            // The feature that turns so many times within the context.
            func feature(_ turns: Double) -> Double {
                width * log(originalContext / (turns * 2 * .pi)) / (2 * log(base))
            }
            let (first, last) = (feature(fast), feature(slow))
            let start = max(isWhole ? first.rounded(.down) : first, 0)
            var end = min(isWhole ? last.rounded(.up) : last, width - 1)
            if end == start { end += 0.001 }
            return frequencies.enumerated().map { index, frequency in
                let stretched = min(max((Double(index) - start) / (end - start), 0), 1)
                return stretched * frequency / factor + (1 - stretched) * frequency
            }
        }
    }

    fileprivate var attentionFactor: Double {
        switch self {
        case .none, .linear, .llama3, .dynamic: 1
        case .yarn(_, _, _, _, _, let attention): attention
        case .longrope(_, _, _, let attention): attention
        }
    }

    /// Where a `config.json` says it: in `rope_scaling`, or in `rope_parameters` as Transformers 5 has it, there of layers
    /// without windows if they differ.
    fileprivate static func parameters(_ fields: ConfigurationFields) throws -> ConfigurationFields? {
        guard let rope = try fields.object("rope_parameters") else { return try fields.object("rope_scaling") }
        return try rope.object("full_attention") ?? rope
    }

    /// What a `config.json` says.
    init(_ fields: ConfigurationFields) throws {
        guard let rope = try Self.parameters(fields) else {
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
        case "dynamic":
            let factor = try rope.number("factor")
            guard (1...1024).contains(factor) else { throw rope.problem("factor", "a number from 1 to 1024 is needed") }
            self = .dynamic(factor: factor, context: try fields.integer("max_position_embeddings"))
        case "yarn": self = try Self.yarn(rope, fields)
        case "longrope", "su": self = try Self.longrope(rope, fields)
        default:
            throw rope.problem(
                "rope_type", "it is \(kind); supported are default, linear, dynamic, llama3, yarn, longrope")
        }
    }

    private static func yarn(_ rope: ConfigurationFields, _ fields: ConfigurationFields) throws -> Self {
        let factor = try rope.number("factor")
        func root(_ weight: Double) -> Double { factor <= 1 ? 1 : 0.1 * weight * log(factor) + 1 }
        var attention = root(1)
        if rope["mscale"] != nil, rope["mscale_all_dim"] != nil {
            attention = try root(rope.number("mscale")) / root(rope.number("mscale_all_dim"))
        }
        let original = try rope.number(
            "original_max_position_embeddings", default: fields.number("max_position_embeddings"))
        return .yarn(
            factor: factor, fast: try rope.number("beta_fast", default: 32),
            slow: try rope.number("beta_slow", default: 1), isWhole: try rope.bool("truncate", default: true),
            originalContext: original, attention: try rope.number("attention_factor", default: attention))
    }

    private static func longrope(_ rope: ConfigurationFields, _ fields: ConfigurationFields) throws -> Self {
        let context = try fields.integer("max_position_embeddings")
        let place = rope["original_max_position_embeddings"] == nil ? fields : rope
        let original = try place.integer("original_max_position_embeddings", default: context)
        let usualFactor = Double(context) / Double(original)
        let factor = try rope.number("factor", default: usualFactor)
        let attention = factor <= 1 ? 1 : (1 + log(factor) / log(Double(original))).squareRoot()
        func factors(_ name: String) throws -> [Double] {
            let part = try fields.rotatedPart(default: 1)
            let width = try fields.integer(
                "head_dim", default: fields.integer("hidden_size") / fields.integer("num_attention_heads"))
            let count = Int(Double(width) * part) / 2
            let values = try (rope.array(name) ?? []).compactMap { value -> Double? in
                switch value {
                case .integer(let number): Double(number)
                case .number(let number): number
                default: throw rope.problem(name, "numbers are needed")
                }
            }
            guard values.count == count, values.allSatisfy({ $0 > 0 }) else {
                throw rope.problem(name, "\(count) numbers above 0 are needed, and there are \(values.count)")
            }
            return values
        }
        return .longrope(
            short: try factors("short_factor"), long: try factors("long_factor"), originalContext: original,
            attention: try rope.number("attention_factor", default: attention))
    }

    /// As `rope_parameters` of a `config.json`.
    func field(base: Double) -> JSON {
        var members: [(name: String, value: JSON)] = [("rope_theta", .number(base))]
        switch self {
        case .none: members.append(("rope_type", .string("default")))
        case .linear(let factor): members += [("rope_type", .string("linear")), ("factor", .number(factor))]
        case .dynamic(let factor, _): members += [("rope_type", .string("dynamic")), ("factor", .number(factor))]
        case .llama3(let factor, let low, let high, let originalContext):
            members += [
                ("rope_type", .string("llama3")), ("factor", .number(factor)), ("low_freq_factor", .number(low)),
                ("high_freq_factor", .number(high)),
                ("original_max_position_embeddings", .integer(Int(originalContext))),
            ]
        case .yarn(let factor, let fast, let slow, let isWhole, let originalContext, let attention):
            members += [
                ("rope_type", .string("yarn")), ("factor", .number(factor)), ("beta_fast", .number(fast)),
                ("beta_slow", .number(slow)), ("truncate", .bool(isWhole)),
                ("original_max_position_embeddings", .integer(Int(originalContext))),
                ("attention_factor", .number(attention)),
            ]
        case .longrope(let short, let long, let originalContext, let attention):
            members += [
                ("rope_type", .string("longrope")), ("short_factor", .array(short.map { .number($0) })),
                ("long_factor", .array(long.map { .number($0) })),
                ("original_max_position_embeddings", .integer(originalContext)),
                ("attention_factor", .number(attention)),
            ]
        }
        return .object(members)
    }
}
