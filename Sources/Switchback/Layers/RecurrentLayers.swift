/// What recurrent layers have in common: stacked layers of weights, in one or two directions, under PyTorch's names
/// (`weight_ih_l0`, `bias_hh_l1_reverse`). T steps, N sequences, I inputs, H hidden units, L layers, D directions.
public class RecurrentLayer: Module {
    fileprivate let weights: [RecurrentWeights]
    private let named: [(name: String, parameter: Parameter)]
    private let inputs, hidden: Int
    private let bidirectional, batchFirst: Bool
    private let dropout: Double

    fileprivate init(
        gates: Int, _ inputs: Int, _ hidden: Int, layers: Int, bias: Bool, batchFirst: Bool, dropout: Double,
        bidirectional: Bool, dtype: DType, generator: Generator?
    ) {
        require(layers > 0 && hidden > 0, "RecurrentLayer", "\(layers) layers of \(hidden) hidden units")
        var named: [(String, Parameter)] = []
        let uniform = Initializer.uniform(bound: 1 / Double(hidden).squareRoot())
        func parameter(_ name: String, _ shape: Shape) -> Parameter {
            let parameter = Parameter(shape, uniform, dtype: dtype, generator: generator)
            named.append((name, parameter))
            return parameter
        }
        let directions = bidirectional ? ["", "_reverse"] : [""]
        weights = (0..<layers).flatMap { layer in
            let width = layer == 0 ? inputs : hidden * directions.count
            return directions.map { direction in
                let suffix = "l\(layer)\(direction)"
                return RecurrentWeights(
                    weightIH: parameter("weight_ih_\(suffix)", [gates * hidden, width]),
                    weightHH: parameter("weight_hh_\(suffix)", [gates * hidden, hidden]),
                    biasIH: bias ? parameter("bias_ih_\(suffix)", [gates * hidden]) : nil,
                    biasHH: bias ? parameter("bias_hh_\(suffix)", [gates * hidden]) : nil)
            }
        }
        self.named = named
        self.inputs = inputs
        self.hidden = hidden
        self.bidirectional = bidirectional
        self.batchFirst = batchFirst
        self.dropout = dropout
    }

    fileprivate final var form: RecurrentForm {
        RecurrentForm(
            bidirectional: bidirectional, batchFirst: batchFirst, dropout: dropout, training: isTraining)
    }

    /// Runs `body`, which gives an output and the last state, as the forward pass on `input`.
    fileprivate final func running<State>(
        _ input: Tensor, _ body: () -> (output: Tensor, state: State)
    ) -> (output: Tensor, state: State) {
        var state: State?
        let output = running(input) {
            let result = body()
            state = result.state
            return result.output
        }
        return (output, state!)
    }

    public final override func namedParts() -> [(name: String, part: Part)] {
        named.map { ($0.name, .parameter($0.parameter)) }
    }

    public final override var configuration: String {
        "\(inputs), \(hidden), layers: \(weights.count / (bidirectional ? 2 : 1)), bidirectional: \(bidirectional), "
            + "batchFirst: \(batchFirst), dropout: \(dropout)"
    }

    /// Of each step: the products with the weights.
    public final override func operationCount(input: Tensor, output: Tensor) -> Int {
        let steps = input.count / max(input.size(-1), 1)
        return steps * weights.reduce(0) { $0 + 2 * ($1.weightIH.count + $1.weightHH.count) }
    }
}

/// Plain recurrent layers (Elman, 1990): h' = tanh(W·x + b + U·h + c). As `torch.nn.RNN`.
public final class RNN: RecurrentLayer {
    private let nonlinearity: RecurrentNonlinearity

    /// - Parameters:
    ///   - dropout: the probability with which an output between layers is dropped in training.
    ///   - bidirectional: whether other weights read the sequence backwards.
    public init(
        _ inputs: Int, _ hidden: Int, layers: Int = 1, nonlinearity: RecurrentNonlinearity = .tanh,
        bias: Bool = true, batchFirst: Bool = false, dropout: Double = 0, bidirectional: Bool = false,
        dtype: DType = .float32, generator: Generator? = nil
    ) {
        self.nonlinearity = nonlinearity
        super.init(
            gates: 1, inputs, hidden, layers: layers, bias: bias, batchFirst: batchFirst, dropout: dropout,
            bidirectional: bidirectional, dtype: dtype, generator: generator)
    }

    /// The output of every step, [T, N, D·H] or with the batch first [N, T, D·H], and the last state, [L·D, N, H].
    ///
    /// - Parameters:
    ///   - input: [T, N, I], or with the batch first [N, T, I], or without N.
    ///   - state: [L·D, N, H]; zeros by default.
    ///   - lengths: how many steps each sequence has, where they are padded to T: each is read to its own end, where its last
    ///     state is; outputs behind it are 0. What PyTorch does with `pack_padded_sequence`.
    public func callAsFunction(
        _ input: Tensor, state: Tensor? = nil, lengths: [Int]? = nil
    ) -> (output: Tensor, state: Tensor) {
        running(input) { compute(input, state, lengths) }
    }

    private func compute(
        _ input: Tensor, _ state: Tensor?, _ lengths: [Int]? = nil
    ) -> (output: Tensor, state: Tensor) {
        let (output, hidden) = input.rnn(
            weights, hidden: state, nonlinearity: nonlinearity, lengths: lengths, form: form)
        return (output, hidden)
    }

    /// The output alone.
    public override func forward(_ input: Tensor) -> Tensor { compute(input, nil).output }
}

/// Long short-term memory (Hochreiter and Schmidhuber, 1997). As `torch.nn.LSTM`.
public final class LSTM: RecurrentLayer {
    /// The state of the layers: each is [L·D, N, H].
    public typealias State = (hidden: Tensor, cell: Tensor)

    /// - Parameters:
    ///   - dropout: the probability with which an output between layers is dropped in training.
    ///   - bidirectional: whether other weights read the sequence backwards.
    public init(
        _ inputs: Int, _ hidden: Int, layers: Int = 1, bias: Bool = true, batchFirst: Bool = false,
        dropout: Double = 0, bidirectional: Bool = false, dtype: DType = .float32, generator: Generator? = nil
    ) {
        super.init(
            gates: 4, inputs, hidden, layers: layers, bias: bias, batchFirst: batchFirst, dropout: dropout,
            bidirectional: bidirectional, dtype: dtype, generator: generator)
    }

    /// The output of every step, [T, N, D·H] or with the batch first [N, T, D·H], and the last state.
    ///
    /// - Parameters:
    ///   - input: [T, N, I], or with the batch first [N, T, I], or without N.
    ///   - state: zeros by default.
    ///   - lengths: how many steps each sequence has, where they are padded to T: each is read to its own end, where its last
    ///     state is; outputs behind it are 0. What PyTorch does with `pack_padded_sequence`.
    public func callAsFunction(
        _ input: Tensor, state: State? = nil, lengths: [Int]? = nil
    ) -> (output: Tensor, state: State) {
        running(input) { compute(input, state, lengths) }
    }

    private func compute(
        _ input: Tensor, _ state: State?, _ lengths: [Int]? = nil
    ) -> (output: Tensor, state: State) {
        let result = input.lstm(
            weights, hidden: state?.hidden, cell: state?.cell, lengths: lengths, form: form)
        return (result.output, (result.hidden, result.cell))
    }

    /// The output alone.
    public override func forward(_ input: Tensor) -> Tensor { compute(input, nil).output }
}

/// Gated recurrent units (Cho et al., 2014). As `torch.nn.GRU`.
public final class GRU: RecurrentLayer {
    /// - Parameters:
    ///   - dropout: the probability with which an output between layers is dropped in training.
    ///   - bidirectional: whether other weights read the sequence backwards.
    public init(
        _ inputs: Int, _ hidden: Int, layers: Int = 1, bias: Bool = true, batchFirst: Bool = false,
        dropout: Double = 0, bidirectional: Bool = false, dtype: DType = .float32, generator: Generator? = nil
    ) {
        super.init(
            gates: 3, inputs, hidden, layers: layers, bias: bias, batchFirst: batchFirst, dropout: dropout,
            bidirectional: bidirectional, dtype: dtype, generator: generator)
    }

    /// The output of every step, [T, N, D·H] or with the batch first [N, T, D·H], and the last state, [L·D, N, H].
    ///
    /// - Parameters:
    ///   - input: [T, N, I], or with the batch first [N, T, I], or without N.
    ///   - state: [L·D, N, H]; zeros by default.
    ///   - lengths: how many steps each sequence has, where they are padded to T: each is read to its own end, where its last
    ///     state is; outputs behind it are 0. What PyTorch does with `pack_padded_sequence`.
    public func callAsFunction(
        _ input: Tensor, state: Tensor? = nil, lengths: [Int]? = nil
    ) -> (output: Tensor, state: Tensor) {
        running(input) { compute(input, state, lengths) }
    }

    private func compute(
        _ input: Tensor, _ state: Tensor?, _ lengths: [Int]? = nil
    ) -> (output: Tensor, state: Tensor) {
        let (output, hidden) = input.gru(weights, hidden: state, lengths: lengths, form: form)
        return (output, hidden)
    }

    /// The output alone.
    public override func forward(_ input: Tensor) -> Tensor { compute(input, nil).output }
}
