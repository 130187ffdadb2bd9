import Switchback

// Recurrent layers. ONNX's gates stand in another order than PyTorch's.

extension ONNXOperators {
    static let recurrent: [String: ONNXOperator] = [
        "LSTM": { call in
            try lstm(call) { sequence, weights, states in
                let result = sequence.lstm([weights], hidden: states[0], cell: states[1])
                return (result.output, [result.hidden, result.cell])
            }
        },
        "GRU": { call in
            let layer = try ONNXRecurrentLayer(call, gateOrder: [1, 0, 2], activations: ["sigmoid", "tanh"])
            let resetsAfterwards = call.node.flag("linear_before_reset")
            return layer.run(states: 1) { sequence, weights, states in
                if !resetsAfterwards { return sequence.gruResettingFirst(weights, states[0]) }
                let result = sequence.gru([weights], hidden: states[0])
                return (result.output, [result.hidden])
            }
        },
        "RNN": { call in
            let isRelu = call.node.texts("activations")?.first?.lowercased() == "relu"
            let layer = try ONNXRecurrentLayer(call, gateOrder: [0], activations: [isRelu ? "relu" : "tanh"])
            return layer.run(states: 1) { sequence, weights, states in
                let result = sequence.rnn([weights], hidden: states[0], nonlinearity: isRelu ? .relu : .tanh)
                return (result.output, [result.hidden])
            }
        },
    ]
}

extension ONNXOperators {
    /// Runs a layer with the operands of an LSTM.
    static func lstm(
        _ call: ONNXCall,
        _ layer: (_ sequence: Tensor, RecurrentWeights, _ states: [Tensor?]) -> (output: Tensor, states: [Tensor])
    ) throws -> [Tensor] {
        let functions = ["sigmoid", "tanh", "tanh"]
        return try ONNXRecurrentLayer(call, gateOrder: [0, 2, 3, 1], activations: functions).run(states: 2, layer)
    }
}

extension Tensor {
    /// A GRU whose reset gate acts on the states before their product with the weights instead of after it:
    /// [T, N, I] → [T, N, H] and the last states, [1, N, H].
    fileprivate func gruResettingFirst(
        _ weights: RecurrentWeights, _ initial: Tensor?
    ) -> (output: Tensor, states: [Tensor]) {
        let size = weights.weightHH.shape[1]
        var state = initial?.squeeze(0) ?? Tensor.zeros([shape[1], size], dtype: dtype)
        let own = linear(weight: weights.weightIH, bias: weights.biasIH)
        let matrices = weights.weightHH.chunk(3, dim: 0)
        let biases = weights.biasHH?.chunk(3, dim: 0)
        var outputs: [Tensor] = []
        for step in own.unbind(dim: 0) {
            let gates = step.chunk(3, dim: 1)
            let reset = (gates[0] + state.linear(weight: matrices[0], bias: biases?[0])).sigmoid()
            let update = (gates[1] + state.linear(weight: matrices[1], bias: biases?[1])).sigmoid()
            let next = (gates[2] + (reset * state).linear(weight: matrices[2], bias: biases?[2])).tanh()
            state = (1 - update) * next + update * state
            outputs.append(state)
        }
        return (Tensor.stack(outputs), [state.unsqueeze(0)])
    }
}

/// The operands of a recurrent layer, checked and brought into PyTorch's order.
private struct ONNXRecurrentLayer {
    /// [T, N, I].
    private let sequence: Tensor
    /// Of each direction.
    private let weights: [RecurrentWeights]
    /// Of each kind of states, [D, N, H].
    private let initial: [Tensor?]
    private let direction: String
    private let isBatchFirst: Bool

    /// - Parameters:
    ///   - gateOrder: which of ONNX's gates each of PyTorch's is.
    ///   - activations: the functions of one direction, the only ones that are carried out.
    init(_ call: ONNXCall, gateOrder: [Int], activations: [String]) throws {
        direction = call.node.text("direction") ?? "forward"
        isBatchFirst = call.node.flag("layout")
        let directions = direction == "bidirectional" ? 2 : 1
        try call.require(
            ["forward", "reverse", "bidirectional"].contains(direction), "the direction \(direction) is unknown")
        let x = try call.floats()
        try call.require(x.rank == 3 && x.count > 0, "its operand of \(x.shape) is not a sequence of vectors")
        sequence = isBatchFirst ? x.transpose(0, 1) : x
        let (w, r) = (try call.floats(1, like: x), try call.floats(2, like: x))
        let hidden = call.node.int("hidden_size") ?? (r.rank == 3 ? r.shape[2] : 0)
        let rows = gateOrder.count * hidden
        try call.require(
            hidden > 0 && w.shape == [directions, rows, x.shape[2]] && r.shape == [directions, rows, hidden],
            "weights of \(w.shape) and \(r.shape) do not fit inputs of \(x.shape)")
        let b = call.optional(3) == nil ? nil : try call.floats(3, like: x)
        try call.require(
            b.map { $0.shape == [directions, 2 * rows] } ?? true, "its bias does not fit weights of \(w.shape)")
        _ = try call.allow([sequence.shape[0], directions, sequence.shape[1], hidden])
        try ONNXRecurrentLayer.checkForm(call, steps: sequence.shape[0], activations, directions)
        func ordered(_ tensor: Tensor) -> Tensor {
            let gates = tensor.chunk(gateOrder.count, dim: 0)
            return Tensor.cat(gateOrder.map { gates[$0] }, dim: 0)
        }
        weights = (0..<directions).map { d in
            let biases = b?.select(dim: 0, index: d).chunk(2, dim: 0).map(ordered)
            return RecurrentWeights(
                weightIH: ordered(w.select(dim: 0, index: d)), weightHH: ordered(r.select(dim: 0, index: d)),
                biasIH: biases?[0], biasHH: biases?[1])
        }
        let form: Shape = [directions, sequence.shape[1], hidden]
        let batchFirst = isBatchFirst
        initial = try [5, 6].map { position in
            guard call.optional(position) != nil, position == 5 || gateOrder.count == 4 else { return nil }
            let given = try call.floats(position, like: x)
            let state = batchFirst && given.rank == 3 ? given.transpose(0, 1) : given
            try call.require(state.shape == form, "a state of \(given.shape) does not fit \(form)")
            return state
        }
    }

    private static func checkForm(
        _ call: ONNXCall, steps: Int, _ activations: [String], _ directions: Int
    ) throws {
        let named = call.node.texts("activations")?.map { $0.lowercased() }
        let usual = Array(repeatElement(activations, count: directions).joined())
        try call.require(named.map { $0 == usual } ?? true, "the functions \(named ?? []) are not supported")
        try call.require(
            call.node.float("clip") == nil && !call.node.flag("input_forget") && call.optional(7) == nil,
            "clipping, coupled gates and peepholes are not supported")
        let lengths = try call.integers(4) ?? []
        try call.require(
            lengths.allSatisfy { $0 == steps }, "sequences of different lengths in a batch are not supported")
    }

    /// All outputs, [T, D, N, H], and the last states of each kind, [D, N, H]; with the batch first where it is so.
    func run(
        states count: Int,
        _ layer: (_ sequence: Tensor, RecurrentWeights, _ states: [Tensor?]) -> (output: Tensor, states: [Tensor])
    ) -> [Tensor] {
        var outputs: [Tensor] = []
        var last = [[Tensor]](repeating: [], count: count)
        for (d, weights) in weights.enumerated() {
            let isReverse = direction == "reverse" || d == 1
            let states = initial.prefix(count).map { $0?.narrow(dim: 0, start: d, length: 1) }
            let result = layer(isReverse ? sequence.flip(0) : sequence, weights, states)
            outputs.append(isReverse ? result.output.flip(0) : result.output)
            for (k, state) in result.states.enumerated() { last[k].append(state) }
        }
        let all = Tensor.stack(outputs, dim: 1)
        let finals = last.map { Tensor.cat($0, dim: 0) }
        if !isBatchFirst { return [all] + finals }
        return [all.permute([2, 0, 1, 3])] + finals.map { $0.transpose(0, 1) }
    }
}
