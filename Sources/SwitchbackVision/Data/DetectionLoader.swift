import Foundation
import Switchback

/// Images of one size and their labels.
public struct DetectionBatch: Movable {
    /// [N, 3, height, width], float32 from 0 to 1.
    public let images: Tensor
    /// What is in each image.
    public let targets: DetectionTargets
    /// Which of the data's examples each image is; with mosaic, the first of its four.
    public let examples: [Int]
    /// Where each image lies in its frame; for batches that were not augmented.
    public let letterboxes: [Letterbox]
    /// The images that take the place of ones that cannot be read, by their positions in the batch.
    var substitutes: Set<Int> = []
    /// The epoch of the training, counted from 0.
    public let epoch: Int

    /// The objects of each image, in its pixels.
    public var labels: [[LabeledBox]] { targets.labels }

    public func to(_ backend: any Backend.Type) -> DetectionBatch {
        DetectionBatch(
            images: images.to(backend), targets: targets.to(backend), examples: examples, letterboxes: letterboxes,
            substitutes: substitutes, epoch: epoch)
    }
}

/// Loads batches of images for a detector.
///
/// ```swift
/// let training = DetectionLoader.training(
///     data[.train], size: 640, batchSize: 16, augmentation: DetectionAugmentation())
/// let batches = training.loader(mixedEpochs: 90).batches(epoch: epoch)
/// while let batch = try batches.next() { train(batch) }
/// ```
///
/// Which images a batch has and how they are changed depends on the seed, the epoch and the position alone. An image
/// that turns out to be damaged is reported once, and the next one that can be read takes its place.
public enum DetectionLoader {
    public typealias Batches = DataLoader<DetectionBatch, any Error>

    /// Augmented batches, with several images mixed in one or without.
    public struct TrainingBatches {
        fileprivate let sampler: any Sampler
        fileprivate let batchSize, workers: Int
        fileprivate let load: (_ indices: [Int], _ epoch: Int, _ isMixed: Bool) throws -> DetectionBatch

        /// The loader of a training, whose epochs can be asked for in any order.
        ///
        /// - Parameter mixedEpochs: how many epochs have mixed images, as the last ones do not (Ultralytics'
        ///   `close_mosaic`); all by default.
        public func loader(mixedEpochs: Int = .max) -> Batches {
            Batches(sampler: sampler, batchSize: batchSize, workers: workers) { [load] indices, epoch in
                try load(indices, epoch, epoch < mixedEpochs)
            }
        }
    }

    /// Shuffled and augmented batches of `size` × `size` pixels. Large JPEG files are decoded at a part of their size, which
    /// is faster.
    ///
    /// - Parameters:
    ///   - isRectangular: gives each batch the smallest frame that its images need, with images of like shape together, in
    ///     the same order in each epoch. There is no mosaic then, which is square.
    ///   - multiScale: by what share the size of batches varies, in whole strides.
    ///   - workers: threads that put batches together ahead of time.
    ///   - cacheBytes: how much memory decoded images may take up between their uses.
    public static func training(
        _ examples: [DetectionExample], size: Int, batchSize: Int, augmentation: DetectionAugmentation,
        task: YOLOTask = .detect, masks: MaskDetail = MaskDetail(), keypointOrder: [Int]? = nil, multiScale: Double = 0,
        isRectangular: Bool = false, seed: UInt64 = 0, workers: Int = 2, cacheBytes: Int = 1 << 29
    ) -> TrainingBatches {
        let shapes =
            isRectangular ? RectangularBatches(examples, size: size, batchSize: batchSize, margin: 0) : nil
        let sampler: any Sampler =
            shapes.map { ListSampler($0.order) } ?? RandomSampler(examples.count, seed: seed)
        let source = DetectionSource(examples, size: size, cacheBytes: cacheBytes)
        let order = EpochOrder(sampler, window: max(8 * batchSize, 4))
        let (mixed, unmixed) = (
            isRectangular ? augmentation.withoutMosaic : augmentation, augmentation.withoutMixing
        )
        return TrainingBatches(sampler: sampler, batchSize: batchSize, workers: workers) { indices, epoch, isMixed in
            let frame = shapes?.frame(of: indices[0]) ?? (height: size, width: size)
            let steps = (isMixed ? mixed : unmixed).steps(
                height: frame.height, width: frame.width, keypointOrder: keypointOrder)
            let samples = try indices.map { index in
                let context = AugmentationContext(Generator(seed: seed, epoch: epoch, index: index)) { generator in
                    try source.sample(order.neighbor(of: index, epoch: epoch, generator)).sample
                }
                return try steps(source.sample(index).sample, context)
            }
            let (images, labels) = rescaled(
                Tensor(images: samples.map(\.image)), samples.map(\.labels), by: multiScale,
                Generator(seed: seed &+ 1, epoch: epoch, index: indices[0]))
            return DetectionBatch(
                images: images,
                targets: DetectionTargets(
                    labels, for: task, height: images.shape[2], width: images.shape[3], masks: masks),
                examples: indices, letterboxes: [], epoch: epoch)
        }
    }

    /// Batches in a fixed order, each image letterboxed and otherwise as it is: JPEG files are decoded whole, as by other
    /// programs, because figures are compared with theirs.
    ///
    /// - Parameters:
    ///   - rectangular: gives each batch the shape that its images need, in whole strides, with images of like shape
    ///     together, instead of a square.
    ///   - stride: what the sides of a batch are multiples of, where it is rectangular.
    public static func validation(
        _ examples: [DetectionExample], size: Int, batchSize: Int, task: YOLOTask = .detect,
        masks: MaskDetail = MaskDetail(), rectangular: Bool = true, stride: Int = 32, workers: Int = 2
    ) -> Batches {
        let shapes =
            rectangular
            ? RectangularBatches(examples, size: size, batchSize: batchSize, stride: stride, margin: 0.5) : nil
        let order = shapes?.order ?? Array(examples.indices)
        let source = DetectionSource(examples, size: size, cacheBytes: 0, isWhole: true)
        return Batches(sampler: ListSampler(order), batchSize: batchSize, workers: workers) { indices, epoch in
            let shape = shapes?.frame(of: indices[0]) ?? (height: size, width: size)
            let found = try indices.map(source.sample)
            let samples = found.map(\.sample)
            let letterboxes = samples.map { Letterbox($0.image, into: shape, enlarges: false) }
            let framed = zip(samples, letterboxes).map { $1.apply(to: $0.image) }
            let labels = zip(samples, letterboxes).map { sample, letterbox in
                sample.labels.map(letterbox.frameLabel)
            }
            let places = zip(found, letterboxes).map { found, letterbox in
                letterbox.seen(fromHeight: examples[found.number].height, width: examples[found.number].width)
            }
            return DetectionBatch(
                images: Tensor(images: framed),
                targets: DetectionTargets(labels, for: task, height: shape.height, width: shape.width, masks: masks),
                examples: indices, letterboxes: places,
                substitutes: Set(indices.indices.filter { found[$0].number != indices[$0] }), epoch: epoch)
        }
    }
}

extension DetectionLoader {
    /// A batch in another size, at random: larger or smaller by up to `share`, in whole strides.
    private static func rescaled(
        _ images: Tensor, _ labels: [[LabeledBox]], by share: Double, _ generator: Generator
    ) -> (Tensor, [[LabeledBox]]) {
        guard share > 0 else { return (images, labels) }
        let (height, width) = (images.shape[2], images.shape[3])
        let factor = generator.uniform(1 - share...1 + share)
        func whole(_ side: Int) -> Int {
            max(Int((Double(side) * factor / Double(YOLO.stride)).rounded()), 2) * YOLO.stride
        }
        let (newHeight, newWidth) = (whole(height), whole(width))
        if newHeight == height && newWidth == width { return (images, labels) }
        let (x, y) = (Float(newWidth) / Float(width), Float(newHeight) / Float(height))
        return (
            images.interpolate(size: IntPair(newHeight, newWidth), mode: .bilinear),
            labels.map { $0.map { $0.scaled(x: x, y: y) } }
        )
    }
}

/// A given order in each epoch.
private struct ListSampler: Sampler {
    private let order: [Int]

    init(_ order: [Int]) { self.order = order }

    var count: Int { order.count }

    func indices(epoch: Int) -> [Int] { order }
}

/// Examples with their images, read when they are needed, the longer side scaled.
struct DetectionSource: Sendable {
    private let examples: [DetectionExample]
    private let files: ImageFiles

    /// - Parameter isWhole: whether JPEG files are decoded whole, even where a part of their size would do.
    init(_ examples: [DetectionExample], size: Int, cacheBytes: Int, isWhole: Bool = false) {
        self.examples = examples
        files = ImageFiles(examples.map(\.imagePath), cacheBytes: cacheBytes) { path in
            let image = try Image.load(path, minimumSide: isWhole ? nil : size)
            return max(image.height, image.width) == size ? image : image.resized(longerSide: size)
        }
    }

    /// The image of an example, with its boxes in pixels, and its number: another one where it cannot be read. Throws where
    /// no image at all can.
    func sample(_ index: Int) throws -> (number: Int, sample: Sample) {
        let (number, image) = try files.image(index)
        let labels = examples[number].labels.map { label in
            label.withFineOutline().scaled(x: Float(image.width), y: Float(image.height))
        }
        return (number, Sample(image, labels: labels))
    }
}

/// The order of each epoch, and which examples stand near one another in it: others are drawn from those, so that their
/// images are still in memory.
final class EpochOrder: @unchecked Sendable {
    private let sampler: any Sampler
    private let window: Int
    private let lock = NSLock()
    /// The last epoch that was requested. Guarded by `lock`.
    private var known: (epoch: Int, order: [Int], positions: [Int])?

    init(_ sampler: any Sampler, window: Int) {
        self.sampler = sampler
        self.window = min(window, sampler.count)
    }

    /// One of the examples that come shortly before `index` in the epoch's order, or `index` itself.
    func neighbor(of index: Int, epoch: Int, _ generator: Generator) -> Int {
        let (order, positions) = orders(epoch)
        let position = positions[index] - generator.integer(0..<window)
        return order[(position + order.count) % order.count]
    }

    private func orders(_ epoch: Int) -> (order: [Int], positions: [Int]) {
        lock.withLock {
            if let known, known.epoch == epoch { return (known.order, known.positions) }
            let order = sampler.indices(epoch: epoch)
            var positions = [Int](repeating: 0, count: order.count)
            for (position, index) in order.enumerated() { positions[index] = position }
            known = (epoch, order, positions)
            return (order, positions)
        }
    }
}
