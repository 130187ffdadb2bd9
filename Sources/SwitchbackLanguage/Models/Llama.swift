import Switchback
import SwitchbackFormats

/// Llama (Touvron et al., 2023; Grattafiori et al., "The Llama 3 Herd of Models", 2024), with the names of Hugging
/// Face's `LlamaForCausalLM`. Qwen 2 and Qwen 3 are the same but for biases and normalized queries and keys, which
/// `LlamaConfiguration.family` tells.
public final class Llama: LanguageModel {
    public let sizes: LlamaConfiguration
    private let model: Body
    private let lmHead: Linear
    private let rotary: RotaryEmbedding

    private final class Body: Module {
        let embedTokens: Embedding
        let layers: [Block]
        let norm: RMSNorm

        init(_ c: LlamaConfiguration) {
            embedTokens = Embedding(c.vocabularySize, c.width)
            layers = (0..<c.layers).map { Block(c, index: $0) }
            norm = RMSNorm(c.width, eps: c.epsilon)
        }
    }

    public init(_ configuration: LlamaConfiguration) {
        sizes = configuration
        model = Body(configuration)
        lmHead =
            configuration.tiesEmbeddings
            ? Linear(weight: model.embedTokens.weight)
            : Linear(configuration.width, configuration.vocabularySize, bias: false)
        rotary = RotaryEmbedding(
            headWidth: configuration.headWidth, base: configuration.rotaryBase, scaling: configuration.rotaryScaling)
        super.init(vocabularySize: configuration.vocabularySize, contextLength: configuration.contextLength)
        for (name, parameter) in namedParameters {
            if parameter.rank > 1 { parameter.initialize(.normal(standardDeviation: 0.02)) }
            if name.hasSuffix("bias") { parameter.initialize(.zeros) }
        }
    }

    public override var hasBlocks: Bool { true }

    public override func features(_ tokens: Tensor, memory: ReadingMemory? = nil) -> Tensor {
        let cache = memory as? AttentionMemory
        let count = tokens.size(1)
        let angles = rotary.angles(at: cache?.positions(of: count) ?? Array(0..<count), like: tokens)
        var x = model.embedTokens(tokens)
        for layer in model.layers { x = recomputing(x) { layer($0, angles, cache: cache) } }
        cache?.advance(by: count)
        return model.norm(x)
    }

    public override var outputWeight: Parameter { lmHead.weight }

    public override func makeMemory(batch: Int, capacity: Int) -> ReadingMemory {
        KeyValueCache(
            layers: sizes.layers, batch: batch, heads: sizes.keyValueHeads, capacity: capacity,
            headWidth: sizes.headWidth)
    }

    public override var configurationFields: [(name: String, value: JSON)] { sizes.fields }

    fileprivate typealias Angles = (cosines: Tensor, sines: Tensor)

    /// Attention and a gated network, each added to what came in.
    private final class Block: Module {
        let selfAttn: Attention
        let mlp: FeedForward
        let inputLayernorm, postAttentionLayernorm: RMSNorm

        init(_ c: LlamaConfiguration, index: Int) {
            selfAttn = Attention(c, index: index)
            mlp = FeedForward(c)
            inputLayernorm = RMSNorm(c.width, eps: c.epsilon)
            postAttentionLayernorm = RMSNorm(c.width, eps: c.epsilon)
        }

        func callAsFunction(_ x: Tensor, _ angles: Angles, cache: AttentionMemory?) -> Tensor {
            running(x) {
                let attended = x + selfAttn(inputLayernorm(x), angles, cache: cache)
                return attended + mlp(postAttentionLayernorm(attended))
            }
        }
    }

    /// Attention in which neighbouring heads of queries share keys and values (Ainslie et al., "GQA", 2023).
    private final class Attention: Module {
        let qProj, kProj, vProj, oProj: Linear
        let qNorm, kNorm: RMSNorm?
        let heads, keyValueHeads, index: Int

        init(_ c: LlamaConfiguration, index: Int) {
            let (queries, shared) = (c.heads * c.headWidth, c.keyValueHeads * c.headWidth)
            qProj = Linear(c.width, queries, bias: c.queryBias)
            kProj = Linear(c.width, shared, bias: c.queryBias)
            vProj = Linear(c.width, shared, bias: c.queryBias)
            oProj = Linear(queries, c.width, bias: c.outputBias)
            qNorm = c.family == .qwen3 ? RMSNorm(c.headWidth, eps: c.epsilon) : nil
            kNorm = c.family == .qwen3 ? RMSNorm(c.headWidth, eps: c.epsilon) : nil
            heads = c.heads
            keyValueHeads = c.keyValueHeads
            self.index = index
        }

        func callAsFunction(_ x: Tensor, _ angles: Angles, cache: AttentionMemory?) -> Tensor {
            running(x) {
                var queries = qProj(x).heads(heads)
                var keys = kProj(x).heads(keyValueHeads)
                let values = vProj(x).heads(keyValueHeads)
                if let qNorm, let kNorm { (queries, keys) = (qNorm(queries), kNorm(keys)) }
                queries = queries.rotary(cosines: angles.cosines, sines: angles.sines)
                keys = keys.rotary(cosines: angles.cosines, sines: angles.sines)
                let mixed =
                    cache?.attend(index, query: queries, key: keys, value: values)
                    ?? Tensor.causalAttention(queries, keys, values)
                return oProj(mixed.joiningHeads())
            }
        }
    }

    /// SwiGLU (Shazeer, "GLU Variants Improve Transformer", 2020).
    private final class FeedForward: Module {
        let gateProj, upProj, downProj: Linear

        init(_ c: LlamaConfiguration) {
            gateProj = Linear(c.width, c.feedForward, bias: c.feedForwardBias)
            upProj = Linear(c.width, c.feedForward, bias: c.feedForwardBias)
            downProj = Linear(c.feedForward, c.width, bias: c.feedForwardBias)
        }

        override func forward(_ x: Tensor) -> Tensor { downProj(gateProj(x).silu() * upProj(x)) }
    }
}

/// The sizes of a Llama or Qwen.
public struct LlamaConfiguration: Sendable, Equatable {
    /// The names are the `model_type` of Hugging Face.
    public enum Family: String, Sendable, CaseIterable { case llama, qwen2, qwen3 }

    public var family = Family.llama
    public var vocabularySize: Int
    public var contextLength: Int
    public var width: Int
    public var layers: Int
    public var heads: Int
    /// Heads of keys and values, each shared by `heads / keyValueHeads` heads of queries.
    public var keyValueHeads: Int
    public var headWidth: Int
    /// The size of the layer inside each block's network.
    public var feedForward: Int
    /// Whether the projections to queries, keys and values, that from attention, and the network have biases.
    public var queryBias = false
    public var outputBias = false
    public var feedForwardBias = false
    /// Whether the output layer's weight is the table of the input.
    public var tiesEmbeddings = false
    /// The base of the rotation's wavelengths.
    public var rotaryBase = 10000.0
    var rotaryScaling = RotaryEmbedding.Scaling.none
    /// Added to mean squares.
    public var epsilon = 1e-6

    /// A Llama of your own; the inner layer is as wide as makes about as many parameters as four times the width would
    /// without the gate.
    public init(
        vocabularySize: Int, contextLength: Int, width: Int, layers: Int, heads: Int, keyValueHeads: Int? = nil
    ) {
        self.vocabularySize = vocabularySize
        self.contextLength = contextLength
        self.width = width
        self.layers = layers
        self.heads = heads
        self.keyValueHeads = keyValueHeads ?? heads
        headWidth = width / heads
        feedForward = (8 * width / 3 + 31) / 32 * 32
        tiesEmbeddings = true
    }

    /// The contents of a Hugging Face `config.json`.
    public init(_ fields: ConfigurationFields, family: Family) throws {
        self.family = family
        vocabularySize = try fields.integer("vocab_size")
        contextLength = try fields.integer("max_position_embeddings")
        width = try fields.integer("hidden_size")
        layers = try fields.integer("num_hidden_layers")
        heads = try fields.integer("num_attention_heads")
        keyValueHeads = try fields.integer("num_key_value_heads", default: heads)
        headWidth = try fields.integer("head_dim", default: width / heads)
        feedForward = try fields.integer("intermediate_size")
        let bias = try fields.bool("attention_bias", default: false)
        queryBias = family == .qwen2 ? true : bias
        outputBias = family == .qwen2 ? false : bias
        feedForwardBias = try fields.bool("mlp_bias", default: false)
        tiesEmbeddings = try fields.bool("tie_word_embeddings", default: false)
        let rope = try fields.object("rope_parameters")
        rotaryBase = try rope?.number("rope_theta") ?? fields.number("rope_theta", default: 10000)
        rotaryScaling = try RotaryEmbedding.Scaling(fields)
        epsilon = try fields.number("rms_norm_eps", default: 1e-6)
        if keyValueHeads > heads || heads % keyValueHeads != 0 {
            throw fields.problem("num_key_value_heads", "the \(heads) heads cannot share \(keyValueHeads)")
        }
        if headWidth % 2 != 0 { throw fields.problem("head_dim", "\(headWidth) is odd, and pairs are rotated") }
        try fields.requireOnly("hidden_act", ["silu"], default: "silu")
        try fields.requireOnly("use_sliding_window", false)
    }

    var fields: [(name: String, value: JSON)] {
        let architecture = ["llama": "LlamaForCausalLM", "qwen2": "Qwen2ForCausalLM", "qwen3": "Qwen3ForCausalLM"]
        return [
            ("architectures", .array([.string(architecture[family.rawValue] ?? "")])),
            ("model_type", .string(family.rawValue)), ("vocab_size", .integer(vocabularySize)),
            ("max_position_embeddings", .integer(contextLength)), ("hidden_size", .integer(width)),
            ("num_hidden_layers", .integer(layers)), ("num_attention_heads", .integer(heads)),
            ("num_key_value_heads", .integer(keyValueHeads)), ("head_dim", .integer(headWidth)),
            ("intermediate_size", .integer(feedForward)), ("attention_bias", .bool(outputBias)),
            ("mlp_bias", .bool(feedForwardBias)), ("tie_word_embeddings", .bool(tiesEmbeddings)),
            ("rope_parameters", rotaryScaling.field(base: rotaryBase)), ("rms_norm_eps", .number(epsilon)),
            ("hidden_act", .string("silu")),
        ]
    }
}
