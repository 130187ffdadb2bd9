import Switchback
import TestSupport
import Testing

/// Running averages taken anew from some batches.
@Suite(.seeded()) struct BatchNormStatisticsTests {
    private let first = BatchNorm1d(2)
    private let last = BatchNorm1d(2, momentum: 0.03)
    private let model: Sequential
    private let batches = [
        Tensor([[1, 2], [3, 5], [4, -1]] as [[Float]]), Tensor([[0, 1], [6, 2], [2, 2]] as [[Float]]),
    ]

    init() {
        let linear = Linear(2, 2, bias: false)
        noGrad { linear.weight.copy(from: Tensor([[1, -1], [2, 0.5]] as [[Float]])) }
        model = Sequential(first, linear, last)
    }

    /// The values of PyTorch's `torch.optim.swa_utils.update_bn`.
    @Test func averagesAsPyTorchTakesThem() {
        model.updateBatchNorm { for batch in batches { _ = model(batch) } }
        expect(first.runningMean, [2.6666666, 1.8333333])
        expect(first.runningVar, [5.8333330, 4.6666665])
        expect(last.runningMean, [0, 0])
        expect(last.runningVar, [2.35708, 7.0178456])
    }

    @Test func leavesTheRestAsItWas() {
        model.train()
        for batch in batches { _ = model(batch) }
        model.eval()
        last.train()
        #expect(model.batchesTracked == 2)
        Generator.withDefault(Generator(seed: 3)) {
            let random = Generator.default.state
            model.updateBatchNorm { _ = model(batches[0] + Tensor.randn([3, 2]) * 0) }
            #expect(Generator.default.state == random)
        }
        #expect(model.batchesTracked == 2 && last.momentum == 0.03 && first.momentum == 0.1)
        #expect(last.isTraining && !first.isTraining && !model.isTraining)
        expect(first.runningMean, [2.6666667, 2])
    }

    @Test func withoutBatchNormThereIsNothingToCount() {
        #expect(Linear(2, 2).batchesTracked == nil)
        #expect(BatchNorm1d(2, trackRunningStats: false).batchesTracked == nil)
    }

    private func expect(_ found: Tensor?, _ values: [Float]) {
        for (a, b) in zip(found?.toArray() ?? [], values) { #expect(abs(a - b) <= 2e-6 * max(1, abs(b))) }
        #expect(found?.count == values.count)
    }
}
