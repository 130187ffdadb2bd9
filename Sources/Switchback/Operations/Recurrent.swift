// Recurrent networks over whole sequences. Shapes are those of PyTorch: T steps, N sequences, I inputs, H hidden units,
// L layers, D directions.

/// The weights of one layer in one direction, G gates one below the other: LSTM i, f, g, o; GRU r, z, n; RNN one.
public struct RecurrentWeights {
    /// [G · H, I].
    public var weightIH: Tensor
    /// [G · H, H].
    public var weightHH: Tensor
    /// [G · H].
    public var biasIH: Tensor?
    /// [G · H].
    public var biasHH: Tensor?

    public init(weightIH: Tensor, weightHH: Tensor, biasIH: Tensor? = nil, biasHH: Tensor? = nil) {
        self.weightIH = weightIH
        self.weightHH = weightHH
        self.biasIH = biasIH
        self.biasHH = biasHH
    }
}

/// The function of a plain recurrent cell.
public enum RecurrentNonlinearity: String, Sendable, Codable { case tanh, relu }

/// How the layers of a recurrent network are stacked.
public struct RecurrentForm: Sendable, Hashable {
    /// Whether a second direction reads the sequence from its end, and the outputs of both are put side by side.
    public var bidirectional = false
    /// Whether input and output are [N, T, …] instead of [T, N, …].
    public var batchFirst = false
    /// The probability with which outputs between layers are dropped.
    public var dropout = 0.0
    public var training = true

    public init(
        bidirectional: Bool = false, batchFirst: Bool = false, dropout: Double = 0, training: Bool = true
    ) {
        self.bidirectional = bidirectional
        self.batchFirst = batchFirst
        self.dropout = dropout
        self.training = training
    }
}

extension Tensor {
    /// A network of long short-term memory (Hochreiter and Schmidhuber, 1997): [T, N, I], or without N, →
    /// output [T, N, D · H], the last hidden states and the last cells, [L · D, N, H].
    ///
    /// - Parameters:
    ///   - weights: of each layer, and within it of each direction.
    ///   - hidden: the initial hidden states, [L · D, N, H]; zeros by default.
    ///   - cell: the initial cells, of the same shape.
    ///   - lengths: how many steps each sequence has, where they are padded to T: it is read to its own end, from where the
    ///     second direction starts and the last states are; outputs behind it are 0.
    public final func lstm(
        _ weights: [RecurrentWeights], hidden: Tensor? = nil, cell: Tensor? = nil, lengths: [Int]? = nil,
        form: RecurrentForm = RecurrentForm()
    ) -> (output: Tensor, hidden: Tensor, cell: Tensor) {
        let (output, states) = recurrent("lstm", weights, gates: 4, [hidden, cell], lengths, form) {
            input, weights, states, reverse in
            let gates = input.linear(weight: weights.weightIH, bias: weights.sharedBias).shownAsGates()
            return gates.lstmSteps(weights.weightHH, states[0], states[1], reverse: reverse)
        }
        return (output, states[0], states[1])
    }

    /// A network of gated recurrent units (Cho et al., 2014), with the reset gate after the product as PyTorch has it:
    /// [T, N, I], or without N, → output [T, N, D · H] and the last hidden states, [L · D, N, H]. Parameters as in
    /// `lstm`.
    public final func gru(
        _ weights: [RecurrentWeights], hidden: Tensor? = nil, lengths: [Int]? = nil,
        form: RecurrentForm = RecurrentForm()
    ) -> (output: Tensor, hidden: Tensor) {
        let (output, states) = recurrent("gru", weights, gates: 3, [hidden], lengths, form) {
            input, weights, states, reverse in
            let gates = input.linear(weight: weights.weightIH, bias: weights.biasIH).shownAsGates()
            return gates.gruSteps(weights.weightHH, weights.biasHH, states[0], reverse: reverse)
        }
        return (output, states[0])
    }

    /// A plain recurrent network (Elman, 1990), h' = f(W x + b + U h + c): [T, N, I], or without N, → output
    /// [T, N, D · H] and the last hidden states, [L · D, N, H]. Parameters as in `lstm`.
    public final func rnn(
        _ weights: [RecurrentWeights], hidden: Tensor? = nil, nonlinearity: RecurrentNonlinearity = .tanh,
        lengths: [Int]? = nil, form: RecurrentForm = RecurrentForm()
    ) -> (output: Tensor, hidden: Tensor) {
        let (output, states) = recurrent("rnn", weights, gates: 1, [hidden], lengths, form) {
            input, weights, states, reverse in
            let gates = input.linear(weight: weights.weightIH, bias: weights.sharedBias).shownAsGates()
            return gates.steps(states, reverse: reverse) { gates, states in
                let sum = gates + states[0].matmul(weights.weightHH.transpose(0, 1))
                return [nonlinearity == .tanh ? sum.tanh() : sum.relu()]
            }
        }
        return (output, states[0])
    }
}

// MARK: - Stacking layers

/// The result of one layer in one direction: its output, [T, N, H], and its last states, [N, H].
private typealias LayerResult = (output: Tensor, states: [Tensor])

extension Tensor {
    /// Runs the layers of a network one after another, with `initial` states or zeros.
    private func recurrent(
        _ name: String, _ weights: [RecurrentWeights], gates: Int, _ initial: [Tensor?], _ lengths: [Int]?,
        _ form: RecurrentForm,
        layer: (_ input: Tensor, RecurrentWeights, _ states: [Tensor], _ reverse: Bool) -> LayerResult
    ) -> (output: Tensor, states: [Tensor]) {
        if rank == 2 {
            let (output, states) = unsqueeze(form.batchFirst ? 0 : 1)
                .recurrent(name, weights, gates: gates, initial.map { $0?.unsqueeze(1) }, lengths, form, layer: layer)
            return (output.squeeze(form.batchFirst ? 0 : 1), states.map { $0.squeeze(1) })
        }
        if dtype.byteCount == 2 {
            let (output, states) = to(.float32).recurrent(
                name, weights.map { $0.converted(to: .float32) }, gates: gates, initial.map { $0?.to(.float32) },
                lengths, form, layer: layer)
            return (output.to(dtype), states.map { $0.to(dtype) })
        }
        let directions = form.bidirectional ? 2 : 1
        checkRecurrent(name, weights, gates: gates, initial, form, directions)
        var sequence = form.batchFirst ? transpose(0, 1) : self
        let packing = lengths.map { SequencePacking($0, steps: sequence.shape[0], sequences: sequence.shape[1], name) }
        let initial = initial.map { state in packing.flatMap { packing in state.map { packing.sorted($0) } } ?? state }
        sequence = packing?.sorted(sequence) ?? sequence
        let empty = Tensor(
            NDArray(
                filled: 0, shape: [sequence.shape[1], weights[0].weightHH.shape[1]], dtype: dtype, backend: backend))
        var last = [[Tensor]](repeating: [], count: initial.count)
        let layers = weights.count / directions
        for index in 0..<layers {
            var outputs: [Tensor] = []
            for direction in 0..<directions {
                let position = index * directions + direction
                let states = initial.map { $0?.select(dim: 0, index: position) ?? empty }
                func run(_ input: Tensor, _ states: [Tensor]) -> LayerResult {
                    layer(input, weights[position], states, direction == 1)
                }
                let result =
                    packing?.run(sequence, states, reverse: direction == 1, run) ?? run(sequence, states)
                outputs.append(result.output)
                for (i, state) in result.states.enumerated() { last[i].append(state) }
            }
            sequence = outputs.count == 1 ? outputs[0] : Tensor.cat(outputs, dim: 2)
            if index < layers - 1 { sequence = sequence.dropout(p: form.dropout, training: form.training) }
        }
        sequence = packing?.restored(sequence) ?? sequence
        let states = last.map { Tensor.stack($0) }.map { packing?.restored($0) ?? $0 }
        return (form.batchFirst ? sequence.transpose(0, 1) : sequence, states)
    }

    /// The tensor itself, after observers were shown it as the input's part of the gates.
    private func shownAsGates() -> Tensor {
        if ThreadState.isObserved { ThreadState.current.observe { $0.reads(self) } }
        return self
    }

    private func checkRecurrent(
        _ name: String, _ weights: [RecurrentWeights], gates: Int, _ initial: [Tensor?], _ form: RecurrentForm,
        _ directions: Int
    ) {
        require(
            rank == 3 && dtype.isFloatingPoint, name,
            "the input is \(dtype) of shape \(shape); expected floating-point numbers of shape "
                + (form.batchFirst ? "[N, T, I]" : "[T, N, I]"))
        require(
            !weights.isEmpty && weights.count % directions == 0, name,
            "\(weights.count) sets of weights are not as many for each of \(directions) directions")
        let hidden = weights[0].weightHH.size(-1)
        for (index, weight) in weights.enumerated() {
            let inputs = index < directions ? shape[2] : directions * hidden
            let expected: Shape = [gates * hidden, inputs]
            requireSameBackend(name, weight.weightIH, weight.weightHH, weight.biasIH, weight.biasHH)
            require(
                weight.weightIH.shape == expected && weight.weightHH.shape == [gates * hidden, hidden], name,
                "the weights of layer \(index / directions) have shapes \(weight.weightIH.shape) and "
                    + "\(weight.weightHH.shape); expected \(expected) and \([gates * hidden, hidden])")
        }
        for state in initial.compactMap({ $0 }) {
            let expected: Shape = [weights.count, shape[form.batchFirst ? 0 : 1], hidden]
            requireSameBackend(name, state)
            require(
                state.shape == expected && state.dtype == dtype, name,
                "an initial state is \(state.dtype) of shape \(state.shape); expected \(dtype) of \(expected)")
        }
    }

    /// Runs a cell step by step on the input's part of its gates, this tensor, [T, N, G · H].
    private func steps(
        _ initial: [Tensor], reverse: Bool, _ cell: (_ gates: Tensor, _ states: [Tensor]) -> [Tensor]
    ) -> LayerResult {
        var states = initial
        var outputs: [Tensor] = []
        let parts = unbind(dim: 0)
        for gates in reverse ? parts.reversed() : parts {
            states = cell(gates, states)
            outputs.append(states[0])
        }
        if outputs.isEmpty { return (newZeros([0, shape[1], initial[0].shape[1]]), initial) }
        return (Tensor.stack(reverse ? outputs.reversed() : outputs), states)
    }
}

extension RecurrentWeights {
    /// The sum of both biases, where they act on the same sum.
    fileprivate var sharedBias: Tensor? {
        guard let biasIH, let biasHH else { return biasIH ?? biasHH }
        return biasIH + biasHH
    }

    fileprivate func converted(to dtype: DType) -> RecurrentWeights {
        RecurrentWeights(
            weightIH: weightIH.to(dtype), weightHH: weightHH.to(dtype), biasIH: biasIH?.to(dtype),
            biasHH: biasHH?.to(dtype))
    }
}

// MARK: - Cells

extension Tensor {
    /// The steps of an LSTM, where this tensor, [T, N, 4 · H], is the input's part of the gates. It is the layer's own:
    /// the kernel writes the gates' activations over it, for the gradient to read.
    private func lstmSteps(_ weight: Tensor, _ hidden: Tensor, _ cell: Tensor, reverse: Bool) -> LayerResult {
        guard
            let states = backend.lstm(
                gates: array, weight: weight.array, hidden: hidden.array, cell: cell.array, reverse: reverse)
        else {
            return steps([hidden, cell], reverse: reverse) { gates, states in
                let sum = gates + states[0].matmul(weight.transpose(0, 1))
                let parts = sum.chunk(4, dim: 1)
                let next = parts[1].sigmoid() * states[1] + parts[0].sigmoid() * parts[2].tanh()
                return [parts[3].sigmoid() * next.tanh(), next]
            }
        }
        let count = shape[0]
        let results = Tensor.record(
            "lstm", states.hidden.outputs(count, reverse) + [states.cell.outputs(count, reverse)[1]],
            from: [self, weight, hidden, cell],
            saving: [detach(), weight, Tensor(states.hidden), Tensor(states.cell)], once: true
        ) { saved, gradients in
            let (gates, weight, hidden) = (saved.tensor(0), saved.tensor(1), saved.tensor(2))
            let found = gates.backend.lstmGradient(
                output: gradients[0]?.array, lastHidden: gradients[1]?.array, lastCell: gradients[2]?.array,
                gates: gates.array, weight: weight.array, cell: saved.tensor(3).array, reverse: reverse)
            guard let found else { fail("lstm", "the backend has no gradient of its fused layer") }
            let ofGates = Tensor(found.gates)
            let ofWeight = saved.needs(1) ? hidden.productWithPrevious(ofGates, reverse) : nil
            return [ofGates, ofWeight, Tensor(found.hidden), Tensor(found.cell)]
        }
        return (results[0], [results[1], results[2]])
    }

    /// The steps of a GRU, as `lstmSteps`; this tensor is [T, N, 3 · H].
    private func gruSteps(_ weight: Tensor, _ bias: Tensor?, _ hidden: Tensor, reverse: Bool) -> LayerResult {
        guard
            let states = backend.gru(
                gates: array, weight: weight.array, bias: bias?.array, hidden: hidden.array, reverse: reverse)
        else {
            return steps([hidden], reverse: reverse) { gates, states in
                let product = states[0].matmul(weight.transpose(0, 1))
                let own = gates.chunk(3, dim: 1)
                let recurrent = (bias.map { product + $0 } ?? product).chunk(3, dim: 1)
                let reset = (own[0] + recurrent[0]).sigmoid()
                let update = (own[1] + recurrent[1]).sigmoid()
                let candidate = (own[2] + reset * recurrent[2]).tanh()
                return [candidate + update * (states[0] - candidate)]
            }
        }
        let hasBias = bias != nil
        let results = Tensor.record(
            "gru", states.hidden.outputs(shape[0], reverse), from: [self, weight, hidden] + (bias.map { [$0] } ?? []),
            saving: [detach(), weight, Tensor(states.hidden), Tensor(states.candidate)], once: true
        ) { saved, gradients in
            let (gates, weight, hidden) = (saved.tensor(0), saved.tensor(1), saved.tensor(2))
            let found = gates.backend.gruGradient(
                output: gradients[0]?.array, lastHidden: gradients[1]?.array, gates: gates.array, weight: weight.array,
                hidden: hidden.array, candidate: saved.tensor(3).array, reverse: reverse)
            guard let found else { fail("gru", "the backend has no gradient of its fused layer") }
            let ofHiddenGates = Tensor(found.hiddenGates)
            let ofWeight = saved.needs(1) ? hidden.productWithPrevious(ofHiddenGates, reverse) : nil
            let ofBias = hasBias ? [ofHiddenGates.sum(dims: [0, 1])] : []
            return [Tensor(found.gates), ofWeight, Tensor(found.hidden)] + ofBias
        }
        return (results[0], [results[1]])
    }

    /// The gradient of a recurrent weight: the product of the gates' gradient with the states that the steps read,
    /// where this tensor has all states, [T + 1, N, H].
    private func productWithPrevious(_ gates: Tensor, _ reverse: Bool) -> Tensor {
        let previous = narrow(dim: 0, start: reverse ? 1 : 0, length: shape[0] - 1)
        return gates.flatten(end: 1).t().matmul(previous.flatten(end: 1))
    }
}

extension NDArray {
    /// Of all states, [T + 1, N, H], those that the steps wrote and the last one.
    fileprivate func outputs(_ count: Int, _ reverse: Bool) -> [NDArray] {
        [sliced(0, start: reverse ? 0 : 1, length: count), selected(0, at: reverse ? 0 : count)]
    }
}
