import Switchback

/// The classification network of YOLO11 and YOLO26 (Jocher and Qiu, 2024): the detector's backbone, self-attention, and
/// a linear layer. Its parameters have the names of Ultralytics' checkpoints.
///
/// ```swift
/// let model = YOLOClassifier(.n, classes: 10)
/// ```
public final class YOLOClassifier: Module, FeatureMapped {
    private let stages: [Module]
    private let head: ClassifyHead

    /// A network with fresh weights, drawn from the default generator.
    ///
    /// - Parameters:
    ///   - channels: of the images.
    ///   - dropout: the share of features that training leaves out before the linear layer.
    public init(_ size: YOLOVariant.Size, classes: Int, channels: Int = 3, dropout: Double = 0) {
        let variant = YOLOVariant(.yolo11, size)
        let (modules, outputs) = variant.make(variant.classifierStages, imageChannels: channels)
        stages = modules
        head = ClassifyHead(outputs[outputs.count - 1], classes: classes, dropout: dropout)
        super.init()
        for (_, module) in namedModules() { (module as? ConvBlock)?.normalizeAsClassifiers() }
    }

    public override func namedParts() -> [(name: String, part: Part)] {
        (stages + [head]).enumerated().map { ("model.\($0)", .module($1)) }
    }

    var featureMap: Module { stages[stages.count - 1] }

    /// [N, channels, H, W] → [N, classes]: one logit for each class.
    public override func forward(_ images: Tensor) -> Tensor { head(stages.reduce(images) { $1($0) }) }
}

/// The mean over all positions of 1,280 features of each, and a linear layer: [N, inputs, H, W] → [N, classes].
final class ClassifyHead: Module {
    let conv: ConvBlock
    let linear: Linear
    private let drop: Dropout

    private static let features = 1280

    init(_ inputs: Int, classes: Int, dropout: Double) {
        conv = ConvBlock(inputs, Self.features)
        linear = Linear(Self.features, classes)
        drop = Dropout(p: dropout)
    }

    override func forward(_ input: Tensor) -> Tensor {
        linear(drop(conv(input).adaptiveAvgPool2d(outputSize: 1).flatten(start: 1)))
    }
}
