import Switchback

/// A convolution of square images as networks have it.
struct ConvolutionShape {
    /// The network.
    let origin: String
    let batch, inputs, outputs: Int
    /// Of the image, in pixels.
    let side: Int
    let kernel: Int
    var stride = 1
    var groups = 1

    /// The shapes that ResNets and YOLO11n spend their time in.
    static let all = [
        ConvolutionShape(origin: "ResNet", batch: 4, inputs: 3, outputs: 64, side: 224, kernel: 7, stride: 2),
        ConvolutionShape(origin: "ResNet", batch: 16, inputs: 64, outputs: 64, side: 56, kernel: 3),
        ConvolutionShape(origin: "ResNet", batch: 16, inputs: 64, outputs: 128, side: 56, kernel: 3, stride: 2),
        ConvolutionShape(origin: "ResNet", batch: 16, inputs: 128, outputs: 128, side: 28, kernel: 3),
        ConvolutionShape(origin: "ResNet", batch: 16, inputs: 256, outputs: 256, side: 14, kernel: 3),
        ConvolutionShape(origin: "ResNet", batch: 16, inputs: 512, outputs: 512, side: 7, kernel: 3),
        ConvolutionShape(origin: "ResNet", batch: 1, inputs: 512, outputs: 512, side: 7, kernel: 3),
        ConvolutionShape(origin: "ResNet", batch: 16, inputs: 256, outputs: 64, side: 56, kernel: 1),
        ConvolutionShape(origin: "ResNet", batch: 16, inputs: 64, outputs: 128, side: 56, kernel: 1, stride: 2),
        ConvolutionShape(origin: "YOLO", batch: 1, inputs: 3, outputs: 16, side: 640, kernel: 3, stride: 2),
        ConvolutionShape(origin: "YOLO", batch: 1, inputs: 16, outputs: 32, side: 320, kernel: 3, stride: 2),
        ConvolutionShape(origin: "YOLO", batch: 1, inputs: 16, outputs: 16, side: 160, kernel: 3),
        ConvolutionShape(origin: "YOLO", batch: 1, inputs: 64, outputs: 64, side: 80, kernel: 3),
        ConvolutionShape(origin: "YOLO", batch: 1, inputs: 128, outputs: 128, side: 40, kernel: 1),
        ConvolutionShape(origin: "YOLO", batch: 1, inputs: 80, outputs: 80, side: 80, kernel: 3, groups: 80),
    ]

    private var outputSide: Int { (side + 2 * (kernel / 2) - kernel) / stride + 1 }

    private var name: String {
        "\(kernel)×\(kernel)\(stride > 1 ? " /\(stride)" : "")\(groups > 1 ? " depthwise" : "") "
            + "\(inputs)→\(outputs) \(side)² b\(batch)"
    }

    /// The convolution and its two gradients, each as many multiplications and additions.
    var kernels: [RooflineKernel] {
        let form = Convolution2D(stride: IntPair(stride), padding: IntPair(kernel / 2), groups: groups)
        let x = image([batch, inputs, side, side])
        let y = image([batch, outputs, outputSide, outputSide])
        let weight = Tensor.randn([outputs, inputs / groups, kernel, kernel])
        let operations = 2 * Double(y.count * inputs / groups * kernel * kernel)
        let bytes = 4 * Double(x.count + y.count + weight.count)
        func measured(_ direction: String, _ run: @escaping () -> Void) -> RooflineKernel {
            RooflineKernel(
                family: "convolution", name: "\(origin) \(direction) \(name)", operations: operations, bytes: bytes,
                run: run)
        }
        return [
            measured("forward") {
                _ = CPUBackend.convolution(
                    x.array, weight.array, laidOut: nil, bias: nil, residual: nil, activation: .none, form,
                    outputShape: y.shape)
            },
            measured("input") {
                _ = CPUBackend.convolutionInputGradient(y.array, weight.array, form, inputShape: x.shape)
            },
            measured("weight") {
                _ = CPUBackend.convolutionWeightGradient(
                    x.array, y.array, form, weightShape: weight.shape, withBias: false)
            },
        ]
    }
}
