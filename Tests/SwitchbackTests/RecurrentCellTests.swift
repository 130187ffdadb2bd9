import Switchback
import TestSupport
import Testing

/// Cells against the layers of one step, and optimizers against PyTorch 2.13 with float64 as its default type: it keeps
/// the rates of ASGD in that type.
@Suite(.seeded()) struct RecurrentCellTests {
    /// A layer of one step, with the weights of a cell.
    private func load(_ cell: Module, into layer: Module) throws {
        try layer.load(
            stateDict: Dictionary(uniqueKeysWithValues: cell.stateDict().map { ("\($0.key)_l0", $0.value) }))
    }

    @Test func cellsAreLayersOfOneStep() throws {
        let (x, h, c) = (Tensor.randn([2, 3]), Tensor.randn([2, 4]), Tensor.randn([2, 4]))
        let (cell, layer) = (LSTMCell(3, 4), LSTM(3, 4))
        try load(cell, into: layer)
        let (hidden, memory) = cell(x, state: (h, c))
        let expected = layer(x.unsqueeze(0), state: (h.unsqueeze(0), c.unsqueeze(0)))
        #expect(hidden.allClose(expected.output.squeeze(0)) && memory.allClose(expected.state.cell.squeeze(0)))
        let (gru, gruLayer) = (GRUCell(3, 4), GRU(3, 4))
        try load(gru, into: gruLayer)
        #expect(gru(x, state: h).allClose(gruLayer(x.unsqueeze(0), state: h.unsqueeze(0)).output.squeeze(0)))
        #expect(gru(x[0]).shape == [4] && gru(x[0]).allClose(gru(x)[0], atol: 1e-6))
        let (rnn, rnnLayer) = (RNNCell(3, 4, bias: false), RNN(3, 4, bias: false))
        try load(rnn, into: rnnLayer)
        #expect(rnn(x).allClose(rnnLayer(x.unsqueeze(0)).output.squeeze(0)))
        #expect(Set(cell.stateDict().keys) == ["weight_ih", "weight_hh", "bias_ih", "bias_hh"])
    }

    private func run(_ make: ([Parameter]) -> Optimizer) -> Tensor {
        let p = Parameter(Tensor([1.0, -2, 3, 0.5], dtype: .float64))
        let optimizer = make([p])
        let (goal, weight) = (Tensor([0.0, 1, 3, -1], dtype: .float64), Tensor([1.0, 2, 3, 1], dtype: .float64))
        for step in 0..<6 {
            optimizer.zeroGrad()
            ((p - goal).square() * (step % 2 == 1 ? 1 : -0.5) * weight).sum().backward()
            optimizer.step()
        }
        return p
    }

    @Test func optimizersLikePyTorch() {
        let rprop = run { Rprop($0, learningRate: 0.1) }
        #expect(rprop.allClose(Tensor([1.175, -2.175, 3, 0.675], dtype: .float64), rtol: 1e-9))
        let asgd = run { ASGD($0, learningRate: 0.1, decay: 0.01, power: 0.7, start: 2, weightDecay: 0.05) }
        let expected = [0.656242639519942, -0.095291925273482, 2.955541327712962, 0.012567856710860]
        #expect(asgd.allClose(Tensor(expected, dtype: .float64), rtol: 1e-9))
    }

    @Test func averagesOfParameters() {
        let p = Parameter(Tensor([1.0, -2, 3, 0.5], dtype: .float64))
        let optimizer = ASGD([p], learningRate: 0.1, decay: 0.01, power: 0.7, start: 2)
        for _ in 0..<6 {
            optimizer.zeroGrad()
            p.square().sum().backward()
            optimizer.step()
        }
        let average = optimizer.state.tensors.first { $0.key.hasSuffix("/ax") }!.value
        let expected = [0.331688344072473, -0.663376688144947, 0.995065032217420, 0.165844172036237]
        #expect(average.allClose(Tensor(expected, dtype: .float64), rtol: 1e-9))
    }
}
