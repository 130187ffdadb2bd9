import Switchback
import SwitchbackFormats

/// The sizes of a BERT.
public struct BERTConfiguration: Sendable, Equatable {
    public enum Activation: String, Sendable, CaseIterable {
        case gelu, relu, silu
        case geluTanh = "gelu_new"

        func callAsFunction(_ x: Tensor) -> Tensor {
            switch self {
            case .gelu: x.gelu()
            case .relu: x.relu()
            case .silu: x.silu()
            case .geluTanh: x.gelu(approximate: .tanh)
            }
        }
    }

    public var vocabularySize: Int
    public var contextLength: Int
    public var width: Int
    public var layers: Int
    public var heads: Int
    public var feedForward: Int
    /// How many kinds of sentences are told apart; 0 if none are.
    public var segments = 2
    /// The number of a text's first position: RoBERTa does not begin with 0.
    public var firstPosition = 0
    public var paddingToken: Int? = 0
    public var activation = Activation.gelu
    public var dropout = 0.1
    public var attentionDropout = 0.1
    /// Added to variances.
    public var epsilon = 1e-12

    public init(vocabularySize: Int, contextLength: Int, width: Int, layers: Int, heads: Int) {
        self.vocabularySize = vocabularySize
        self.contextLength = contextLength
        self.width = width
        self.layers = layers
        self.heads = heads
        feedForward = 4 * width
    }

    /// The contents of a Hugging Face `config.json`, of which `model_type` is `bert`, `roberta`, `xlm-roberta` or `distilbert`.
    public init(_ fields: ConfigurationFields) throws {
        let kind = try fields.string("model_type", default: "bert")
        if kind.isExactly("distilbert") {
            try self.init(distilled: fields)
        } else {
            try self.init(fields, kind: kind)
        }
    }

    private init(_ fields: ConfigurationFields, kind: String) throws {
        vocabularySize = try fields.integer("vocab_size")
        contextLength = try fields.integer("max_position_embeddings")
        width = try fields.integer("hidden_size")
        layers = try fields.integer("num_hidden_layers")
        heads = try fields.integer("num_attention_heads")
        feedForward = try fields.integer("intermediate_size")
        segments = try fields.integer("type_vocab_size", default: 2)
        paddingToken = try fields.paddingToken(of: vocabularySize)
        if ["roberta", "xlm-roberta"].contains(where: kind.isExactly) {
            firstPosition = (paddingToken ?? 1) + 1
            contextLength -= firstPosition
            guard contextLength > 0 else {
                throw fields.problem("max_position_embeddings", "it has no room behind the first \(firstPosition)")
            }
        }
        dropout = try fields.probability("hidden_dropout_prob", default: 0.1)
        attentionDropout = try fields.probability("attention_probs_dropout_prob", default: 0.1)
        epsilon = try fields.number("layer_norm_eps", default: 1e-12)
        try fields.requireOnly("hidden_act", Activation.allCases.map(\.rawValue), default: "gelu")
        activation = Activation(rawValue: try fields.string("hidden_act", default: "gelu")) ?? .gelu
        try fields.requireDivisible("hidden_size", by: "num_attention_heads")
        try fields.requireOnly("is_decoder", false)
        try fields.requireOnly("position_embedding_type", ["absolute"], default: "absolute")
        try fields.requireOnly("tie_word_embeddings", true)
    }

    /// DistilBERT has other names for the same.
    private init(distilled fields: ConfigurationFields) throws {
        self.init(
            vocabularySize: try fields.integer("vocab_size"),
            contextLength: try fields.integer("max_position_embeddings"), width: try fields.integer("dim"),
            layers: try fields.integer("n_layers"), heads: try fields.integer("n_heads"))
        feedForward = try fields.integer("hidden_dim")
        segments = 0
        paddingToken = try fields.paddingToken(of: vocabularySize) ?? 0
        dropout = try fields.probability("dropout", default: 0.1)
        attentionDropout = try fields.probability("attention_dropout", default: 0.1)
        try fields.requireOnly("activation", Activation.allCases.map(\.rawValue), default: "gelu")
        activation = Activation(rawValue: try fields.string("activation", default: "gelu")) ?? .gelu
        try fields.requireDivisible("dim", by: "n_heads")
    }
}

extension ConfigurationFields {
    /// `pad_token_id`, which is one of so many tokens; `nil` without one.
    func paddingToken(of count: Int) throws -> Int? {
        guard self["pad_token_id"] != nil else { return nil }
        let token = try integer("pad_token_id", minimum: 0)
        guard token < count else {
            throw problem("pad_token_id", "\(token) is not a token of a vocabulary of \(count)")
        }
        return token
    }
}
