import Switchback

/// Flips left and right.
public struct HorizontalFlip: Augmentation {
    public let probability: Double

    public init(probability: Double = 0.5) { self.probability = probability }

    public func callAsFunction(_ sample: Sample, _ context: AugmentationContext) -> Sample {
        context.generator.chance(probability) ? sample.flippedHorizontally() : sample
    }
}

/// Flips top and bottom.
public struct VerticalFlip: Augmentation {
    public let probability: Double

    public init(probability: Double = 0.5) { self.probability = probability }

    public func callAsFunction(_ sample: Sample, _ context: AugmentationContext) -> Sample {
        guard context.generator.chance(probability) else { return sample }
        let height = sample.image.height
        return Sample(
            sample.image.flippedVertically(), labels: sample.labels.map { $0.flippedVertically(height: height) })
    }
}

extension Sample {
    func flippedHorizontally() -> Sample {
        Sample(
            image.flippedHorizontally(), labels: labels.map { $0.flippedHorizontally(width: image.width) })
    }
}
