import Switchback
import TestSupport
import Testing

/// float16 ends at 65504: what is within that is right even where a step on the way to it is not.
@Suite struct HalfRangeTests {
    private func half(_ values: [Double]) -> Tensor { Tensor(values, dtype: .float16) }

    private func gradient(at x: Tensor, _ function: (Tensor) -> Tensor) -> [Double] {
        let leaf = x.clone()
        leaf.requiresGrad = true
        function(leaf).backward()
        return leaf.grad!.toArray(as: Double.self)
    }

    @Test func rootsOfSquares() {
        #expect(half([300, -300]).norm().item() == 424.25 && half([300, -300, 100]).std().item() == 305.5)
        #expect(gradient(at: half([300, -400])) { $0.norm() } == [0.60009765625, -0.7998046875])
        #expect(gradient(at: half([300, -300, 100])) { $0.std() }.map { ($0 * 1000).rounded() } == [437, -545, 109])
        let apart = Tensor.tripletMarginLoss(
            anchor: half([300, 0]).unsqueeze(0), positive: half([0, 0]).unsqueeze(0),
            negative: half([0, 400]).unsqueeze(0))
        #expect(apart.item() == 0)
        #expect(half([800]).smoothL1Loss(half([0]), beta: 1000).item() == 320)
    }

    @Test func averagesAndNeighbors() {
        let x = half([60000, 60000]).reshape(1, 1, 2)
        #expect(x.avgPool1d(kernelSize: 2).item() == 60000)
        #expect(x.reshape(1, 1, 1, 1, 2).avgPool3d(kernelSize: [1, 1, 2]).item() == 60000)
        // 300 / (1 + 10⁻⁴ · 300² / 2)^0.75, and its neighbor.
        let normalized = half([300, 400]).reshape(1, 2, 1).localResponseNorm(size: 2)
        #expect(normalized.toArray(as: Double.self).map { $0.rounded() } == [84, 57])
    }
}
