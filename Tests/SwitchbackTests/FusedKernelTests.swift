import Switchback
import Testing

/// An operation that has a fused float32 kernel, and is composed of simpler operations in float64.
struct FusedOperation: Sendable, CustomTestStringConvertible {
    let name: String
    let shapes: [Shape]
    /// Whether its gradient can be differentiated again.
    var twice = true
    let run: @Sendable ([Tensor]) -> Tensor

    var testDescription: String { name }

    static let all: [FusedOperation] = convolutions + pools + normalizations + others

    private static let convolutions: [FusedOperation] = [
        FusedOperation(name: "conv2d 3×3", shapes: [[2, 5, 11, 9], [7, 5, 3, 3], [7]]) {
            $0[0].conv2d(weight: $0[1], bias: $0[2], padding: 1)
        },
        FusedOperation(name: "conv2d 1×1", shapes: [[3, 17, 5, 4], [19, 17, 1, 1], [19]]) {
            $0[0].conv2d(weight: $0[1], bias: $0[2])
        },
        FusedOperation(name: "conv2d strided and dilated", shapes: [[2, 4, 13, 10], [6, 4, 3, 2]]) {
            $0[0].conv2d(weight: $0[1], stride: [2, 1], padding: [1, 2], dilation: [1, 3])
        },
        FusedOperation(name: "conv2d of one channel", shapes: [[4, 1, 12, 12], [8, 1, 3, 3], [8]]) {
            $0[0].conv2d(weight: $0[1], bias: $0[2])
        },
        FusedOperation(name: "conv2d grouped", shapes: [[2, 6, 8, 7], [9, 2, 3, 3]]) {
            $0[0].conv2d(weight: $0[1], padding: .same, groups: 3)
        },
        FusedOperation(name: "conv2d depthwise", shapes: [[2, 18, 9, 8], [18, 1, 3, 3]]) {
            $0[0].conv2d(weight: $0[1], stride: 2, padding: 1, groups: 18)
        },
        FusedOperation(name: "conv2d of a transposed view", shapes: [[2, 8, 3, 9], [4, 3, 3, 3]]) {
            $0[0].permute(0, 2, 3, 1).conv2d(weight: $0[1], padding: 1)
        },
        FusedOperation(name: "conv2d with a mirrored border", shapes: [[1, 2, 6, 5], [3, 2, 3, 3]]) {
            $0[0].conv2d(weight: $0[1], padding: 1, paddingMode: .reflect)
        },
        FusedOperation(
            name: "conv2d with an addition and an activation",
            shapes: [[2, 18, 9, 7], [20, 18, 3, 3], [20], [2, 20, 9, 7]]
        ) {
            $0[0].conv2d(weight: $0[1], bias: $0[2], padding: 1, activation: .relu, adding: $0[3])
        },
        FusedOperation(
            name: "conv2d of few channels with an addition and silu",
            shapes: [[2, 3, 9, 7], [20, 3, 3, 3], [2, 20, 5, 4]]
        ) {
            $0[0].conv2d(weight: $0[1], stride: 2, padding: 1, activation: .silu, adding: $0[2])
        },
        FusedOperation(name: "conv1d", shapes: [[2, 3, 15], [4, 3, 4]]) { $0[0].conv1d(weight: $0[1], stride: 2) },
        FusedOperation(name: "convTranspose2d", shapes: [[2, 6, 5, 4], [6, 3, 3, 3], [3]]) {
            $0[0].convTranspose2d(weight: $0[1], bias: $0[2], stride: 2, padding: 1, outputPadding: 1)
        },
    ]

    private static let pools: [FusedOperation] = [
        FusedOperation(name: "maxPool2d", shapes: [[2, 5, 9, 8]]) {
            $0[0].maxPool2d(kernelSize: 3, stride: 2, padding: 1)
        },
        FusedOperation(name: "maxPool2d, dilated", shapes: [[2, 5, 9, 8]]) {
            $0[0].maxPool2d(kernelSize: [3, 2], stride: 1, padding: 1, dilation: [2, 3])
        },
        FusedOperation(name: "avgPool2d", shapes: [[2, 5, 9, 8]]) {
            $0[0].avgPool2d(kernelSize: [3, 2], padding: [1, 0], ceilMode: true, countIncludePad: false)
        },
        FusedOperation(name: "adaptiveAvgPool2d", shapes: [[2, 5, 9, 8]]) {
            $0[0].adaptiveAvgPool2d(outputSize: [4, 3])
        },
        FusedOperation(name: "adaptiveMaxPool2d", shapes: [[2, 5, 9, 8]]) {
            $0[0].adaptiveMaxPool2d(outputSize: [4, 3])
        },
        FusedOperation(name: "interpolate", shapes: [[2, 3, 7, 5]]) {
            $0[0].interpolate(scaleFactor: 2, mode: .bilinear)
        },
        FusedOperation(name: "interpolate, smaller", shapes: [[2, 3, 9, 8]]) {
            $0[0].interpolate(size: [4, 5], mode: .bicubic, antialias: true)
        },
    ]

    private static let normalizations: [FusedOperation] = [
        FusedOperation(name: "batchNorm", shapes: [[4, 6, 3, 5], [6], [6]]) {
            $0[0].batchNorm(weight: $0[1], bias: $0[2], training: true)
        },
        FusedOperation(name: "batchNorm with relu", shapes: [[4, 70, 3, 5], [70], [70]]) {
            $0[0].batchNorm(weight: $0[1], bias: $0[2], training: true, activation: .relu)
        },
        FusedOperation(name: "batchNorm with silu", shapes: [[4, 6, 3, 5], [6], [6]]) {
            $0[0].batchNorm(weight: $0[1], bias: $0[2], training: true, activation: .silu)
        },
        FusedOperation(name: "batchNorm with an addition", shapes: [[4, 70, 3, 5], [70], [4, 70, 3, 5]]) {
            $0[0].batchNorm(weight: $0[1], training: true, adding: $0[2])
        },
        FusedOperation(name: "batchNorm with an addition and relu", shapes: [[4, 70, 3, 5], [70], [4, 70, 3, 5]]) {
            $0[0].batchNorm(bias: $0[1], training: true, activation: .relu, adding: $0[2])
        },
        FusedOperation(name: "batchNorm with an addition and silu", shapes: [[4, 6, 3, 5], [4, 6, 3, 5]]) {
            $0[0].batchNorm(training: true, activation: .silu, adding: $0[1])
        },
        FusedOperation(name: "batchNorm of a table", shapes: [[17, 6], [6]]) {
            $0[0].batchNorm(weight: $0[1], training: true)
        },
        FusedOperation(name: "batchNorm with fixed statistics", shapes: [[2, 3, 4], [3], [3]]) {
            let (mean, variance) = (Tensor.ones([3]) * 0.3, Tensor.ones([3]) * 2)
            return $0[0].batchNorm(runningMean: mean, runningVar: variance, weight: $0[1], bias: $0[2], training: false)
        },
        FusedOperation(name: "layerNorm", shapes: [[5, 3, 7], [3, 7], [3, 7]]) {
            $0[0].layerNorm([3, 7], weight: $0[1], bias: $0[2])
        },
        FusedOperation(name: "layerNorm with bias only", shapes: [[5, 37], [37]]) {
            $0[0].layerNorm([37], bias: $0[1])
        },
        FusedOperation(name: "rmsNorm", shapes: [[6, 33], [33]]) { $0[0].rmsNorm([33], weight: $0[1], eps: 1e-6) },
        FusedOperation(name: "groupNorm", shapes: [[3, 6, 4, 2], [6], [6]]) {
            $0[0].groupNorm(groups: 2, weight: $0[1], bias: $0[2])
        },
        FusedOperation(name: "softmax", shapes: [[7, 45]]) { $0[0].softmax(dim: -1) },
        FusedOperation(name: "softmax over channels", shapes: [[2, 5, 3, 4]]) { $0[0].softmax(dim: 1) },
        FusedOperation(name: "logSoftmax", shapes: [[7, 45]]) { $0[0].logSoftmax(dim: 1) },
    ]

    private static let others: [FusedOperation] = [
        FusedOperation(name: "crossEntropy", shapes: [[6, 11]]) {
            $0[0].crossEntropy(Tensor([3, 0, 10, -100, 5, 5]), labelSmoothing: 0.1)
        },
        FusedOperation(name: "attention", shapes: [[2, 4, 19, 8], [2, 2, 23, 8], [2, 2, 23, 8]], twice: false) {
            Tensor.scaledDotProductAttention($0[0], $0[1], $0[2], isCausal: true, enableGQA: true)
        },
        FusedOperation(
            name: "attention of three dimensions", shapes: [[3, 5, 8], [3, 6, 8], [3, 6, 4]], twice: false
        ) {
            Tensor.scaledDotProductAttention($0[0], $0[1], $0[2])
        },
        FusedOperation(name: "lstm", shapes: [[5, 3, 4], [24, 4], [24, 6], [24], [24]], twice: false) {
            $0[0].lstm([RecurrentWeights(weightIH: $0[1], weightHH: $0[2], biasIH: $0[3], biasHH: $0[4])]).output
        },
        FusedOperation(name: "gru", shapes: [[5, 3, 4], [18, 4], [18, 6], [18], [18]], twice: false) {
            $0[0].gru([RecurrentWeights(weightIH: $0[1], weightHH: $0[2], biasIH: $0[3], biasHH: $0[4])]).output
        },
        FusedOperation(name: "gridSample", shapes: [[2, 3, 6, 5], [2, 4, 3, 2]], twice: false) {
            $0[0].gridSample(grid: $0[1] * 0.7, paddingMode: .border)
        },
        FusedOperation(name: "ctcLoss", shapes: [[9, 2, 5]], twice: false) {
            $0[0].logSoftmax(dim: -1).ctcLoss(
                targets: Tensor([[1, 2, 2], [4, 3, 0]]), inputLengths: [9, 7], targetLengths: [3, 2])
        },
    ]
}

/// The fused kernels against the composed formulas, which compute in float64 what they compute in float32.
@Suite struct FusedKernelTests {
    @Test(arguments: FusedOperation.all)
    func agreesWithComposition(_ operation: FusedOperation) {
        let exact = results(of: operation, .float64)
        let fused = results(of: operation, .float32)
        #expect(exact.count == fused.count)
        for (i, (a, b)) in zip(exact, fused).enumerated() {
            let scale = Swift.max(1, a.abs().amax().item())
            let difference = (a - b.to(.float64)).abs().amax().item()
            #expect(a.shape == b.shape && b.dtype == .float32)
            #expect(difference <= 2e-5 * scale, "result \(i) differs by \(difference) of \(scale)")
        }
    }

    /// The value, the gradients of a weighted sum, and the gradients of a function of those.
    private func results(of operation: FusedOperation, _ dtype: DType) -> [Tensor] {
        let generator = Generator(seed: 7)
        func random(_ shape: Shape) -> Tensor { Tensor.randn(shape, dtype: .float64, generator: generator).to(dtype) }
        let inputs = operation.shapes.map { shape -> Tensor in
            let tensor = random(shape)
            tensor.requiresGrad = true
            return tensor
        }
        let value = operation.run(inputs)
        let first = gradients(
            of: [value], withRespectTo: inputs, gradients: [random(value.shape)], createGraph: operation.twice
        ).map { $0! }
        var found = [value] + first
        if operation.twice {
            let curvature = first.map { ($0 * random($0.shape)).square().sum() }.reduce(Tensor(0.0, dtype: dtype), +)
            // What does not depend on an input twice has no second gradient.
            found += gradients(of: [curvature], withRespectTo: inputs).compactMap { $0 }
        }
        return found.map { $0.detach() }
    }
}
