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
        let height = Float(sample.image.height)
        return Sample(
            sample.image.flippedVertically(),
            labels: sample.labels.map { label in
                let box = label.box
                return LabeledBox(
                    Box(x1: box.x1, y1: height - box.y2, x2: box.x2, y2: height - box.y1),
                    classIndex: label.classIndex)
            })
    }
}

extension Sample {
    func flippedHorizontally() -> Sample {
        let width = Float(image.width)
        return Sample(
            image.flippedHorizontally(),
            labels: labels.map { label in
                let box = label.box
                return LabeledBox(
                    Box(x1: width - box.x2, y1: box.y1, x2: width - box.x1, y2: box.y2), classIndex: label.classIndex)
            })
    }
}
