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
    /// The epoch of the training, counted from 0.
    public let epoch: Int

    /// The objects of each image, in its pixels.
    public var labels: [[LabeledBox]] { targets.labels }

    public func to(_ backend: any Backend.Type) -> DetectionBatch {
        DetectionBatch(
            images: images.to(backend), targets: targets.to(backend), examples: examples, letterboxes: letterboxes,
            epoch: epoch)
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

    /// Shuffled and augmented batches, with several images mixed in one or without.
    public struct TrainingBatches {
        fileprivate let sampler: RandomSampler
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

    /// Shuffled and augmented batches of `size` × `size` pixels.
    ///
    /// - Parameters:
    ///   - multiScale: by what share the size of batches varies, in whole strides.
    ///   - workers: threads that put batches together ahead of time.
    ///   - cacheBytes: how much memory decoded images may take up between their uses.
    public static func training(
        _ examples: [DetectionExample], size: Int, batchSize: Int, augmentation: DetectionAugmentation,
        task: YOLOTask = .detect, masks: MaskDetail = MaskDetail(), keypointOrder: [Int]? = nil, multiScale: Double = 0,
        seed: UInt64 = 0, workers: Int = 2, cacheBytes: Int = 1 << 29
    ) -> TrainingBatches {
        let sampler = RandomSampler(examples.count, seed: seed)
        let source = DetectionSource(examples, size: size, cacheBytes: cacheBytes)
        let order = EpochOrder(sampler, window: max(8 * batchSize, 4))
        let (mixed, unmixed) = (
            augmentation.steps(size: size, keypointOrder: keypointOrder),
            augmentation.withoutMixing.steps(size: size, keypointOrder: keypointOrder)
        )
        return TrainingBatches(sampler: sampler, batchSize: batchSize, workers: workers) { indices, epoch, isMixed in
            let steps = isMixed ? mixed : unmixed
            let samples = try indices.map { index in
                let context = AugmentationContext(Generator(seed: seed, epoch: epoch, index: index)) { generator in
                    try source.sample(order.neighbor(of: index, epoch: epoch, generator))
                }
                return try steps(source.sample(index), context)
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

    /// Batches in a fixed order, each image letterboxed and otherwise as it is.
    ///
    /// - Parameters:
    ///   - rectangular: gives each batch the shape that its images need, in whole strides, with images of like shape
    ///     together, instead of a square.
    ///   - stride: what the sides of a batch are multiples of, where it is rectangular.
    public static func validation(
        _ examples: [DetectionExample], size: Int, batchSize: Int, task: YOLOTask = .detect,
        masks: MaskDetail = MaskDetail(), rectangular: Bool = true, stride: Int = 32, workers: Int = 2
    ) -> Batches {
        let order = examples.indices.sorted { a, b in
            let (x, y) = (examples[a].aspect, examples[b].aspect)
            return rectangular && x != y ? x < y : a < b
        }
        let source = DetectionSource(examples, size: size, cacheBytes: 0)
        return Batches(sampler: ListSampler(order), batchSize: batchSize, workers: workers) { indices, epoch in
            let shape =
                rectangular
                ? frame(indices.map { examples[$0].aspect }, size: size, stride: stride) : (height: size, width: size)
            let samples = try indices.map(source.sample)
            let letterboxes = samples.map { Letterbox($0.image, into: shape, enlarges: false) }
            let framed = zip(samples, letterboxes).map { $1.apply(to: $0.image) }
            let labels = zip(samples, letterboxes).map { sample, letterbox in
                sample.labels.map(letterbox.frameLabel)
            }
            let places = zip(indices, letterboxes).map { index, letterbox in
                letterbox.seen(fromHeight: examples[index].height, width: examples[index].width)
            }
            return DetectionBatch(
                images: Tensor(images: framed),
                targets: DetectionTargets(labels, for: task, height: shape.height, width: shape.width, masks: masks),
                examples: indices, letterboxes: places, epoch: epoch)
        }
    }

    /// The shape of a batch of images with these heights by width, as Ultralytics has it: the side that is shorter for
    /// all of them is shortened, and half a stride is left around.
    static func frame(_ aspects: [Double], size: Int, stride: Int) -> (height: Int, width: Int) {
        let (least, greatest) = (aspects.min() ?? 1, aspects.max() ?? 1)
        let (height, width) = greatest < 1 ? (greatest, 1.0) : least > 1 ? (1.0, 1 / least) : (1.0, 1.0)
        func whole(_ part: Double) -> Int {
            Int((part * Double(size) / Double(stride) + 0.5).rounded(.up)) * stride
        }
        return (whole(height), whole(width))
    }
}

extension DetectionLoader {
    /// A batch in another size, at random: larger or smaller by up to `share`, in whole strides.
    private static func rescaled(
        _ images: Tensor, _ labels: [[LabeledBox]], by share: Double, _ generator: Generator
    ) -> (Tensor, [[LabeledBox]]) {
        guard share > 0 else { return (images, labels) }
        let size = images.shape[3]
        let strides = Double(size) * generator.uniform(1 - share...1 + share) / Double(YOLO.stride)
        let side = max(Int(strides.rounded()), 2) * YOLO.stride
        if side == size { return (images, labels) }
        let factor = Float(side) / Float(size)
        return (
            images.interpolate(size: side, mode: .bilinear), labels.map { $0.map { $0.scaled(x: factor, y: factor) } }
        )
    }
}

extension DetectionExample {
    /// Height by width.
    fileprivate var aspect: Double { Double(height) / Double(width) }
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

    init(_ examples: [DetectionExample], size: Int, cacheBytes: Int) {
        self.examples = examples
        files = ImageFiles(examples.map(\.imagePath), cacheBytes: cacheBytes) { path in
            let image = try Image.load(path, minimumSide: size)
            return max(image.height, image.width) == size ? image : image.resized(longerSide: size)
        }
    }

    /// The image of an example, with its boxes in pixels. Throws where no image at all can be read.
    func sample(_ index: Int) throws -> Sample {
        let (number, image) = try files.image(index)
        let labels = examples[number].labels.map { label in
            label.withFineOutline().scaled(x: Float(image.width), y: Float(image.height))
        }
        return Sample(image, labels: labels)
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
