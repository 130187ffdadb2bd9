import Switchback
import SwitchbackFormats

/// The sizes of a Llama, or of a family that differs from it.
public struct LlamaConfiguration: Sendable, Equatable {
    public var family = Family.llama {
        didSet { style = DecoderStyle(headNorm: family == .qwen3 ? .single : .none) }
    }
    /// What the family has that Llama has not.
    private(set) var style = DecoderStyle()
    /// The `config.json` that the sizes come from, where the family has more in it than is read here.
    private var source: KeptFields?
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
        keyValueHeads = try family.keyValueHeads(fields, heads: heads)
        if fields["head_dim"] == nil { try fields.requireDivisible("hidden_size", by: "num_attention_heads") }
        headWidth = try fields.integer("head_dim", default: width / heads)
        let usual = family.usual
        let inside = usual.insideName
        feedForward =
            try family == .falcon ? fields.integer(inside, default: 4 * width) : fields.integer(inside)
        (queryBias, outputBias, feedForwardBias) = try family.biases(fields)
        tiesEmbeddings = try fields.bool("tie_word_embeddings", default: usual.tiesEmbeddings)
        rotaryBase = try RotaryEmbedding.base(fields, default: usual.rotaryBase)
        rotaryScaling = try RotaryEmbedding.Scaling(fields)
        epsilon = try fields.number(usual.epsilonName, default: usual.epsilon)
        style = try family.style(fields, layers: layers)
        if style.activation == .silu {
            style.activation = try DecoderActivation(fields, usual.activationName, default: usual.activation)
        }
        style.dropouts.attention = try fields.probability("attention_dropout", default: 0)
        // Texts that are longer than a model learned from are what its angles are stretched for.
        if case .dynamic(let factor, _) = rotaryScaling { contextLength = Int(Double(contextLength) * factor) }
        if keyValueHeads > heads || heads % keyValueHeads != 0 {
            throw fields.problem("num_key_value_heads", "the \(heads) heads cannot share \(keyValueHeads)")
        }
        let rotated = Int(Double(headWidth) * style.rotatedPart)
        if style.positions == .rotary, rotated % 2 != 0 || rotated == 0 {
            throw fields.problem(
                "head_dim", "\(rotated) features of each head are rotated, and they are turned in pairs")
        }
        try fields.requireOnly("use_sliding_window", false)
        if !LlamaConfiguration.own.contains(family) { source = KeptFields(fields) }
    }

    /// Families whose `config.json` holds nothing but what is read.
    private static let own: [Family] = [.llama, .qwen2, .qwen3]

    /// A normalization as the family has it.
    func makeNorm(_ features: Int) -> Module {
        switch style.norm {
        case .rms: RMSNorm(features, eps: epsilon)
        case .rmsAroundOne: RMSNormAroundOne(features, eps: epsilon)
        case .layer: LayerNorm(features, eps: epsilon)
        }
    }

    var fields: [(name: String, value: JSON)] {
        if let source { return source.members }
        // The longer texts that a dynamic base allows are not part of it.
        var context = contextLength
        if case .dynamic(_, let own) = rotaryScaling { context = own }
        let architecture = ["llama": "LlamaForCausalLM", "qwen2": "Qwen2ForCausalLM", "qwen3": "Qwen3ForCausalLM"]
        return [
            ("architectures", .array([.string(architecture[family.rawValue] ?? "")])),
            ("model_type", .string(family.rawValue)), ("vocab_size", .integer(vocabularySize)),
            ("max_position_embeddings", .integer(context)), ("hidden_size", .integer(width)),
            ("num_hidden_layers", .integer(layers)), ("num_attention_heads", .integer(heads)),
            ("num_key_value_heads", .integer(keyValueHeads)), ("head_dim", .integer(headWidth)),
            ("intermediate_size", .integer(feedForward)), ("attention_bias", .bool(outputBias)),
            ("mlp_bias", .bool(feedForwardBias)), ("tie_word_embeddings", .bool(tiesEmbeddings)),
            ("rope_parameters", rotaryScaling.field(base: rotaryBase)), ("rms_norm_eps", .number(epsilon)),
            ("hidden_act", .string("silu")),
        ]
    }
}

/// The members of a `config.json`, which are written as they were read.
private struct KeptFields: Sendable, Equatable {
    let members: [(name: String, value: JSON)]

    init(_ fields: ConfigurationFields) { members = fields.names.map { ($0, fields[$0] ?? .null) } }

    static func == (a: KeptFields, b: KeptFields) -> Bool {
        "\(JSON.object(a.members))".isExactly("\(JSON.object(b.members))")
    }
}
