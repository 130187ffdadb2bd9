import Switchback
import Testing

/// Arguments and edges that PyTorch's users know, with the values of PyTorch 2.13.
struct PyTorchArgumentTests {
    @Test func searchingSortedSequences() {
        let two = Tensor([[1.0, 3, 5], [2, 4, 6]])
        #expect(two.searchsorted(Tensor([[3.0, 6], [2, 7]]), right: true).equal(Tensor([[2, 3], [1, 3]])))
        let unsorted = Tensor([5.0, 1, 3]).searchsorted(Tensor([0.0, 3, 9]), sorter: Tensor([1, 2, 0]))
        #expect(unsorted.equal(Tensor([0, 1, 3])))
        #expect(Tensor([1.0, 2]).searchsorted(Tensor([Double.nan])).equal(Tensor([2])))
        // Neighbors that one Double stands for.
        let large = 1 << 53
        #expect(Tensor([large, large + 1]).searchsorted(Tensor([large + 1])).equal(Tensor([1])))
    }

    @Test func splittingAtPlaces() {
        func parts(_ count: Int, _ places: [Int]) -> [[Int]] {
            Tensor.arange(count).tensorSplit(at: places).map { $0.toArray(as: Int.self) }
        }
        #expect(parts(7, [2, 2, -1, 9]) == [[0, 1], [], [2, 3, 4, 5], [6], []])
        #expect(parts(5, [3, 1]) == [[0, 1, 2], [], [1, 2, 3, 4]])
    }

    @Test func resizingByARecomputedFactor() {
        let x = Tensor.arange(5.0).reshape([1, 1, 5])
        let found = x.interpolate(scaleFactor: 1.7, mode: .linear, recomputeScaleFactor: true)
        #expect(found.reshape(-1).allClose(Tensor([0, 0.4375, 1.0625, 1.6875, 2.3125, 2.9375, 3.5625, 4])))
        let plain = x.interpolate(scaleFactor: 1.7, mode: .linear).reshape(-1)
        #expect(abs(plain[1].item() - 0.382353) < 1e-5)
        // What weighs 0 counts at the edge of an infinite image, too, but one row is no axis of its own.
        let edge = Tensor([0, -Double.infinity]).reshape([1, 1, 2])
            .interpolate(size: [1, 3], mode: .linear, alignCorners: true).toArray()
        #expect(edge[0].isNaN && edge[1] == -.infinity && edge[2].isNaN)
    }

    @Test func poolsTakeTheLastNaNAndKeepSizes() {
        let volume = Tensor([0, 0, Double.nan, 0, 0, .nan, 0, 0]).reshape([1, 1, 2, 2, 2])
        #expect(volume.maxPool3dWithIndices(kernelSize: 2).indices.item() == 5)
        #expect(volume.adaptiveMaxPool3dWithIndices(outputSize: 1).indices.item() == 5)
        let image = Tensor([[[[Double.nan, 1], [.nan, 0]]]])
        #expect(image.maxPool2dWithIndices(kernelSize: 2).indices.item() == 2)
        let averages = Tensor.arange(6.0).reshape([1, 1, 2, 3]).adaptiveAvgPool2d(outputSize: [-1, 1])
        #expect(averages.equal(Tensor([[[[1.0], [4]]]])))
    }

    @Test func wholeNumbersAndSizesOfOne() {
        let image = Tensor.arange(9).reshape([1, 1, 3, 3])
        #expect(image.conv2d(weight: Tensor([[[[1, 2], [3, -4]]]])).equal(Tensor([[[[-5, -3], [1, 3]]]])))
        #expect(Tensor([[[1, 2]]]).convTranspose1d(weight: Tensor([[[1, 3]]])).equal(Tensor([[[1, 5, 6]]])))
        let product = Tensor([[1.0, 2]]).tensordot(Tensor([[1.0, 2], [3, 4]]), dims: ([0], [0]))
        #expect(product.equal(Tensor([[4.0, 6], [8, 12]])))
        #expect(
            Tensor([[1, 2]], dtype: .int32).tensordot(Tensor([[1, 2], [3, 4]], dtype: .int32), dims: ([0], [0])).dtype
                == .int32)
    }

    @Test func gradientsAtSpecialValues() {
        func slopes(_ run: (Tensor) -> Tensor) -> [Double] {
            let x = Tensor([Double.nan, .infinity, -0.1, 0, 0.6, -.infinity], dtype: .float64, requiresGrad: true)
            run(x).sum().backward()
            return x.grad!.toArray(as: Double.self)
        }
        #expect(slopes { $0.softshrink() } == [0, 1, 0, 0, 1, 1] && slopes { $0.hardshrink() } == [0, 1, 0, 0, 1, 1])
        #expect(slopes { $0.hardtanh() } == [0, 0, 1, 1, 1, 0])
        let logit = slopes { $0.logit(eps: 0.2) }
        #expect(logit.prefix(4) == [0, 0, 0, 0] && abs(logit[4] - 1 / 0.24) < 1e-12 && logit[5] == 0)
        let total = slopes { $0.logCumSumExp(dim: 0) }
        #expect(total.map(\.isNaN) == [Bool](repeating: true, count: 6))
        let (x, low, high) = (
            Tensor([Double.nan, 2, 0.5], requiresGrad: true), Tensor([0.0, 0, 1], requiresGrad: true),
            Tensor([1.0, 1, 0], requiresGrad: true)
        )
        x.clamp(min: low, max: high).sum().backward()
        #expect(
            x.grad!.toArray() == [0, 0, 0] && low.grad!.toArray() == [0, 0, 0] && high.grad!.toArray() == [0, 1, 1])
        let (start, end, weight) = (
            Tensor([1, -Double.infinity], requiresGrad: true), Tensor([3.0, 1], requiresGrad: true),
            Tensor([0.25, 2], requiresGrad: true)
        )
        start.lerp(end, weight: weight).sum().backward()
        #expect(start.grad!.toArray() == [0.75, -1] && end.grad!.toArray() == [0.25, 2])
        #expect(weight.grad!.toArray() == [2, .infinity])
    }
}
