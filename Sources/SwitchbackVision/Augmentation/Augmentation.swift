import Switchback

/// An image and the boxes in it, in its pixels.
public struct Sample: Hashable, Sendable {
    public var image: Image
    public var labels: [LabeledBox]

    public init(_ image: Image, labels: [LabeledBox] = []) {
        self.image = image
        self.labels = labels
    }
}

/// What an augmentation can use besides the sample: random numbers, and other samples of the same data.
public struct AugmentationContext {
    public let generator: Generator
    private let drawOther: (Generator) throws -> Sample

    /// - Parameter drawOther: another sample, chosen by the generator; needed by augmentations that mix samples.
    public init(_ generator: Generator, drawOther: @escaping (Generator) throws -> Sample) {
        self.generator = generator
        self.drawOther = drawOther
    }

    /// A context in which there are no other samples: what mixes gets the plain gray of a border.
    public init(_ generator: Generator) {
        self.init(generator) { _ in Sample(Image(height: 1, width: 1, filledWith: Letterbox.border)) }
    }

    /// Another sample of the data.
    public func other() throws -> Sample { try drawOther(generator) }
}

/// A random change of an image and its boxes together.
///
/// It is a pure function of the sample, the other samples and the generator: the same ones give the same result, on
/// whatever thread. It throws only what reading other samples throws.
///
/// ```swift
/// let augmentation = Augmentations([HSVJitter(), HorizontalFlip(probability: 0.5)])
/// let changed = try augmentation(sample, AugmentationContext(Generator(seed: 1)))
/// ```
public protocol Augmentation: Sendable {
    func callAsFunction(_ sample: Sample, _ context: AugmentationContext) throws -> Sample
}

/// Augmentations one after another.
public struct Augmentations: Augmentation {
    public let steps: [any Augmentation]

    public init(_ steps: [any Augmentation]) { self.steps = steps }

    public func callAsFunction(_ sample: Sample, _ context: AugmentationContext) throws -> Sample {
        try steps.reduce(sample) { try $1($0, context) }
    }
}

/// Applies an augmentation with some probability, otherwise another one or none.
public struct Randomly: Augmentation {
    public let probability: Double
    public let step: any Augmentation
    public let otherwise: any Augmentation

    public init(
        _ probability: Double, _ step: any Augmentation, otherwise: any Augmentation = Augmentations([])
    ) {
        self.probability = probability
        self.step = step
        self.otherwise = otherwise
    }

    public func callAsFunction(_ sample: Sample, _ context: AugmentationContext) throws -> Sample {
        try context.generator.chance(probability) ? step(sample, context) : otherwise(sample, context)
    }
}
