/// What the cells of recurrent networks have in common: one step, of which the caller makes the loop, under PyTorch's names
/// (`weight_ih`, `bias_hh`). N sequences, I inputs, H hidden units.
public class RecurrentCell: Module {
    fileprivate let weights: RecurrentWeights
    private let named: [(name: String, parameter: Parameter)]
    private let inputs, hidden: Int

    fileprivate init(gates: Int, _ inputs: Int, _ hidden: Int, bias: Bool, dtype: DType, generator: Generator?) {
        require(hidden > 0, "RecurrentCell", "\(hidden) hidden units")
        let uniform = Initializer.uniform(bound: 1 / Double(hidden).squareRoot())
        var named: [(String, Parameter)] = []
        func parameter(_ name: String, _ shape: Shape) -> Parameter {
            let parameter = Parameter(shape, uniform, dtype: dtype, generator: generator)
            named.append((name, parameter))
            return parameter
        }
        weights = RecurrentWeights(
            weightIH: parameter("weight_ih", [gates * hidden, inputs]),
            weightHH: parameter("weight_hh", [gates * hidden, hidden]),
            biasIH: bias ? parameter("bias_ih", [gates * hidden]) : nil,
            biasHH: bias ? parameter("bias_hh", [gates * hidden]) : nil)
        self.named = named
        self.inputs = inputs
        self.hidden = hidden
    }

    public final override func namedParts() -> [(name: String, part: Part)] {
        named.map { ($0.name, .parameter($0.parameter)) }
    }

    public final override var configuration: String { "\(inputs), \(hidden)" }

    public final override func operationCount(input: Tensor, output: Tensor) -> Int {
        input.count / max(input.size(-1), 1) * 2 * (weights.weightIH.count + weights.weightHH.count)
    }
}

/// One step of long short-term memory (Hochreiter and Schmidhuber, 1997). As `torch.nn.LSTMCell`.
public final class LSTMCell: RecurrentCell {
    /// What the cell carries to the next step: each is [N, H], or [H].
    public typealias State = (hidden: Tensor, cell: Tensor)

    public init(
        _ inputs: Int, _ hidden: Int, bias: Bool = true, dtype: DType = .float32, generator: Generator? = nil
    ) {
        super.init(gates: 4, inputs, hidden, bias: bias, dtype: dtype, generator: generator)
    }

    /// The state after a step.
    ///
    /// - Parameters:
    ///   - input: [N, I], or [I].
    ///   - state: zeros if left out.
    public func callAsFunction(_ input: Tensor, state: State? = nil) -> State {
        var cell: Tensor?
        let hidden = running(input) {
            let next = input.unsqueeze(0).lstm(
                [weights], hidden: state?.hidden.unsqueeze(0), cell: state?.cell.unsqueeze(0))
            cell = next.cell.squeeze(0)
            return next.hidden.squeeze(0)
        }
        return (hidden, cell!)
    }
}

/// One step of gated recurrent units (Cho et al., 2014). As `torch.nn.GRUCell`.
public final class GRUCell: RecurrentCell {
    public init(
        _ inputs: Int, _ hidden: Int, bias: Bool = true, dtype: DType = .float32, generator: Generator? = nil
    ) {
        super.init(gates: 3, inputs, hidden, bias: bias, dtype: dtype, generator: generator)
    }

    /// The state after a step, [N, H], or [H].
    ///
    /// - Parameters:
    ///   - input: [N, I], or [I].
    ///   - state: zeros if left out.
    public func callAsFunction(_ input: Tensor, state: Tensor? = nil) -> Tensor {
        running(input) {
            input.unsqueeze(0).gru([weights], hidden: state?.unsqueeze(0)).hidden.squeeze(0)
        }
    }
}

/// One step of a plain recurrent layer (Elman, 1990). As `torch.nn.RNNCell`.
public final class RNNCell: RecurrentCell {
    private let nonlinearity: RecurrentNonlinearity

    public init(
        _ inputs: Int, _ hidden: Int, nonlinearity: RecurrentNonlinearity = .tanh, bias: Bool = true,
        dtype: DType = .float32, generator: Generator? = nil
    ) {
        self.nonlinearity = nonlinearity
        super.init(gates: 1, inputs, hidden, bias: bias, dtype: dtype, generator: generator)
    }

    /// The state after a step, [N, H], or [H].
    ///
    /// - Parameters:
    ///   - input: [N, I], or [I].
    ///   - state: zeros if left out.
    public func callAsFunction(_ input: Tensor, state: Tensor? = nil) -> Tensor {
        running(input) {
            input.unsqueeze(0).rnn([weights], hidden: state?.unsqueeze(0), nonlinearity: nonlinearity).hidden.squeeze(0)
        }
    }
}
