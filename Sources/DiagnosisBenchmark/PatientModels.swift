import Switchback

/// Small networks.
public enum PatientModels {
    /// Linear layers with an activation between them.
    public static func perceptron(
        _ inputs: Int = 16, width: Int = 32, depth: Int = 2, classes: Int = 4, activation: () -> Module = { ReLU() },
        end: [Module] = []
    ) -> Sequential {
        var layers: [Module] = []
        for layer in 0..<depth { layers += [Linear(layer == 0 ? inputs : width, width), activation()] }
        return Sequential(layers + [Linear(depth == 0 ? inputs : width, classes)] + end)
    }

    /// Convolutions with or without batch normalization.
    public static func convolutions(
        normalized: Bool = true, classes: Int = 4, channels: Int = 1, activation: () -> Module = { ReLU() }
    ) -> Sequential {
        func block(_ inputs: Int, _ outputs: Int) -> [Module] {
            [Conv2d(inputs, outputs, kernelSize: 3, padding: 1)] + (normalized ? [BatchNorm2d(outputs)] : []) + [
                activation()
            ]
        }
        return Sequential(
            block(channels, 8) + [MaxPool2d(kernelSize: 2)] + block(8, 16) + [Flatten(), Linear(16 * 16, classes)])
    }

    /// A branch, `first`, beside a way around it; what leaves the branch may be changed.
    public static func branched(_ change: @escaping (Tensor) -> Tensor = { $0 }) -> Custom {
        Custom(Sequential(Linear(16, 16), ReLU()), Linear(16, 4)) { first, second, x in second(x + change(first(x))) }
    }

    /// A recurrent layer, of which the last output is classified.
    public final class Reader: Module {
        let cell: RecurrentLayer
        let head: Linear
        private let run: (Tensor) -> Tensor

        public enum Kind { case rnn, reluRNN, lstm, gru }

        public init(_ kind: Kind, _ inputs: Int = 4, width: Int = 24, classes: Int = 3) {
            switch kind {
            case .rnn, .reluRNN:
                let layer = RNN(inputs, width, nonlinearity: kind == .rnn ? .tanh : .relu, batchFirst: true)
                (cell, run) = (layer, { layer.forward($0) })
            case .lstm:
                let layer = LSTM(inputs, width, batchFirst: true)
                (cell, run) = (layer, { layer.forward($0) })
            case .gru:
                let layer = GRU(inputs, width, batchFirst: true)
                (cell, run) = (layer, { layer.forward($0) })
            }
            head = Linear(width, classes)
        }

        public override func forward(_ x: Tensor) -> Tensor {
            let output = run(x)
            return head(output.select(dim: 1, index: output.size(1) - 1))
        }
    }

    /// The mean of word vectors, classified.
    public final class WordMean: Module {
        let words: Embedding
        let head: Linear

        public init(words count: Int = 60, width: Int = 16, classes: Int = 3, sparse: Bool = false) {
            words = Embedding(count, width, sparse: sparse)
            head = Linear(width, classes)
        }

        public override func forward(_ x: Tensor) -> Tensor { head(words(x).mean(dim: 1)) }
    }

    /// A transformer over word vectors with places, classified by its mean, or the next letter at each place.
    public final class Reading: Module {
        let words: Embedding
        let places: Embedding
        let layers: ModuleList
        let head: Linear
        private let predictsNext, isCausal: Bool

        /// - Parameter isCausal: whether a place sees only those before it; by default where it predicts the next letter.
        public init(
            words count: Int = 12, width: Int = 16, depth: Int = 1, classes: Int = 12, predictsNext: Bool,
            isCausal: Bool? = nil
        ) {
            words = Embedding(count, width)
            places = Embedding(64, width)
            layers = ModuleList(
                (0..<depth).map { _ in
                    TransformerEncoderLayer(
                        width, heads: 2, feedForward: 32, dropout: 0, batchFirst: true, normFirst: true)
                })
            head = Linear(width, classes)
            self.predictsNext = predictsNext
            self.isCausal = isCausal ?? predictsNext
        }

        public override func forward(_ x: Tensor) -> Tensor {
            let place = Tensor.arange(0, Double(x.size(1))).to(.int64)
            var hidden = words(x) + places(place).unsqueeze(0)
            for case let layer as TransformerEncoderLayer in layers {
                hidden = layer(hidden, mask: nil, isCausal: isCausal)
            }
            return predictsNext ? head(hidden).transpose(1, 2) : head(hidden.mean(dim: 1))
        }
    }

    /// Attention that is written out, over word vectors: each looks for others by their keys, or by what they are.
    public final class Attending: Module {
        let words: Embedding
        let query: Linear
        let key: Linear?
        let head: Linear
        private let factor: Double
        private let dimension: Int

        /// - Parameters:
        ///   - factor: of the scores, [N, queries, keys].
        ///   - dimension: that of the scores which their softmax goes along.
        public init(factor: Double = 0.25, softmax dimension: Int = 2, hasKeys: Bool = true) {
            words = Embedding(60, 16)
            query = Linear(16, 16)
            key = hasKeys ? Linear(16, 16) : nil
            head = Linear(16, 3)
            (self.factor, self.dimension) = (factor, dimension)
        }

        public override func forward(_ x: Tensor) -> Tensor {
            let hidden = words(x)
            let queries = query(hidden), keys = key?(hidden) ?? hidden
            let scores = queries.matmul(keys.transpose(1, 2)) * factor
            return head(scores.softmax(dim: dimension).matmul(hidden).mean(dim: 1))
        }
    }

    /// A network that is written as a function.
    public final class Custom: Module {
        let first: Module
        let second: Module
        private let compute: (Module, Module, Tensor) -> Tensor

        public init(_ first: Module, _ second: Module, _ compute: @escaping (Module, Module, Tensor) -> Tensor) {
            (self.first, self.second, self.compute) = (first, second, compute)
        }

        public override func forward(_ x: Tensor) -> Tensor { compute(first, second, x) }
    }
}
