import Switchback
import Testing

/// Operations on volumes [N, C, D, H, W], and pools that tell where their maxima were. What is expected is what PyTorch
/// 2.13 gives for `x = (arange(120) * 0.7).sin().reshape(1, 2, 3, 4, 5)` in float64: of a result `y` the sum of
/// `y * arange(count)`, and of the gradient that `cos(arange(count) + 1)` at `y` brings to `x` the same.
struct VolumeTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let shape: Shape
        let value, gradient: Double
        let run: @Sendable (Tensor) -> Tensor

        init(
            _ name: String, _ shape: Shape, _ value: Double, _ gradient: Double,
            _ run: @escaping @Sendable (Tensor) -> Tensor
        ) {
            (testDescription, self.shape, self.value, self.gradient, self.run) = (name, shape, value, gradient, run)
        }
    }

    static var grid: Tensor { ((Tensor.arange(36.0, dtype: .float64) * 1.3).sin() * 1.2).reshape(1, 2, 2, 3, 3) }
    static var weight: Tensor { (Tensor.arange(48.0, dtype: .float64) * 0.3).cos().reshape(2, 2, 2, 3, 2) }

    static let cases: [Case] = [
        Case("max", [1, 2, 4, 5, 6], 19203.355906, 54.546832) { $0.maxPool3d(kernelSize: 2, stride: 1, padding: 1) },
        Case("max, rounded up", [1, 2, 2, 2, 3], 238.734736, -69.213044) {
            $0.maxPool3d(kernelSize: [2, 3, 2], stride: 2, ceilMode: true)
        },
        Case("max with positions", [1, 2, 2, 2, 3], 238.734736, -69.213044) {
            $0.maxPool3dWithIndices(kernelSize: [2, 3, 2], stride: 2, ceilMode: true).values
        },
        Case("average without padding", [1, 2, 2, 3, 3], -16.203648, -109.300919) {
            $0.avgPool3d(kernelSize: 2, padding: 1, countIncludePad: false)
        },
        Case("average by another number", [1, 2, 1, 2, 1], -1.091735, -311.589745) {
            $0.avgPool3d(kernelSize: [2, 2, 3], divisorOverride: 5)
        },
        Case("average of parts", [1, 2, 2, 3, 2], 1.300421, -69.757071) {
            $0.adaptiveAvgPool3d(outputSize: [2, 3, 2])
        },
        Case("maximum of parts", [1, 2, 2, 3, 2], 275.651927, -83.73363) {
            $0.adaptiveMaxPool3d(outputSize: [2, 3, 2])
        },
        Case("maximum of parts with positions", [1, 2, 2, 3, 2], 275.651927, -83.73363) {
            $0.adaptiveMaxPool3dWithIndices(outputSize: [2, 3, 2]).values
        },
        Case("trilinear", [1, 2, 2, 3, 7], 31.06434, 29.075879) {
            $0.interpolateVolume(size: [2, 3, 7], mode: .linear)
        },
        Case("trilinear, corners aligned", [1, 2, 4, 3, 7], 236.702919, -114.93737) {
            $0.interpolateVolume(size: [4, 3, 7], mode: .linear, alignCorners: true)
        },
        Case("nearest", [1, 2, 4, 6, 7], 1199.029536, -59.678693) {
            $0.interpolateVolume(scaleFactor: 1.5, mode: .nearest)
        },
        Case("area", [1, 2, 2, 3, 2], 1.300421, -69.757071) { $0.interpolateVolume(size: [2, 3, 2], mode: .area) },
        Case("convolution that keeps the size", [1, 2, 3, 4, 5], -721.292781, 402.789337) {
            $0.conv3d(weight: weight, padding: .same)
        },
        Case("samples, linear", [1, 2, 2, 2, 3], 2.160334, -18.083095) { $0.gridSample(grid: grid) },
        Case("samples, border", [1, 2, 2, 2, 3], 19.72781, -4.763245) {
            $0.gridSample(grid: grid, paddingMode: .border)
        },
        Case("samples, nearest, border", [1, 2, 2, 2, 3], -0.323921, 1.130895) {
            $0.gridSample(grid: grid, mode: .nearest, paddingMode: .border)
        },
        Case("samples, nearest, reflected", [1, 2, 2, 2, 3], -0.323921, 1.130895) {
            $0.gridSample(grid: grid, mode: .nearest, paddingMode: .reflection)
        },
    ]

    @Test(arguments: cases) func likePyTorch(_ testCase: Case) {
        let x = (Tensor.arange(120.0, dtype: .float64) * 0.7).sin().reshape(1, 2, 3, 4, 5)
        x.requiresGrad = true
        let y = testCase.run(x)
        #expect(y.shape == testCase.shape)
        #expect(abs(fingerprint(y) - testCase.value) < 2e-6 * max(1, abs(testCase.value)))
        let upstream = (Tensor.arange(Double(y.count), dtype: .float64) + 1).cos().reshape(y.shape)
        y.backward(gradient: upstream)
        #expect(abs(fingerprint(x.grad!) - testCase.gradient) < 2e-6 * max(1, abs(testCase.gradient)))
    }

    private func fingerprint(_ x: Tensor) -> Double {
        (x.detach().reshape(-1) * Tensor.arange(Double(x.count), dtype: .float64)).sum().item()
    }

    @Test func maximaTellWhereTheyWere() {
        let x = Tensor([[[[1.0, 3, 2, .nan], [0, 5, 4, 1], [2, 2, 9, 8], [7, 1, 0, 3]]]])
        let (values, indices) = x.maxPool2dWithIndices(kernelSize: 2)
        #expect(indices.toArray(as: Int.self) == [5, 3, 12, 10] && values.toArray()[1].isNaN)
        let back = values.nanToNum(nan: 6).maxUnpool2d(indices, kernelSize: 2)
        #expect(back.toArray() == [0, 0, 0, 6, 0, 5, 0, 0, 0, 0, 9, 0, 7, 0, 0, 0])
        let finite = x.nanToNum(nan: -9)
        #expect(
            finite.maxPool2dWithIndices(kernelSize: 3, stride: 1, padding: 1).indices.toArray(as: Int.self)
                == [5, 5, 5, 6, 5, 10, 10, 10, 12, 10, 10, 10, 12, 10, 10, 10])
        let (parts, places) = finite.adaptiveMaxPool2dWithIndices(outputSize: [3, 2])
        #expect(parts.toArray() == [5, 4, 5, 9, 7, 9] && places.toArray(as: Int.self) == [5, 6, 5, 10, 12, 10])
        let line = Tensor([[[4.0, 6, 1, 2]]])
        #expect(line.maxPool1dWithIndices(kernelSize: 2).indices.toArray(as: Int.self) == [1, 3])
        #expect(line.maxUnpool1d(Tensor([[[0, 2, 4, 7]]]), kernelSize: 2).toArray() == [4, 0, 6, 0, 1, 0, 0, 2])
    }

    @Test func nanStaysWhereItIs() {
        let x = Tensor([0.0, .nan, 2, 3, 4, 5, 6, 7], dtype: .float64).reshape(1, 1, 2, 2, 2)
        #expect(x.adaptiveAvgPool3d(outputSize: 1).item().isNaN)
        #expect(x.adaptiveAvgPool3d(outputSize: [1, 2, 2]).toArray().map(\.isNaN) == [false, true, false, false])
        #expect(
            x.select(dim: 2, index: 0).adaptiveAvgPool2d(outputSize: [2, 1]).toArray().map(\.isNaN) == [true, false])
    }
}
