import Switchback
import SwitchbackFormats
import SwitchbackInference
import TestSupport
import Testing

/// Convolutions in bytes beside the same sums in float64. Suites run with each SWITCHBACK_ISA, so each instruction set is.
@Suite(.seeded()) struct ByteConvolutionTests {
    struct Case: CustomTestStringConvertible, Sendable {
        var inputs = 16
        var outputs = 24
        var kernel = IntPair(3)
        var stride = 1
        var padding = 1
        var dilation = 1
        var groups = 1
        var activation = 0
        var images = 2

        var testDescription: String {
            "\(inputs) to \(outputs), \(kernel), stride \(stride), padding \(padding), dilation \(dilation), \(groups) groups"
        }
    }

    static let cases = [
        Case(), Case(inputs: 3, outputs: 16, stride: 2), Case(inputs: 5, outputs: 7), Case(kernel: 1, padding: 0),
        Case(inputs: 6, outputs: 65, kernel: 1, stride: 2, padding: 0), Case(outputs: 40, kernel: 1, padding: 1),
        Case(inputs: 12, padding: 2, dilation: 2), Case(inputs: 4, kernel: [5, 3], padding: 0),
        Case(inputs: 64, outputs: 96, images: 1), Case(inputs: 1, outputs: 1, kernel: 1, padding: 0),
        Case(inputs: 24, outputs: 24, groups: 24),
        Case(inputs: 19, outputs: 19, kernel: 5, stride: 2, padding: 2, groups: 19),
    ]

    /// A layer named "0" with what may follow it.
    private func network(_ item: Case, _ generator: Generator) -> Sequential {
        let convolution = Conv2d(
            item.inputs, item.outputs, kernelSize: item.kernel, stride: item.stride, padding: item.padding,
            dilation: item.dilation, groups: item.groups, generator: generator)
        let model: Sequential
        switch item.activation {
        case 1: model = Sequential(convolution, ReLU())
        case 2: model = Sequential(convolution, SiLU())
        default: model = Sequential(convolution)
        }
        model.eval()
        return model
    }

    private func weight(of model: Module) -> Tensor { model.stateDict()["0.weight"]! }

    private func record() -> Quantization.Record {
        Quantization.Record(calibration: "min-max", images: 1, leftOut: [:])
    }

    @Test(arguments: cases, [0, 1, 2])
    func sumsAreExact(_ item: Case, _ activation: Int) throws {
        var item = item
        item.activation = activation
        let generator = Generator(seed: 7)
        let model = network(item, generator)
        let x = Tensor.randn([item.images, item.inputs, 13, 11], generator: generator)
        let scale = ByteScale(lowest: -2.5, highest: 3)
        let layer = QuantizedLayer(rounding: weight(of: model), input: scale)
        let network = QuantizedNetwork(Quantization(layers: ["0": layer], record: record()))
        let found = try network.run(model, [x]) { [model($0[0])] }[0]

        let codes = ((x / Double(scale.scale)).round() + Double(scale.zero)).clamp(min: 0, max: 255)
        let rounded = (codes.to(.float64) - Double(scale.zero)) * Double(scale.scale)
        let sum = rounded.conv2d(
            weight: layer.weight.to(.float64), bias: model.stateDict()["0.bias"]!.to(.float64), stride: item.stride,
            padding: item.padding, dilation: item.dilation, groups: item.groups)
        let expected = activation == 1 ? sum.relu() : activation == 2 ? sum.silu() : sum
        let difference = (found.to(.float64) - expected).abs().max().item()
        #expect(difference < 1e-5 * expected.abs().max().item())
    }

    /// Two layers with bytes between them: the bits are the same on any number of threads.
    @Test func bitsDoNotDependOnThreads() throws {
        let generator = Generator(seed: 3)
        let model = Sequential(
            Conv2d(8, 40, kernelSize: 3, padding: 1, generator: generator), SiLU(),
            Conv2d(40, 12, kernelSize: 1, generator: generator))
        let state = model.stateDict()
        // Whole numbers, whose bits no kernel for random numbers or division can change.
        noGrad {
            for (name, tensor) in state {
                let shift = name.utf8.count * 11
                let numbers = (0..<tensor.count).map { Float(($0 * 37 + shift) % 255 - 127) / 1024 }
                tensor.copy(from: Tensor(numbers, shape: tensor.shape))
            }
        }
        let pixels = (0..<3200).map { Float($0 * 73 % 509 - 254) / 128 }
        let x = Tensor(pixels, shape: [1, 8, 20, 20])
        let layers = [
            "0": QuantizedLayer(rounding: state["0.weight"]!, input: ByteScale(lowest: -2, highest: 2)),
            "2": QuantizedLayer(rounding: state["2.weight"]!, input: ByteScale(lowest: -0.3, highest: 4)),
        ]
        let threads = Processor.threadCount
        defer { Processor.threadCount = threads }
        var results: Set<[UInt32]> = []
        for count in [1, 3] {
            Processor.threadCount = count
            let network = QuantizedNetwork(Quantization(layers: layers, record: record()))
            let found = try network.run(model, [x]) { [model($0[0])] }[0]
            results.insert(found.toArray(as: Float.self).map(\.bitPattern))
        }
        #expect(results.count == 1)
    }
}
