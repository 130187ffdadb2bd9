import Switchback
import SwitchbackFormats

/// GPT-2 (Radford et al., "Language Models are Unsupervised Multitask Learners", 2019), with the names of Hugging
/// Face's `GPT2LMHeadModel`.
public final class GPT2: LanguageModel {
    public let sizes: GPT2Configuration
    private let transformer: Body
    private let lmHead: Linear

    /// What lies between tokens and output: embeddings, blocks, a last normalization.
    private final class Body: Module {
        let wte, wpe: Embedding
        let drop: Dropout
        let h: [Block]
        let lnF: LayerNorm

        init(_ c: GPT2Configuration) {
            wte = Embedding(c.vocabularySize, c.width)
            wpe = Embedding(c.contextLength, c.width)
            drop = Dropout(p: c.embeddingDropout)
            h = (0..<c.layers).map { Block(c, index: $0) }
            lnF = LayerNorm(c.width, eps: c.epsilon, bias: c.bias)
        }
    }

    public init(_ configuration: GPT2Configuration = GPT2Configuration()) {
        sizes = configuration
        transformer = Body(configuration)
        lmHead =
            configuration.tiesEmbeddings
            ? Linear(weight: transformer.wte.weight)
            : Linear(configuration.width, configuration.vocabularySize, bias: false)
        super.init(vocabularySize: configuration.vocabularySize, contextLength: configuration.contextLength)
        initialize(residualLayers: 2 * configuration.layers)
    }

    /// Normal with deviation 0.02; what is added to the residual stream is scaled down by the number of such sums.
    private func initialize(residualLayers: Int) {
        for (name, parameter) in namedParameters {
            let isResidual = name.hasSuffix("c_proj.weight")
            let deviation = 0.02 / (isResidual ? Double(residualLayers).squareRoot() : 1)
            if parameter.rank > 1 { parameter.initialize(.normal(standardDeviation: deviation)) }
            if name.hasSuffix("bias") { parameter.initialize(.zeros) }
        }
    }

    public override var hasBlocks: Bool { true }

    public override func features(_ tokens: Tensor, memory: ReadingMemory? = nil) -> Tensor {
        let cache = memory as? AttentionMemory
        let count = tokens.size(1)
        let positions = cache?.positions(of: count).flatMap { $0 } ?? Array(0..<count)
        var x = transformer.drop(
            transformer.wte(tokens) + transformer.wpe(Tensor(positions, shape: [count], like: tokens)))
        for block in transformer.h { x = recomputing(x) { block($0, cache: cache) } }
        cache?.advance(by: count)
        return transformer.lnF(x)
    }

    public override var outputWeight: Parameter { lmHead.weight }

    public override func makeMemory(batch: Int, capacity: Int) -> ReadingMemory {
        let c = sizes
        return KeyValueCache(
            layers: c.layers, batch: batch, heads: c.heads, capacity: capacity, headWidth: c.width / c.heads)
    }

    public override var configurationFields: [(name: String, value: JSON)] { sizes.fields }

    /// Attention and a two-layer network, each added to what came in.
    private final class Block: Module {
        let ln1: LayerNorm
        let attn: Attention
        let ln2: LayerNorm
        let mlp: FeedForward

        init(_ c: GPT2Configuration, index: Int) {
            ln1 = LayerNorm(c.width, eps: c.epsilon, bias: c.bias)
            attn = Attention(c, index: index)
            ln2 = LayerNorm(c.width, eps: c.epsilon, bias: c.bias)
            mlp = FeedForward(c)
        }

        override var partNames: [String: String] { ["ln1": "ln_1", "ln2": "ln_2"] }

        func callAsFunction(_ x: Tensor, cache: AttentionMemory?) -> Tensor {
            running(x) {
                let attended = x + attn(ln1(x), cache: cache)
                return attended + mlp(ln2(attended))
            }
        }
    }

    private final class Attention: Module {
        let cAttn, cProj: Conv1D
        let attnDropout: Double
        let residDropout: Dropout
        let heads, index: Int

        init(_ c: GPT2Configuration, index: Int) {
            cAttn = Conv1D(c.width, 3 * c.width, bias: c.bias)
            cProj = Conv1D(c.width, c.width, bias: c.bias)
            attnDropout = c.attentionDropout
            residDropout = Dropout(p: c.residualDropout)
            heads = c.heads
            self.index = index
        }

        func callAsFunction(_ x: Tensor, cache: AttentionMemory?) -> Tensor {
            running(x) {
                let parts = cAttn(x).chunk(3, dim: 2).map { $0.heads(heads) }
                let mixed =
                    cache?.attend(index, query: parts[0], key: parts[1], value: parts[2])
                    ?? Tensor.causalAttention(
                        parts[0], parts[1], parts[2], dropout: isTraining ? attnDropout : 0)
                return residDropout(cProj(mixed.joiningHeads()))
            }
        }
    }

    private final class FeedForward: Module {
        let cFc, cProj: Conv1D
        let dropout: Dropout

        init(_ c: GPT2Configuration) {
            cFc = Conv1D(c.width, c.feedForward, bias: c.bias)
            cProj = Conv1D(c.feedForward, c.width, bias: c.bias)
            dropout = Dropout(p: c.residualDropout)
        }

        override func forward(_ x: Tensor) -> Tensor { dropout(cProj(cFc(x).gelu(approximate: .tanh))) }
    }

    /// A linear layer whose weight lies the other way around, [inputs, outputs], as in GPT-2's checkpoints.
    private final class Conv1D: Module, AffineLayer {
        let weight: Parameter
        let bias: Parameter?
        var isTransposed: Bool { true }

        init(_ inputs: Int, _ outputs: Int, bias: Bool) {
            weight = Parameter([inputs, outputs], .normal(standardDeviation: 0.02))
            self.bias = bias ? Parameter([outputs], .zeros) : nil
        }

        override func forward(_ x: Tensor) -> Tensor { x.linear(transposedWeight: weight, bias: bias) }

        override func operationCount(input: Tensor, output: Tensor) -> Int { 2 * output.count * weight.size(0) }
    }
}

/// The sizes of a GPT-2; the defaults are those of its smallest, of 124 million parameters.
public struct GPT2Configuration: Sendable, Equatable {
    public var vocabularySize = 50257
    public var contextLength = 1024
    public var width = 768
    public var layers = 12
    public var heads = 12
    /// The size of the layer inside each block's network.
    public var feedForward = 4 * 768
    /// Whether linear layers and normalizations have biases; Hugging Face's always do.
    public var bias = true
    /// Whether the output layer's weight is the table of the input, as in all published ones.
    public var tiesEmbeddings = true
    public var embeddingDropout = 0.0
    public var attentionDropout = 0.0
    public var residualDropout = 0.0
    /// Added to variances.
    public var epsilon = 1e-5

    public init() {}

    /// A size of your own, with one probability of dropout throughout.
    public init(
        vocabularySize: Int, contextLength: Int, width: Int, layers: Int, heads: Int, bias: Bool = true,
        dropout: Double = 0
    ) {
        self.vocabularySize = vocabularySize
        self.contextLength = contextLength
        self.width = width
        self.layers = layers
        self.heads = heads
        self.bias = bias
        feedForward = 4 * width
        embeddingDropout = dropout
        attentionDropout = dropout
        residualDropout = dropout
    }

    /// The contents of a Hugging Face `config.json`.
    public init(_ fields: ConfigurationFields) throws {
        vocabularySize = try fields.integer("vocab_size")
        contextLength = try fields.integer("n_positions", default: 1024)
        width = try fields.integer("n_embd")
        layers = try fields.integer("n_layer")
        heads = try fields.integer("n_head")
        feedForward = try fields.integer("n_inner", default: 4 * width)
        bias = try fields.bool("bias", default: true)
        embeddingDropout = try fields.probability("embd_pdrop", default: 0.1)
        attentionDropout = try fields.probability("attn_pdrop", default: 0.1)
        residualDropout = try fields.probability("resid_pdrop", default: 0.1)
        epsilon = try fields.number("layer_norm_epsilon", default: 1e-5)
        try fields.requireDivisible("n_embd", by: "n_head")
        try fields.requireOnly("activation_function", ["gelu_new", "gelu_pytorch_tanh"], default: "gelu_new")
        try fields.requireOnly("scale_attn_weights", true)
        try fields.requireOnly("scale_attn_by_inverse_layer_idx", false)
        try fields.requireOnly("add_cross_attention", false)
        tiesEmbeddings = try fields.bool("tie_word_embeddings", default: true)
    }

    var fields: [(name: String, value: JSON)] {
        [
            ("architectures", .array([.string("GPT2LMHeadModel")])), ("model_type", .string("gpt2")),
            ("vocab_size", .integer(vocabularySize)), ("n_positions", .integer(contextLength)),
            ("n_embd", .integer(width)), ("n_layer", .integer(layers)), ("n_head", .integer(heads)),
            ("n_inner", .integer(feedForward)), ("bias", .bool(bias)), ("embd_pdrop", .number(embeddingDropout)),
            ("attn_pdrop", .number(attentionDropout)), ("resid_pdrop", .number(residualDropout)),
            ("layer_norm_epsilon", .number(epsilon)), ("activation_function", .string("gelu_new")),
            ("tie_word_embeddings", .bool(tiesEmbeddings)),
        ]
    }
}
