import Switchback
import SwitchbackFormats

/// A recurrent language model (Mikolov et al., 2010; Zaremba et al., "Recurrent Neural Network Regularization", 2014):
/// a table of vectors, layers of long short-term memory, and the same table as output.
public final class LSTMLanguageModel: LanguageModel {
    public let sizes: LSTMConfiguration
    private let embedding: Embedding
    private let lstm: LSTM
    private let dropout: Dropout

    public init(_ configuration: LSTMConfiguration) {
        sizes = configuration
        let width = configuration.width
        embedding = Embedding(configuration.vocabularySize, width)
        lstm = LSTM(width, width, layers: configuration.layers, batchFirst: true, dropout: configuration.dropout)
        dropout = Dropout(p: configuration.dropout)
        super.init(vocabularySize: configuration.vocabularySize, contextLength: configuration.contextLength)
        embedding.weight.initialize(.normal(standardDeviation: 0.1))
    }

    public override func features(_ tokens: Tensor, memory: ReadingMemory? = nil) -> Tensor {
        let memory = memory as? RecurrentMemory
        let (output, state) = lstm(dropout(embedding(tokens)), state: memory?.state)
        memory?.state = state
        memory?.length += tokens.size(1)
        return dropout(output)
    }

    public override var outputWeight: Parameter { embedding.weight }

    public override func makeMemory(batch: Int, capacity: Int) -> ReadingMemory { RecurrentMemory(capacity: .max) }

    public override var configurationFields: [(name: String, value: JSON)] { sizes.fields }
}

/// The state of a recurrent network.
private final class RecurrentMemory: ReadingMemory {
    /// Each [layers, N, width]; `nil` before the first token.
    var state: LSTM.State?

    override func reorder(_ rows: [Int]) {
        state = state.map { state in
            let index = Tensor(rows, shape: [rows.count], like: state.hidden)
            return (state.hidden.indexSelect(dim: 1, index: index), state.cell.indexSelect(dim: 1, index: index))
        }
    }
}

/// The sizes of an LSTM language model.
public struct LSTMConfiguration: Sendable, Equatable {
    public var vocabularySize: Int
    /// The length of the pieces that it is trained on; it can read any length.
    public var contextLength: Int
    public var width: Int
    public var layers: Int
    public var dropout = 0.0

    public init(vocabularySize: Int, contextLength: Int, width: Int, layers: Int, dropout: Double = 0) {
        self.vocabularySize = vocabularySize
        self.contextLength = contextLength
        self.width = width
        self.layers = layers
        self.dropout = dropout
    }

    init(_ fields: ConfigurationFields) throws {
        vocabularySize = try fields.integer("vocab_size")
        contextLength = try fields.integer("max_position_embeddings")
        width = try fields.integer("hidden_size")
        layers = try fields.integer("num_hidden_layers")
        dropout = try fields.probability("dropout", default: 0)
    }

    var fields: [(name: String, value: JSON)] {
        [
            ("model_type", .string("lstm")), ("vocab_size", .integer(vocabularySize)),
            ("max_position_embeddings", .integer(contextLength)), ("hidden_size", .integer(width)),
            ("num_hidden_layers", .integer(layers)), ("dropout", .number(dropout)),
        ]
    }
}
