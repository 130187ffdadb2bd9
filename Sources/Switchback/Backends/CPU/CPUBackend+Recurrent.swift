import Kernels

extension CPUBackend {
    public static func lstm(
        gates: NDArray, weight: NDArray, hidden: NDArray, cell: NDArray, reverse: Bool
    ) -> (hidden: NDArray, cell: NDArray)? {
        guard areFloats(gates, weight, hidden, cell), gates.isContiguous else { return nil }
        let operands = DenseOperands(weight, hidden, cell)
        let (steps, sequences, size) = (gates.shape[0], gates.shape[1], weight.shape[1])
        let states = [0, 1].map { _ in floats([steps + 1, sequences, size]) }
        withExtendedLifetime(operands) {
            sb_lstm_forward(
                steps, sequences, size, reverse ? 1 : 0, gates.floats, operands[0]!, nil, operands[1], operands[2],
                states[0].floats, states[1].floats)
        }
        return (states[0], states[1])
    }

    public static func lstmGradient(
        output: NDArray?, lastHidden: NDArray?, lastCell: NDArray?, gates: NDArray, weight: NDArray, cell: NDArray,
        reverse: Bool
    ) -> (gates: NDArray, hidden: NDArray, cell: NDArray)? {
        guard areFloats(output, lastHidden, lastCell, gates, weight, cell) else { return nil }
        let operands = DenseOperands(output, lastHidden, lastCell, weight)
        let (steps, sequences, size) = (gates.shape[0], gates.shape[1], weight.shape[1])
        let result = (gates: floats(gates.shape), hidden: floats([sequences, size]), cell: floats([sequences, size]))
        withExtendedLifetime(operands) {
            sb_lstm_backward(
                steps, sequences, size, reverse ? 1 : 0, operands[0], operands[1], operands[2], gates.floats,
                operands[3]!, cell.floats, result.gates.floats, result.hidden.floats, result.cell.floats)
        }
        return result
    }

    public static func gru(
        gates: NDArray, weight: NDArray, bias: NDArray?, hidden: NDArray, reverse: Bool
    ) -> (hidden: NDArray, candidate: NDArray)? {
        guard areFloats(gates, weight, bias, hidden), gates.isContiguous else { return nil }
        let operands = DenseOperands(weight, bias, hidden)
        let (steps, sequences, size) = (gates.shape[0], gates.shape[1], weight.shape[1])
        let result = (hidden: floats([steps + 1, sequences, size]), candidate: floats([steps, sequences, size]))
        withExtendedLifetime(operands) {
            sb_gru_forward(
                steps, sequences, size, reverse ? 1 : 0, gates.floats, operands[0]!, operands[1], operands[2],
                result.hidden.floats, result.candidate.floats)
        }
        return result
    }

    public static func gruGradient(
        output: NDArray?, lastHidden: NDArray?, gates: NDArray, weight: NDArray, hidden: NDArray, candidate: NDArray,
        reverse: Bool
    ) -> (gates: NDArray, hiddenGates: NDArray, hidden: NDArray)? {
        guard areFloats(output, lastHidden, gates, weight, hidden, candidate) else { return nil }
        let operands = DenseOperands(output, lastHidden, weight)
        let (steps, sequences, size) = (gates.shape[0], gates.shape[1], weight.shape[1])
        let result = (
            gates: floats(gates.shape), hiddenGates: floats(gates.shape), hidden: floats([sequences, size])
        )
        withExtendedLifetime(operands) {
            sb_gru_backward(
                steps, sequences, size, reverse ? 1 : 0, operands[0], operands[1], gates.floats, operands[2]!,
                hidden.floats, candidate.floats, result.gates.floats, result.hiddenGates.floats,
                result.hidden.floats)
        }
        return result
    }

    private static func floats(_ shape: Shape) -> NDArray { NDArray(empty: shape, dtype: .float32, backend: self) }
}
