import Switchback
import Testing

/// Places in an order, and reductions without NaN, against PyTorch 2.13.
struct QuantileTests {
    private let x = Tensor([[3.0, 1, 2], [9, 4, 8]])
    private let withNaN = Tensor([3.0, 1, .nan, 2, 9, 4])

    @Test func quantiles() {
        #expect(x.quantile(Tensor([0.25, 0.6]), dim: 1).allClose(Tensor([[1.5, 6], [2.2, 8.2]])))
        #expect(x.quantile(0.5, dim: 1, keepDim: true).allClose(Tensor([[2.0], [8]])))
        for interpolation in QuantileInterpolation.allCases {
            #expect(abs(x.quantile(0.6, interpolation: interpolation).item() - 4) < 1e-6)
        }
        #expect(withNaN.quantile(0.5).item().isNaN)
        #expect(withNaN.nanquantile(Tensor([0.0, 0.3, 1])).allClose(Tensor([1, 2.2, 9])))
        #expect(Tensor([Double.nan]).nanquantile(Tensor(0.5)).item().isNaN && Tensor([5.0]).quantile(0.3).item() == 5)
    }

    @Test func gradientsOfQuantilesGoToBothNeighbors() {
        let leaf = Tensor([4.0, 1, 2], requiresGrad: true)
        leaf.quantile(0.25).backward()
        #expect(leaf.grad!.allClose(Tensor([0.0, 0.5, 0.5])))
    }

    @Test func modesAndPlaces() {
        let (values, indices) = Tensor([[1.0, 2, 2, 3, 3], [5, 4, 3, 2, 1]]).mode(dim: 1)
        #expect(values.toArray() == [2, 1] && indices.toArray(as: Int.self) == [2, 4])
        let (third, places) = Tensor([[3.0, 1, 2], [9, .nan, 8]]).kthvalue(3)
        #expect(third.toArray()[0] == 3 && third.toArray()[1].isNaN && places.toArray(as: Int.self) == [0, 1])
    }

    @Test func sumsAndMeansWithoutNaN() {
        #expect(withNaN.nansum().item() == 19 && abs(withNaN.nanmean().item() - 3.8) < 1e-6)
        #expect(Tensor([Double.nan]).nanmean().item().isNaN && Tensor([1, 2]).nansum().item() == 3)
        let leaf = Tensor([1.0, .nan, 3], requiresGrad: true)
        leaf.nanmean().backward()
        #expect(leaf.grad!.toArray() == [0.5, 0, 0.5])
    }

    @Test func productsOfVectors() {
        #expect(x.inner(Tensor([1.0, 2, 3])).toArray() == [11, 41])
        #expect(x.inner(x).toArray() == [14, 47, 47, 161])
        #expect(Tensor([1.0, 2, 3]).cross(Tensor([4.0, 6, 5])).toArray() == [-8, 7, -2])
    }

    @Test func negativePositionsAlongADimension() {
        #expect(Tensor([[1.0, 2, 3]]).takeAlongDim(Tensor([[-1, 0]]), dim: 1).toArray() == [3, 1])
    }

    @Test func instancesKeepRunningStatistics() {
        let (mean, variance) = (Tensor.zeros([2]), Tensor.ones([2]))
        let z = (Tensor.arange(12.0) * 0.9).sin().reshape(2, 2, 3)
        #expect(z.instanceNorm(runningMean: mean, runningVar: variance, momentum: 0.2).allClose(z.instanceNorm()))
        #expect(mean.allClose(Tensor([0.05983, -0.002273]), atol: 1e-5))
        #expect(variance.allClose(Tensor([0.887982, 0.902028]), atol: 1e-5))
        let y = z.instanceNorm(runningMean: mean, runningVar: variance, useInputStats: false)
        #expect(y[0, 0].allClose(Tensor([-0.063491, 0.767772, 0.969952]), atol: 1e-5))
    }

    @Test func queriesOfAttentionBroadcast() {
        let query = (Tensor.arange(6.0) * 0.5).sin().reshape(1, 1, 2, 3)
        let key = (Tensor.arange(24.0) * 0.7).cos().reshape(2, 1, 4, 3)
        let y = Tensor.scaledDotProductAttention(query, key, key)
        let expected = Tensor(
            [
                0.355855, 0.394813, 0.248084, 0.698498, 0.590751, 0.205164, 0.015383, 0.093279, 0.127305, 0.416727,
                0.365886, 0.142964,
            ])
        #expect(y.shape == [2, 1, 2, 3] && y.reshape(-1).allClose(expected, atol: 1e-5))
    }
}
