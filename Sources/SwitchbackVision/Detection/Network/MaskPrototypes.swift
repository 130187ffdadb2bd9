import Switchback

/// Masks of which each object's is a weighted sum (Bolya et al., "YOLACT", 2019, section 3.1), at a quarter of the
/// image's size: [N, 32, H / 4, W / 4].
///
/// YOLO11 makes them of the finest feature map alone, YOLO26 of the sum of all three. In training YOLO26 also tells from
/// that sum which classes there are at each eighth of the image, from which the feature maps learn.
final class MaskPrototypes: Module {
    /// How many there are.
    static let count = 32

    private let cv1: ConvBlock
    private let upsample: ConvTranspose2d
    private let cv2, cv3: ConvBlock
    /// Of the coarser maps, to the channels of the finest.
    private let refinements: [ConvBlock]
    private let fusion: ConvBlock?
    private let classMap: Sequential?

    override var partNames: [String: String] {
        ["refinements": "feat_refine", "fusion": "feat_fuse", "classMap": "semseg"]
    }

    /// - Parameters:
    ///   - channels: of the feature maps, the finest first.
    ///   - width: the channels in between.
    ///   - fusesLevels: whether all maps are used, and classes are told apart in training.
    init(_ channels: [Int], width: Int, classCount: Int, fusesLevels: Bool) {
        cv1 = ConvBlock(fusesLevels ? width : channels[0], width, kernelSize: 3)
        upsample = ConvTranspose2d(width, width, kernelSize: 2, stride: 2)
        cv2 = ConvBlock(width, width, kernelSize: 3)
        cv3 = ConvBlock(width, Self.count)
        refinements = fusesLevels ? channels.dropFirst().map { ConvBlock($0, channels[0]) } : []
        fusion = fusesLevels ? ConvBlock(channels[0], width, kernelSize: 3) : nil
        classMap =
            fusesLevels
            ? Sequential(
                ConvBlock(channels[0], width, kernelSize: 3), ConvBlock(width, width, kernelSize: 3),
                Conv2d(width, classCount, kernelSize: 1)) : nil
    }

    /// Whether a parameter belongs to the map of the classes.
    func isOfClasses(_ parameter: Parameter) -> Bool { classMap?.parameters.contains { $0 === parameter } ?? false }

    /// The prototypes, and in YOLO26's training the logits of the classes, [N, classes, H / 8, W / 8].
    func callAsFunction(_ features: [Tensor]) -> (prototypes: Tensor, classMap: Tensor?) {
        var x = features[0]
        for (level, refinement) in refinements.enumerated() {
            x = x + refinement(features[level + 1]).interpolate(size: IntPair(x.shape[2], x.shape[3]), mode: .nearest)
        }
        let classes = isTraining ? classMap?(x) : nil
        if let fusion { x = fusion(x) }
        return (cv3(cv2(upsample(cv1(x)))), classes)
    }
}
