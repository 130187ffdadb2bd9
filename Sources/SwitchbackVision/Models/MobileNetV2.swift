import Switchback

/// A small image classification network (Sandler et al., "MobileNetV2: inverted residuals and linear bottlenecks",
/// 2018), with torchvision's names and shapes, so that its checkpoints load.
///
/// ```swift
/// let model = MobileNetV2(classes: 5, width: 0.5)
/// ```
public final class MobileNetV2: Module, FeatureMapped {
    /// The backbone: images to [N, features, H / 32, W / 32].
    public let features: Sequential
    /// Dropout and a linear layer.
    public let classifier: Sequential

    /// Table 2 of the paper: the expansion, channels and number of blocks of each stage, and its first stride.
    private static let stages = [
        (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1),
    ]

    /// - Parameters:
    ///   - channels: of the images.
    ///   - width: by what the numbers of channels are multiplied.
    ///   - dropout: the share of features that training leaves out before the linear layer.
    ///   - generator: where the first weights are drawn from; the default generator if omitted.
    public init(
        classes: Int = 1000, channels: Int = 3, width: Double = 1, dropout: Double = 0.2, generator: Generator? = nil
    ) {
        var inputs = Self.channels(32, width)
        let last = Self.channels(1280, max(1, width))
        var layers: [Module] = [Sequential(normalizedConvolution(channels, inputs, 3, stride: 2, generator))]
        for (expansion, outputs, count, stride) in Self.stages {
            for position in 0..<count {
                let outputs = Self.channels(outputs, width)
                layers.append(
                    InvertedResidual(
                        inputs, outputs, stride: position == 0 ? stride : 1, expansion: expansion, generator))
                inputs = outputs
            }
        }
        layers.append(Sequential(normalizedConvolution(inputs, last, 1, generator)))
        features = Sequential(layers)
        let linear = Linear(last, classes, generator: generator)
        linear.weight.initialize(.normal(standardDeviation: 0.01), generator: generator)
        linear.bias?.initialize(.zeros)
        classifier = Sequential(Dropout(p: dropout), linear)
    }

    var featureMap: Module { features }

    /// [N, channels, H, W] → [N, classes]: one logit for each class.
    public override func forward(_ images: Tensor) -> Tensor {
        classifier(features(images).adaptiveAvgPool2d(outputSize: 1).flatten(start: 1))
    }

    /// The multiple of 8 that is nearest, at least 8, and not below nine tenths of what was requested.
    private static func channels(_ count: Int, _ width: Double) -> Int {
        let wanted = Double(count) * width
        let rounded = max(8, Int(wanted + 4) / 8 * 8)
        return Double(rounded) < 0.9 * wanted ? rounded + 8 : rounded
    }
}

/// A 1×1 convolution to more channels, a depthwise 3×3 one, and a 1×1 one to few channels without an activation, whose
/// result is added to the input where the shapes agree.
final class InvertedResidual: Module {
    let conv: Sequential
    private let addsInput: Bool

    init(_ inputs: Int, _ outputs: Int, stride: Int, expansion: Int, _ generator: Generator?) {
        let hidden = inputs * expansion
        let widening = expansion == 1 ? [] : [Sequential(normalizedConvolution(inputs, hidden, 1, generator))]
        let depthwise = normalizedConvolution(hidden, hidden, 3, stride: stride, groups: hidden, generator)
        let narrowing = normalizedConvolution(hidden, outputs, 1, generator).dropLast()
        conv = Sequential(widening + [Sequential(depthwise)] + narrowing)
        addsInput = stride == 1 && inputs == outputs
    }

    override func forward(_ x: Tensor) -> Tensor { addsInput ? x + conv(x) : conv(x) }
}

/// A convolution without bias, batch normalization and a rectifier that ends at 6.
private func normalizedConvolution(
    _ inputs: Int, _ outputs: Int, _ kernelSize: Int, stride: Int = 1, groups: Int = 1, _ generator: Generator?
) -> [Module] {
    let convolution = Conv2d(
        inputs, outputs, kernelSize: kernelSize, stride: stride, padding: kernelSize / 2, groups: groups, bias: false,
        generator: generator)
    convolution.weight.initialize(.kaimingNormal(fan: .out), generator: generator)
    return [convolution, BatchNorm2d(outputs), ReLU6()]
}
