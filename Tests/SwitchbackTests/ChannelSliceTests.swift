import Switchback
import Testing

/// A slice of a channels-last tensor's channels is read where it lies: what is computed from it, and from gradients
/// that are such slices, has the bits of what its copy gives.
@Suite struct ChannelSliceTests {
    struct Operation: Sendable, CustomTestStringConvertible {
        let name: String
        let channels: Int
        /// The shapes of the parameters.
        let weights: [Shape]
        let run: @Sendable (_ x: Tensor, _ weights: [Tensor]) -> Tensor

        var testDescription: String { name }
    }

    static let operations: [Operation] = [
        Operation(name: "conv2d 1×1", channels: 17, weights: [[19, 17, 1, 1], [19]]) {
            $0.conv2d(weight: $1[0], bias: $1[1])
        },
        Operation(name: "conv2d 1×1 of many channels", channels: 96, weights: [[64, 96, 1, 1]]) {
            $0.conv2d(weight: $1[0])
        },
        Operation(name: "conv2d of few channels", channels: 3, weights: [[16, 3, 3, 3]]) {
            $0.conv2d(weight: $1[0], stride: 2, padding: 1)
        },
        Operation(name: "conv2d 3×3", channels: 32, weights: [[32, 32, 3, 3]]) {
            $0.conv2d(weight: $1[0], padding: 1)
        },
        Operation(name: "conv2d 3×3 with stride 2", channels: 48, weights: [[32, 48, 3, 3]]) {
            $0.conv2d(weight: $1[0], stride: 2, padding: 1)
        },
        Operation(name: "conv2d 5×5", channels: 72, weights: [[8, 72, 5, 5]]) { $0.conv2d(weight: $1[0], padding: 2) },
        Operation(name: "conv2d grouped", channels: 6, weights: [[9, 2, 3, 3]]) {
            $0.conv2d(weight: $1[0], padding: 1, groups: 3)
        },
        Operation(name: "conv2d depthwise", channels: 18, weights: [[18, 1, 3, 3]]) {
            $0.conv2d(weight: $1[0], padding: 1, groups: 18)
        },
        Operation(name: "conv2d depthwise, two filters a channel", channels: 5, weights: [[10, 1, 3, 3]]) {
            $0.conv2d(weight: $1[0], padding: 1, groups: 5)
        },
        Operation(name: "batch norm", channels: 18, weights: [[18], [18]]) { x, weights in
            x.batchNorm(weight: weights[0], bias: weights[1], training: true)
        },
        Operation(name: "batch norm with silu", channels: 18, weights: [[18], [18]]) { x, weights in
            x.batchNorm(weight: weights[0], bias: weights[1], training: true, activation: .silu)
        },
        Operation(name: "batch norm with relu", channels: 33, weights: [[33], [33]]) { x, weights in
            x.batchNorm(weight: weights[0], bias: weights[1], training: true, activation: .relu)
        },
        Operation(name: "interpolate", channels: 9, weights: []) { x, _ in x.interpolate(scaleFactor: 2) },
        Operation(name: "interpolate, smaller", channels: 9, weights: []) { x, _ in
            x.interpolate(size: [5, 4], mode: .bilinear)
        },
    ]

    @Test(arguments: operations) func bitsOfTheCopy(_ operation: Operation) {
        let generator = Generator(seed: 5)
        let sliced = slice(operation.channels, like: [3, 0, 12, 11], generator)
        let weights = operation.weights.map { Tensor.randn($0, generator: generator) }
        let shape = operation.run(sliced, weights).shape
        let upstream = slice(shape[1], like: shape, generator)
        #expect(!sliced.isContiguous && !upstream.isContiguous)

        let results = [sliced, sliced.channelsLast()].map { x in
            [upstream, upstream.channelsLast()].map { gradient in
                let leaves = ([x] + weights).map { $0.detach() }
                for leaf in leaves { leaf.requiresGrad = true }
                let y = operation.run(leaves[0], Array(leaves.dropFirst()))
                y.backward(gradient: gradient)
                return [y] + leaves.map { $0.grad! }
            }
        }.flatMap { $0 }
        for result in results.dropFirst() {
            for (found, expected) in zip(result, results[0]) {
                #expect(found.toArray() == expected.toArray())
            }
        }
    }

    /// `channels` of more channels, in the middle.
    private func slice(_ channels: Int, like shape: Shape, _ generator: Generator) -> Tensor {
        var wide = shape
        wide[1] = channels + 21
        return Tensor.randn(wide, generator: generator).channelsLast().narrow(dim: 1, start: 8, length: channels)
    }
}
