import Switchback

/// A residual network for image classification (He et al., "Deep residual learning for image recognition", 2016), in
/// torchvision's version 1.5: bottlenecks have their stride in the 3×3 convolution. Parameters have torchvision's names
/// and shapes, so its checkpoints load.
///
/// ```swift
/// let model = ResNet(.resnet50)
/// try model.load(stateDict: Safetensors.load("resnet50.safetensors"))
///
/// let small = ResNet(.resnet18, classes: 10, stem: .cifar, width: 16)
/// ```
public final class ResNet: Module, FeatureMapped {
    /// How many blocks there are, and of which kind.
    public enum Variant: String, CaseIterable, Sendable {
        case resnet18, resnet34, resnet50, resnet101, resnet152

        /// How many blocks each of the four stages has (table 1 of the paper).
        var depths: [Int] {
            switch self {
            case .resnet18: [2, 2, 2, 2]
            case .resnet34, .resnet50: [3, 4, 6, 3]
            case .resnet101: [3, 4, 23, 3]
            case .resnet152: [3, 8, 36, 3]
            }
        }

        /// Whether blocks narrow their channels before the 3×3 convolution and widen them after it.
        var hasBottlenecks: Bool { self != .resnet18 && self != .resnet34 }
    }

    /// The first stage, which images enter.
    public enum Stem: String, CaseIterable, Sendable {
        /// A 7×7 convolution and a maximum pool, each of stride 2: for images of about 224×224.
        case imageNet
        /// A 3×3 convolution of stride 1: for images of about 32×32.
        case cifar
    }

    public let conv1: Conv2d
    public let bn1: BatchNorm2d
    public let layer1, layer2, layer3, layer4: Sequential
    /// [classes, features].
    public let fc: Linear
    private let pool: MaxPool2d?
    private let drop: Dropout

    /// - Parameters:
    ///   - channels: of the images.
    ///   - width: the channels after the stem; each stage after the first doubles them.
    ///   - dropout: the share of features that training leaves out before the linear layer.
    ///   - generator: where the first weights are drawn from; the default generator if omitted.
    public init(
        _ variant: Variant, classes: Int = 1000, channels: Int = 3, stem: Stem = .imageNet, width: Int = 64,
        dropout: Double = 0, generator: Generator? = nil
    ) {
        switch stem {
        case .imageNet:
            conv1 = .residual(channels, width, kernelSize: 7, stride: 2, generator)
            pool = MaxPool2d(kernelSize: 3, stride: 2, padding: 1)
        case .cifar:
            conv1 = .residual(channels, width, kernelSize: 3, generator)
            pool = nil
        }
        bn1 = BatchNorm2d(width)
        var inputs = width
        let stages = variant.depths.enumerated().map { stage, depth in
            let blocks = (0..<depth).map { position -> ResidualBlock in
                let stride = stage > 0 && position == 0 ? 2 : 1
                let block: ResidualBlock =
                    variant.hasBottlenecks
                    ? Bottleneck(inputs, width << stage, stride: stride, generator)
                    : BasicBlock(inputs, width << stage, stride: stride, generator)
                inputs = block.outputs
                return block
            }
            return Sequential(blocks)
        }
        (layer1, layer2, layer3, layer4) = (stages[0], stages[1], stages[2], stages[3])
        fc = Linear(inputs, classes, generator: generator)
        drop = Dropout(p: dropout)
    }

    var featureMap: Module { layer4 }

    /// [N, channels, H, W] → [N, classes]: one logit for each class.
    public override func forward(_ images: Tensor) -> Tensor {
        fc(drop(features(images).adaptiveAvgPool2d(outputSize: 1).flatten(start: 1)))
    }

    /// [N, channels, H, W] → [N, features, H', W']: what the last stage makes of the images, before pooling.
    public func features(_ images: Tensor) -> Tensor {
        let stem = conv1(images, normalizedBy: bn1, activation: .relu)
        return [layer1, layer2, layer3, layer4].reduce(pool?(stem) ?? stem) { $1($0) }
    }
}

/// Convolutions whose result is added to their input, which a projection brings to its shape where that differs.
class ResidualBlock: Module {
    /// The channels of what the block computes.
    let outputs: Int
    let downsample: Sequential?

    fileprivate init(_ inputs: Int, _ outputs: Int, stride: Int, _ generator: Generator?) {
        self.outputs = outputs
        downsample =
            stride == 1 && inputs == outputs
            ? nil
            : Sequential(
                Conv2d.residual(inputs, outputs, kernelSize: 1, stride: stride, generator), BatchNorm2d(outputs))
    }
}

/// Two 3×3 convolutions.
final class BasicBlock: ResidualBlock {
    let conv1: Conv2d
    let bn1: BatchNorm2d
    let conv2: Conv2d
    let bn2: BatchNorm2d

    override init(_ inputs: Int, _ width: Int, stride: Int, _ generator: Generator?) {
        conv1 = .residual(inputs, width, kernelSize: 3, stride: stride, generator)
        bn1 = BatchNorm2d(width)
        conv2 = .residual(width, width, kernelSize: 3, generator)
        bn2 = BatchNorm2d(width)
        super.init(inputs, width, stride: stride, generator)
    }

    override func forward(_ x: Tensor) -> Tensor {
        let y = conv1(x, normalizedBy: bn1, activation: .relu)
        return conv2(y, normalizedBy: bn2, activation: .relu, adding: downsample?(x) ?? x)
    }
}

/// A 1×1 convolution to fewer channels, a 3×3 one, and a 1×1 one to four times as many.
final class Bottleneck: ResidualBlock {
    let conv1: Conv2d
    let bn1: BatchNorm2d
    let conv2: Conv2d
    let bn2: BatchNorm2d
    let conv3: Conv2d
    let bn3: BatchNorm2d

    /// How many times more channels leave the block than its 3×3 convolution has.
    private static let expansion = 4

    override init(_ inputs: Int, _ width: Int, stride: Int, _ generator: Generator?) {
        let outputs = width * Self.expansion
        conv1 = .residual(inputs, width, kernelSize: 1, generator)
        bn1 = BatchNorm2d(width)
        conv2 = .residual(width, width, kernelSize: 3, stride: stride, generator)
        bn2 = BatchNorm2d(width)
        conv3 = .residual(width, outputs, kernelSize: 1, generator)
        bn3 = BatchNorm2d(outputs)
        super.init(inputs, outputs, stride: stride, generator)
    }

    override func forward(_ x: Tensor) -> Tensor {
        let y = conv1(x, normalizedBy: bn1, activation: .relu)
        let z = conv2(y, normalizedBy: bn2, activation: .relu)
        return conv3(z, normalizedBy: bn3, activation: .relu, adding: downsample?(x) ?? x)
    }
}

extension Conv2d {
    /// A convolution without bias whose output has the size of its input divided by the stride, with weights that keep
    /// the variance of gradients through rectifiers (He et al., "Delving deep into rectifiers", 2015).
    fileprivate static func residual(
        _ inputs: Int, _ outputs: Int, kernelSize: Int, stride: Int = 1, _ generator: Generator?
    ) -> Conv2d {
        let layer = Conv2d(
            inputs, outputs, kernelSize: kernelSize, stride: stride, padding: kernelSize / 2, bias: false,
            generator: generator)
        layer.weight.initialize(.kaimingNormal(fan: .out, nonlinearity: .relu), generator: generator)
        return layer
    }
}
