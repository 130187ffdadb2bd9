import Switchback

/// Flips left and right.
public struct HorizontalFlip: Augmentation {
    public let probability: Double
    /// Which keypoint takes the place of each.
    public let keypointOrder: [Int]?

    public init(probability: Double = 0.5, keypointOrder: [Int]? = nil) {
        self.probability = probability
        self.keypointOrder = keypointOrder
    }

    public func callAsFunction(_ sample: Sample, _ context: AugmentationContext) -> Sample {
        guard context.generator.chance(probability) else { return sample }
        return sample.flippedHorizontally(keypointOrder: keypointOrder)
    }
}

/// Flips top and bottom.
public struct VerticalFlip: Augmentation {
    public let probability: Double
    /// Which keypoint takes the place of each.
    public let keypointOrder: [Int]?

    public init(probability: Double = 0.5, keypointOrder: [Int]? = nil) {
        self.probability = probability
        self.keypointOrder = keypointOrder
    }

    public func callAsFunction(_ sample: Sample, _ context: AugmentationContext) -> Sample {
        guard context.generator.chance(probability) else { return sample }
        let height = sample.image.height
        return Sample(
            sample.image.flippedVertically(),
            labels: sample.labels.map { $0.flippedVertically(height: height).withKeypoints(in: keypointOrder) })
    }
}

extension Sample {
    /// - Parameter keypointOrder: which keypoint takes the place of each.
    func flippedHorizontally(keypointOrder: [Int]? = nil) -> Sample {
        Sample(
            image.flippedHorizontally(),
            labels: labels.map { $0.flippedHorizontally(width: image.width).withKeypoints(in: keypointOrder) })
    }
}
