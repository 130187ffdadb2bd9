import Switchback

// Operators that onnxruntime has beyond those of ONNX
// (https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md).

extension ONNXOperators {
    static let runtime: [String: ONNXOperator] = [
        "DynamicQuantizeLSTM": { call in
            var inputs = Array(call.inputs.prefix(8))
            inputs[1...2] = [try weights(1, scale: 8, call), try weights(2, scale: 10, call)]
            let floats = ONNXCall(node: call.node, inputs: inputs, run: call.run, outer: call.outer)
            return try lstm(floats) { sequence, weights, states in
                sequence.lstmOfBytes(weights, hidden: states[0], cell: states[1])
            }
        }
    ]

    /// Weights of [D, I, 4H] in 8 bits, with one scale and zero point for each direction or each column, as floats of
    /// [D, 4H, I].
    private static func weights(_ position: Int, scale: Int, _ call: ONNXCall) throws -> Tensor {
        let codes = try call.numbers(position)
        try call.require(codes.rank == 3 && codes.dtype.isInteger, "its weights of \(codes.shape) are not in 8 bits")
        let (directions, columns) = (codes.shape[0], codes.shape[2])
        func perColumn(_ values: Tensor) throws -> Tensor {
            try call.require(
                [directions, directions * columns].contains(values.count) && values.count > 0,
                "\(values.shape) is neither one number for each direction of \(codes.shape) nor one for each column")
            return values.to(.float32).reshape([directions, 1, values.count / directions])
        }
        let shifted = codes.to(.float32) - (try perColumn(call.numbers(scale + 1)))
        return (shifted * (try perColumn(call.floats(scale)))).transpose(1, 2)
    }
}

extension Tensor {
    /// An LSTM whose inputs, all together, and whose states, in each step, are rounded to 8 bits before their products with
    /// the weights: [T, N, I] → [T, N, H] and the last states, [1, N, H].
    fileprivate func lstmOfBytes(
        _ weights: RecurrentWeights, hidden: Tensor?, cell: Tensor?
    ) -> (output: Tensor, states: [Tensor]) {
        let form: Shape = [shape[1], weights.weightHH.shape[1]]
        var hidden = hidden?.squeeze(0) ?? Tensor.zeros(form)
        var cell = cell?.squeeze(0) ?? Tensor.zeros(form)
        let own = roundedToBytes().linear(weight: weights.weightIH, bias: weights.biasIH)
        var outputs: [Tensor] = []
        for step in own.unbind(dim: 0) {
            let recurrent = hidden.roundedToBytes().linear(weight: weights.weightHH, bias: weights.biasHH)
            let gates = (step + recurrent).chunk(4, dim: 1)
            cell = gates[1].sigmoid() * cell + gates[0].sigmoid() * gates[2].tanh()
            hidden = gates[3].sigmoid() * cell.tanh()
            outputs.append(hidden)
        }
        return (Tensor.stack(outputs), [hidden.unsqueeze(0), cell.unsqueeze(0)])
    }
}
