import Switchback

/// BERT (Devlin et al., "BERT: Pre-training of Deep Bidirectional Transformers", 2019): an encoder that sees both
/// sides of each word, with the names of Hugging Face's `BertForMaskedLM`. RoBERTa (Liu et al., 2019) and DistilBERT (Sanh et
/// al., 2019) are the same but for their positions and what is left out.
public final class BERT: TextEncoder {
    public let sizes: BERTConfiguration
    private let bert: Encoder
    /// Tells words; `nil` in a model that only makes vectors.
    private let cls: MaskedWordHead?

    private final class Encoder: Module {
        let embeddings: Embeddings
        let encoder: Layers

        init(_ c: BERTConfiguration) {
            embeddings = Embeddings(c)
            encoder = Layers(c)
        }

        final class Layers: Module {
            let layer: [Layer]

            init(_ c: BERTConfiguration) { layer = (0..<c.layers).map { _ in Layer(c) } }
        }
    }

    /// - Parameter hasHead: whether it tells words, and not only makes vectors.
    public init(_ configuration: BERTConfiguration, hasHead: Bool = true) {
        sizes = configuration
        bert = Encoder(configuration)
        cls = hasHead ? MaskedWordHead(configuration, table: bert.embeddings.wordEmbeddings.weight) : nil
        super.init(
            vocabularySize: configuration.vocabularySize, contextLength: configuration.contextLength,
            width: configuration.width, paddingToken: configuration.paddingToken)
        for (name, parameter) in namedParameters {
            if parameter.rank > 1 { parameter.initialize(.normal(standardDeviation: 0.02)) }
            if name.hasSuffix("bias") { parameter.initialize(.zeros) }
        }
    }

    public override func features(_ tokens: Tensor, mask: Tensor? = nil, segments: Tensor? = nil) -> Tensor {
        let visible = mask.map { $0.ne(0).unsqueeze(1).unsqueeze(1) }  // broadcasts over heads and queries
        var x = bert.embeddings(tokens, segments: segments)
        for layer in bert.encoder.layer { x = layer(x, mask: visible) }
        return x
    }

    public override func words(_ features: Tensor) -> Tensor { cls?(features) ?? super.words(features) }

    private final class Embeddings: Module {
        let wordEmbeddings, positionEmbeddings: Embedding
        let tokenTypeEmbeddings: Embedding?
        let firstPosition: Int
        let norm: LayerNorm
        let dropout: Dropout

        init(_ c: BERTConfiguration) {
            wordEmbeddings = Embedding(c.vocabularySize, c.width, paddingIndex: c.paddingToken)
            firstPosition = c.firstPosition
            positionEmbeddings = Embedding(c.firstPosition + c.contextLength, c.width)
            tokenTypeEmbeddings = c.segments == 0 ? nil : Embedding(c.segments, c.width)
            norm = LayerNorm(c.width, eps: c.epsilon)
            dropout = Dropout(p: c.dropout)
        }

        override var partNames: [String: String] { ["norm": "LayerNorm"] }

        func callAsFunction(_ tokens: Tensor, segments: Tensor?) -> Tensor {
            running(tokens) {
                let count = tokens.size(1)
                let numbers = Array(firstPosition..<firstPosition + count)
                var sum = wordEmbeddings(tokens) + positionEmbeddings(Tensor(numbers, shape: [count], like: tokens))
                if let tokenTypeEmbeddings { sum = sum + tokenTypeEmbeddings(segments ?? tokens.zerosLike()) }
                return dropout(norm(sum))
            }
        }
    }

    /// Attention and a two-layer network, each with a shortcut and a normalization behind it.
    private final class Layer: Module {
        let attention: Attention
        let intermediate: Dense
        let output: Output
        let activation: BERTConfiguration.Activation

        init(_ c: BERTConfiguration) {
            attention = Attention(c)
            intermediate = Dense(c.width, c.feedForward)
            output = Output(c, inputs: c.feedForward)
            activation = c.activation
        }

        func callAsFunction(_ x: Tensor, mask: Tensor?) -> Tensor {
            running(x) {
                let attended = attention(x, mask: mask)
                return output(activation(intermediate.dense(attended)), shortcut: attended)
            }
        }
    }

    private final class Attention: Module {
        let projections: Projections
        let output: Output
        let heads: Int
        let dropout: Double

        init(_ c: BERTConfiguration) {
            projections = Projections(c.width)
            output = Output(c, inputs: c.width)
            heads = c.heads
            dropout = c.attentionDropout
        }

        override var partNames: [String: String] { ["projections": "self"] }

        final class Projections: Module {
            let query, key, value: Linear

            init(_ width: Int) {
                query = Linear(width, width)
                key = Linear(width, width)
                value = Linear(width, width)
            }
        }

        func callAsFunction(_ x: Tensor, mask: Tensor?) -> Tensor {
            running(x) {
                let mixed = Tensor.scaledDotProductAttention(
                    projections.query(x).heads(heads), projections.key(x).heads(heads),
                    projections.value(x).heads(heads), mask: mask, dropout: isTraining ? dropout : 0)
                return output(mixed.joiningHeads(), shortcut: x)
            }
        }
    }

    private final class Dense: Module {
        let dense: Linear

        init(_ inputs: Int, _ outputs: Int) { dense = Linear(inputs, outputs) }
    }

    /// A linear layer, added to a shortcut and normalized.
    private final class Output: Module {
        let dense: Linear
        let norm: LayerNorm
        let dropout: Dropout

        init(_ c: BERTConfiguration, inputs: Int) {
            dense = Linear(inputs, c.width)
            norm = LayerNorm(c.width, eps: c.epsilon)
            dropout = Dropout(p: c.dropout)
        }

        override var partNames: [String: String] { ["norm": "LayerNorm"] }

        func callAsFunction(_ x: Tensor, shortcut: Tensor) -> Tensor {
            running(x) { norm(dropout(dense(x)) + shortcut) }
        }
    }

    /// Tells the word at each place, by its likeness to the table of the input.
    private final class MaskedWordHead: Module {
        let predictions: Predictions

        init(_ c: BERTConfiguration, table: Parameter) { predictions = Predictions(c, table: table) }

        override func forward(_ x: Tensor) -> Tensor { predictions(x) }

        final class Predictions: Module {
            let bias: Parameter
            let transform: Transform
            let decoder: Linear

            init(_ c: BERTConfiguration, table: Parameter) {
                bias = Parameter([c.vocabularySize], .zeros)
                transform = Transform(c)
                decoder = Linear(weight: table, bias: bias)
            }

            override func forward(_ x: Tensor) -> Tensor { decoder(transform(x)) }
        }

        final class Transform: Module {
            let dense: Linear
            let norm: LayerNorm
            let activation: BERTConfiguration.Activation

            init(_ c: BERTConfiguration) {
                dense = Linear(c.width, c.width)
                norm = LayerNorm(c.width, eps: c.epsilon)
                activation = c.activation
            }

            override var partNames: [String: String] { ["norm": "LayerNorm"] }

            override func forward(_ x: Tensor) -> Tensor { norm(activation(dense(x))) }
        }
    }
}
