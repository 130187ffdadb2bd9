import Switchback
import SwitchbackTraining

/// The augmentation of a classifier's training images: the options of `classify train`, with Ultralytics' names.
public struct ClassificationAugmentation: Configuration, Hashable {
    /// A random combination of image augmentations.
    public enum Policy: String, Codable, CaseIterable, Sendable { case none, randaugment }

    /// The least part of an image that is cut out.
    public var crop = 0.5
    /// Probabilities of exchanging left and right, and top and bottom.
    public var fliplr = 0.5
    public var flipud = 0.0
    /// The greatest changes of hue, saturation and value.
    public var hsvH = 0.0
    public var hsvS = 0.0
    public var hsvV = 0.0
    public var autoAugment = Policy.randaugment
    /// The probability of covering a part.
    public var erasing = 0.4

    public static let ranges: [String: NumberRange] = [
        "crop": .above(0, to: 1), "fliplr": .probability, "flipud": .probability, "hsv_h": .probability,
        "hsv_s": .probability, "hsv_v": .probability, "erasing": .probability,
    ]

    public init() {}

    /// The steps that make an image of any size one of `height` × `width`.
    public func steps(height: Int, width: Int) -> any Augmentation {
        var steps: [any Augmentation] = [
            RandomResizedCrop(height: height, width: width, area: crop...1), HorizontalFlip(probability: fliplr),
            VerticalFlip(probability: flipud),
        ]
        if autoAugment == .randaugment { steps.append(RandAugment()) }
        if hsvH > 0 || hsvS > 0 || hsvV > 0 {
            steps.append(HSVJitter(hue: hsvH, saturation: hsvS, value: hsvV))
        }
        steps.append(RandomErasing(probability: erasing))
        return Augmentations(steps)
    }
}
