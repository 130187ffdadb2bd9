import Foundation
import Switchback
import SwitchbackFormats

/// A transformer that turns one sequence into another (Vaswani et al., "Attention is all you need", 2017).
public final class SequenceToSequence: EncoderDecoder {
    public let sizes: SequenceToSequenceConfiguration
    private let sourceEmbedding, targetEmbedding: Embedding
    private let encoder: TransformerEncoder
    private let decoder: TransformerDecoder
    private let head: Linear
    private let dropout: Dropout

    public init(_ configuration: SequenceToSequenceConfiguration) {
        let c = configuration
        sizes = c
        sourceEmbedding = Embedding(c.sourceVocabulary, c.width)
        targetEmbedding = Embedding(c.targetVocabulary, c.width)
        encoder = TransformerEncoder(layers: c.layers, norm: LayerNorm(c.width)) {
            TransformerEncoderLayer(
                c.width, heads: c.heads, feedForward: c.feedForward, dropout: c.dropout, batchFirst: true,
                normFirst: c.normFirst)
        }
        decoder = TransformerDecoder(layers: c.layers, norm: LayerNorm(c.width)) {
            TransformerDecoderLayer(
                c.width, heads: c.heads, feedForward: c.feedForward, dropout: c.dropout, batchFirst: true,
                normFirst: c.normFirst)
        }
        head = Linear(c.width, c.targetVocabulary)
        dropout = Dropout(p: c.dropout)
        super.init()
        for parameter in parameters where parameter.rank > 1 { parameter.initialize(.xavierUniform()) }
        let deviation = 1 / Double(c.width).squareRoot()
        for table in [sourceEmbedding, targetEmbedding] {
            table.weight.initialize(.normal(standardDeviation: deviation))
        }
    }

    /// The memory for the decoder: int64 [N, S] → [N, S, width].
    ///
    /// - Parameter padding: bool [N, S], true where a token is padding.
    public override func encode(_ source: Tensor, padding: Tensor? = nil) -> Tensor {
        running(source) { encoder(embedded(source, sourceEmbedding), mask: nil, keyPaddingMask: padding) }
    }

    /// A vector for the token that follows each of the target's: int64 [N, T], [N, S, width] → [N, T, width].
    public override func decode(_ target: Tensor, _ memory: Tensor, padding: Tensor? = nil) -> Tensor {
        decoder(
            embedded(target, targetEmbedding), memory: memory, memoryKeyPaddingMask: padding, isCausal: true)
    }

    public override var outputWeight: Parameter { head.weight }
    public override var outputBias: Tensor? { head.bias }
    public override var configurationFields: [(name: String, value: JSON)] { sizes.fields }

    private func embedded(_ tokens: Tensor, _ table: Embedding) -> Tensor {
        let vectors = table(tokens) * Double(sizes.width).squareRoot()
        return dropout(vectors + SequenceToSequence.positions(tokens.size(1), width: sizes.width, like: vectors))
    }

    /// Sines and cosines of the position, of wavelengths from 2π to 10000 · 2π (section 3.5): [length, width].
    private static func positions(_ length: Int, width: Int, like vectors: Tensor) -> Tensor {
        let values = (0..<length).flatMap { position in
            (0..<width).map { i -> Float in
                let angle = Double(position) / pow(10000, Double(i / 2 * 2) / Double(width))
                return Float(i % 2 == 0 ? sin(angle) : cos(angle))
            }
        }
        return Tensor(values, shape: [length, width], like: vectors)
    }
}

/// The sizes of a sequence-to-sequence transformer.
public struct SequenceToSequenceConfiguration: Sendable, Equatable {
    public var sourceVocabulary: Int
    public var targetVocabulary: Int
    public var width = 256
    /// Of the encoder, and of the decoder.
    public var layers = 3
    public var heads = 8
    public var feedForward = 1024
    public var dropout = 0.1
    /// Whether normalizations stand before attention and network instead of after their shortcuts.
    public var normFirst = false

    public init(
        sourceVocabulary: Int, targetVocabulary: Int, width: Int = 256, layers: Int = 3, heads: Int = 8,
        feedForward: Int = 1024, dropout: Double = 0.1, normFirst: Bool = false
    ) {
        self.sourceVocabulary = sourceVocabulary
        self.targetVocabulary = targetVocabulary
        self.width = width
        self.layers = layers
        self.heads = heads
        self.feedForward = feedForward
        self.dropout = dropout
        self.normFirst = normFirst
    }

    static let modelType = "seq2seq"

    init(_ fields: ConfigurationFields) throws {
        try fields.requireOnly("model_type", [SequenceToSequenceConfiguration.modelType], default: "")
        sourceVocabulary = try fields.integer("source_vocab_size")
        targetVocabulary = try fields.integer("target_vocab_size")
        width = try fields.integer("hidden_size")
        layers = try fields.integer("num_hidden_layers")
        heads = try fields.integer("num_attention_heads")
        feedForward = try fields.integer("intermediate_size")
        dropout = try fields.probability("dropout")
        normFirst = try fields.bool("norm_first", default: false)
        try fields.requireDivisible("hidden_size", by: "num_attention_heads")
    }

    /// The contents of `config.json`.
    var fields: [(name: String, value: JSON)] {
        [
            ("model_type", .string(SequenceToSequenceConfiguration.modelType)),
            ("source_vocab_size", .integer(sourceVocabulary)),
            ("target_vocab_size", .integer(targetVocabulary)), ("hidden_size", .integer(width)),
            ("num_hidden_layers", .integer(layers)), ("num_attention_heads", .integer(heads)),
            ("intermediate_size", .integer(feedForward)), ("dropout", .number(dropout)),
            ("norm_first", .bool(normFirst)),
        ]
    }
}
