import Switchback
import SwitchbackFormats

/// ModernBERT (Warner et al., "Smarter, Better, Faster, Longer", 2024): an encoder with rotary positions, gated networks, and
/// layers of which most see only what is near, with the names of Hugging Face's `ModernBertForMaskedLM`.
public final class ModernBERT: TextEncoder {
    public let sizes: ModernBERTConfiguration
    private let model: Body
    /// Tells words; `nil` in a model that only makes vectors.
    private let head: Head?
    private let decoder: Linear?

    private final class Body: Module {
        let embeddings: Embeddings
        let layers: [Layer]
        let finalNorm: LayerNorm

        init(_ c: ModernBERTConfiguration) {
            embeddings = Embeddings(c)
            layers = c.windows.indices.map { Layer(c, index: $0) }
            finalNorm = c.norm()
        }
    }

    /// - Parameter hasHead: whether it tells words, and not only makes vectors.
    public init(_ configuration: ModernBERTConfiguration, hasHead: Bool = true) {
        let c = configuration
        sizes = c
        model = Body(c)
        head = hasHead ? Head(c) : nil
        decoder =
            hasHead
            ? Linear(
                weight: model.embeddings.tokEmbeddings.weight,
                bias: c.hasDecoderBias ? Parameter([c.vocabularySize], .zeros) : nil) : nil
        super.init(
            vocabularySize: c.vocabularySize, contextLength: c.contextLength, width: c.width,
            paddingToken: c.paddingToken)
    }

    public override func features(_ tokens: Tensor, mask: Tensor? = nil, segments: Tensor? = nil) -> Tensor {
        let length = tokens.size(1)
        let visible = mask.map { $0.ne(0).unsqueeze(1).unsqueeze(1) }  // broadcasts over heads and queries
        var x = model.embeddings(tokens)
        let (far, near) = (
            Sight(length, sizes.headWidth, base: sizes.farBase, window: nil, visible, like: x),
            Sight(length, sizes.headWidth, base: sizes.nearBase, window: sizes.window, visible, like: x)
        )
        for (layer, isNear) in zip(model.layers, sizes.windows) { x = layer(x, isNear ? near : far) }
        return model.finalNorm(x)
    }

    public override func words(_ features: Tensor) -> Tensor {
        guard let head, let decoder else { return super.words(features) }
        return decoder(head(features))
    }

    /// What the layers of a kind see of a text, and the angles by which they tell positions.
    private struct Sight {
        let angles: DecoderAngles
        /// Broadcasts to [N, heads, T, T]; `nil` where all is seen.
        let mask: Tensor?

        /// - Parameter window: how far away a token may be to be seen.
        init(_ length: Int, _ width: Int, base: Double, window: Int?, _ visible: Tensor?, like x: Tensor) {
            angles = RotaryEmbedding(headWidth: width, base: base, scaling: .none)
                .angles(at: [Array(0..<length)], like: x)
            guard let window, window < length - 1 else {
                mask = visible
                return
            }
            let near = (0..<length).flatMap { query in
                (0..<length).map { Float(abs(query - $0) <= window ? 1 : 0) }
            }
            let band = Tensor(near, shape: [1, 1, length, length], like: x).ne(0)
            mask = visible.map { band.logicalAnd($0) } ?? band
        }
    }

    private final class Embeddings: Module {
        let tokEmbeddings: Embedding
        let norm: LayerNorm

        init(_ c: ModernBERTConfiguration) {
            tokEmbeddings = Embedding(c.vocabularySize, c.width, paddingIndex: c.paddingToken)
            norm = c.norm()
        }

        override func forward(_ tokens: Tensor) -> Tensor { norm(tokEmbeddings(tokens)) }
    }

    /// Attention and a gated network, each with a normalization before it and a shortcut around it. What the first layer
    /// reads is normalized already.
    private final class Layer: Module {
        let attnNorm: LayerNorm?
        let attn: Attention
        let mlpNorm: LayerNorm
        let mlp: GatedNetwork

        init(_ c: ModernBERTConfiguration, index: Int) {
            attnNorm = index == 0 ? nil : c.norm()
            attn = Attention(c)
            mlpNorm = c.norm()
            mlp = GatedNetwork(c)
        }

        func callAsFunction(_ x: Tensor, _ sight: Sight) -> Tensor {
            running(x) {
                let attended = x + attn(attnNorm?(x) ?? x, sight)
                return attended + mlp(mlpNorm(attended))
            }
        }
    }

    private final class Attention: Module {
        let projections, output: Linear
        private let heads: Int

        init(_ c: ModernBERTConfiguration) {
            projections = Linear(c.width, 3 * c.width, bias: c.hasAttentionBias)
            output = Linear(c.width, c.width, bias: c.hasAttentionBias)
            heads = c.heads
        }

        override var partNames: [String: String] { ["projections": "Wqkv", "output": "Wo"] }

        func callAsFunction(_ x: Tensor, _ sight: Sight) -> Tensor {
            running(x) {
                let parts = projections(x).chunk(3, dim: 2).map { $0.heads(heads) }
                let mixed = Tensor.scaledDotProductAttention(
                    sight.angles.turn(parts[0]), sight.angles.turn(parts[1]), parts[2], mask: sight.mask)
                return output(mixed.joiningHeads())
            }
        }
    }

    private final class GatedNetwork: Module {
        let input, output: Linear
        private let activation: DecoderActivation

        init(_ c: ModernBERTConfiguration) {
            input = Linear(c.width, 2 * c.feedForward, bias: c.hasNetworkBias)
            output = Linear(c.feedForward, c.width, bias: c.hasNetworkBias)
            activation = c.activation
        }

        override var partNames: [String: String] { ["input": "Wi", "output": "Wo"] }

        override func forward(_ x: Tensor) -> Tensor {
            let parts = input(x).chunk(2, dim: 2)
            return output(activation(parts[0]) * parts[1])
        }
    }

    private final class Head: Module {
        let dense: Linear
        let norm: LayerNorm
        private let activation: DecoderActivation

        init(_ c: ModernBERTConfiguration) {
            dense = Linear(c.width, c.width, bias: c.hasHeadBias)
            norm = c.norm()
            activation = c.headActivation
        }

        override func forward(_ x: Tensor) -> Tensor { norm(activation(dense(x))) }
    }
}

/// The sizes of a ModernBERT. Dropout is left out: the model is only used.
public struct ModernBERTConfiguration: Sendable {
    public let vocabularySize, contextLength, width, heads, feedForward: Int
    public let paddingToken: Int?
    /// For each layer whether it sees only what is near.
    public let windows: [Bool]
    /// How far those see, to either side.
    public let window: Int
    /// The bases of the angles of layers that see all, and of the others.
    let farBase, nearBase: Double
    let epsilon: Double
    let hasNormBias, hasAttentionBias, hasNetworkBias, hasHeadBias, hasDecoderBias: Bool
    let activation, headActivation: DecoderActivation

    var headWidth: Int { width / heads }

    /// A normalization of a token's vector.
    fileprivate func norm() -> LayerNorm { LayerNorm(width, eps: epsilon, bias: hasNormBias) }

    /// The contents of a Hugging Face `config.json`: as Transformers 5 writes it, or as ModernBERT was published.
    public init(_ fields: ConfigurationFields) throws {
        vocabularySize = try fields.integer("vocab_size")
        contextLength = try fields.integer("max_position_embeddings")
        width = try fields.integer("hidden_size")
        heads = try fields.integer("num_attention_heads")
        feedForward = try fields.integer("intermediate_size")
        paddingToken = try fields.paddingToken(of: vocabularySize)
        windows = try ModernBERTConfiguration.windows(fields)
        window = try fields.integer("local_attention", default: 128) / 2
        farBase = try ModernBERTConfiguration.base(fields, "full_attention", "global_rope_theta", default: 160_000)
        nearBase = try ModernBERTConfiguration.base(fields, "sliding_attention", "local_rope_theta", default: 10_000)
        epsilon = try fields.number("norm_eps", default: 1e-5)
        hasNormBias = try fields.bool("norm_bias", default: false)
        hasAttentionBias = try fields.bool("attention_bias", default: false)
        hasNetworkBias = try fields.bool("mlp_bias", default: false)
        hasHeadBias = try fields.bool("classifier_bias", default: false)
        hasDecoderBias = try fields.bool("decoder_bias", default: true)
        activation = try DecoderActivation(fields, "hidden_activation", default: "gelu")
        headActivation = try DecoderActivation(fields, "classifier_activation", default: "gelu")
        try fields.requireDivisible("hidden_size", by: "num_attention_heads")
        try fields.requireOnly("tie_word_embeddings", true)
        guard headWidth % 2 == 0 else {
            throw fields.problem("hidden_size", "its \(heads) heads have \(headWidth) features, which are not pairs")
        }
    }

    private static func windows(_ fields: ConfigurationFields) throws -> [Bool] {
        let count = try fields.integer("num_hidden_layers")
        guard let kinds = try fields.array("layer_types") else {
            let interval = try fields.integer("global_attn_every_n_layers", default: 3)
            return (0..<count).map { $0 % interval != 0 }
        }
        guard kinds.count == count else {
            throw fields.problem("layer_types", "it has \(kinds.count) entries for \(count) layers")
        }
        return try kinds.map { kind in
            switch kind {
            case .string("sliding_attention"): return true
            case .string("full_attention"): return false
            default: throw fields.problem("layer_types", "only sliding_attention and full_attention are supported")
            }
        }
    }

    private static func base(
        _ fields: ConfigurationFields, _ kind: String, _ publishedName: String, default usual: Double
    ) throws -> Double {
        guard let rope = try fields.object("rope_parameters")?.object(kind) else {
            return try fields.number(publishedName, default: usual)
        }
        try rope.requireOnly("rope_type", ["default"], default: "default")
        return try rope.number("rope_theta", default: usual)
    }
}
