import Foundation
import Switchback
import SwitchbackTraining

/// A YOLO model and its data as a task for `Trainer`: boxes, or what else the model's task is.
public final class DetectionTask: TrainingTask {
    public var name: String { detector.variant.task.rawValue }
    public let detector: YOLO
    public let data: DetectionData
    public let configuration: DetectionConfiguration
    public let choice: OptimizerChoice
    /// Images in a batch, and batches in a step of the optimizer after the warm-up.
    public let batchSize, accumulate: Int
    /// The last validation, for the images of a run.
    public private(set) var lastValidation: DetectionValidation?

    private let batches: DetectionLoader.TrainingBatches
    private let validator: DetectionValidator
    private let criterion: YOLOLoss
    private let warmupBatches: Int
    /// The epochs of the training, as they are planned.
    private var epochs: Course

    /// - Throws: `InputError` where the data has nothing for training or an option makes no sense.
    public init(_ configuration: DetectionConfiguration, _ detector: YOLO, on data: DetectionData) throws {
        try configuration.check()
        let examples = data[.train].prefix(max(Int((Double(data[.train].count) * configuration.fraction).rounded()), 1))
        guard !examples.isEmpty else { throw InputError(data.path, "has no train split") }
        if examples.allSatisfy({ $0.labels.isEmpty }) {
            Diagnostics.warn("\(data.path): no training image has a box")
        }
        self.configuration = configuration
        self.detector = detector
        self.data = data
        batchSize = min(
            configuration.batch > 0 ? configuration.batch : AutoBatch.size(for: detector, configuration), examples.count
        )
        try AvailableMemory.check(batch: batchSize, of: [3, configuration.imgsz, configuration.imgsz])
        let lastBatch = (examples.count - 1) % batchSize + 1
        let fewest = configuration.syncBatchNorm ? batchSize : batchSize / (configuration.slots ?? 1)
        if configuration.imgsz == YOLO.stride && min(lastBatch, fewest) == 1 {
            throw InputError(
                "option imgsz",
                "images of \(YOLO.stride) pixels end as a single position, which batch norm cannot normalize with a batch size of 1",
                remedy: "use \(2 * YOLO.stride), or a larger batch size")
        }
        let batchCount = (examples.count + batchSize - 1) / batchSize
        accumulate = min(configuration.accumulate(batch: batchSize), batchCount)
        let warmupEpochs = min(configuration.warmupEpochs, Double(configuration.epochs - 1))
        warmupBatches = Int((warmupEpochs * Double(batchCount)).rounded(.toNearestOrEven))
        epochs = Course(to: configuration.epochs)
        choice = try OptimizerChoice(
            configuration, batch: batchSize, images: examples.count, classCount: detector.classes.count)
        guard MaskDetail.ratios.contains(configuration.maskRatio) else {
            throw InputError(
                "option mask_ratio", "is \(configuration.maskRatio), and masks are drawn at 1, 2, 4 or 8 pixels to one")
        }
        criterion = YOLOLoss(gains: configuration.gains)
        let augmentation = Self.augmentation(configuration, detector, data)
        batches = DetectionLoader.training(
            Array(examples), size: configuration.imgsz, batchSize: batchSize, augmentation: augmentation,
            task: detector.variant.task, masks: configuration.maskDetail, keypointOrder: data.keypoints?.flip,
            multiScale: configuration.multiScale, isRectangular: configuration.rect, seed: configuration.seed,
            workers: configuration.workers, cacheBytes: configuration.cache << 20)
        var validator = DetectionValidator(
            detector, data[.val].isEmpty ? Array(examples) : data[.val], size: configuration.imgsz,
            batchSize: 2 * batchSize, masks: configuration.maskDetail.predicted, workers: configuration.workers)
        validator.criterion = criterion
        if !configuration.singleCls { validator.classes = try detector.classNumbers(configuration.classes) }
        self.validator = validator
        if configuration.freeze > 0 { detector.freezeStages(upTo: configuration.freeze) }
    }

    /// The options, without reflections where it is not known which keypoints change places in them.
    private static func augmentation(
        _ configuration: DetectionConfiguration, _ detector: YOLO, _ data: DetectionData
    ) -> DetectionAugmentation {
        let options = configuration.augmentation
        guard detector.variant.task == .pose, data.keypoints?.flip == nil, options.fliplr > 0 || options.flipud > 0
        else { return options }
        Diagnostics.warn(
            "\(data.path): images are not flipped, because there is no flip_idx, which says which keypoints change places"
        )
        return options.withoutFlips
    }

    public var model: Module { detector }

    public var parameterGroups: [ParameterGroup] {
        // Half of the images in a step, half of the decay.
        let decay = configuration.weightDecay * Double(batchSize * accumulate) / Double(configuration.nbs)
        return choice.groups(of: detector, weightDecay: decay)
    }

    /// As many epochs at the end as the plan has closing ones are without mixed images.
    public var source: BatchSource<DetectionBatch> {
        BatchSource(batches.loader(mixedEpochs: epochs.end - closingEpochs))
    }

    public func place(ofExample number: Int) -> String? {
        let images = data[.train]
        return images.indices.contains(number) ? images[number].imagePath : nil
    }

    public var closingEpochs: Int { configuration.closeMosaic }

    public var statisticsBatches: Int { configuration.statisticsBatches }

    public func follow(_ plan: TrainingPlan) { epochs = plan.epochs }

    /// Whether images are mixed in an epoch.
    package func mixes(_ epoch: Int) -> Bool { epoch < epochs.end - closingEpochs }

    /// The loss of an image times the number of images, as in Ultralytics: over the batches of a step it is summed, not
    /// averaged, and each batch divides by the scores of its own targets, so that how a step is cut changes it a
    /// little.
    public func loss(_ batch: DetectionBatch) -> BatchLoss {
        let value = criterion(
            detector.outputs(batch.images), of: detector, batch.targets, epoch: batch.epoch, epochs: epochs.end)
        return BatchLoss(
            value.total, reduction: .sum, items: value.parts.items.map { (name: $0.part.name, value: $0.value) },
            count: batch.labels.count)
    }

    public func validate() throws -> Metrics { try validate(in: .alone) }

    public func validate(in group: ProcessGroup) throws -> Metrics {
        let validation = try validator.run(in: group)
        lastValidation = validation
        return validation.metrics
    }

    /// mAP50-95, of boxes and masks or keypoints together where there are some; of equal ones mAP50.
    public func fitness(_ metrics: Metrics) -> [Double] {
        ["mAP50-95", "mAP50"].map { (metrics[$0] ?? .nan) + (metrics[$0 + "(M)"] ?? metrics[$0 + "(P)"] ?? 0) }
    }

    public var metadata: [String: String] { DetectorFile(of: detector, imgsz: configuration.imgsz).metadata }

    /// The learning rate falls from epoch to epoch; in the warm-up it rises with every batch, that of biases falls, and
    /// the momentum rises.
    public func pace(of group: Optimizer.Group, at place: StepPlace) -> Pace? {
        let target = group.initialLearningRate * learningRateFactor(epochs.share(at: place.epoch))
        let share = warmupBatches > 0 ? min(Double(place.batch) / Double(warmupBatches), 1) : 1
        let isOfBiases = group.parameters.first?.name.hasSuffix(".bias") ?? false
        let start = isOfBiases ? choice.warmupBiasRate : 0
        let (low, high) = (configuration.warmupMomentum, configuration.momentum)
        return Pace(
            learningRate: start + (target - start) * share,
            momentum: choice.hasMomentum ? low + (high - low) * share : nil)
    }

    /// - Parameter done: the share of the training that is.
    private func learningRateFactor(_ done: Double) -> Double {
        let last = configuration.lrf
        if configuration.cosLr { return max((1 - cos(done * .pi)) / 2, 0) * (last - 1) + 1 }
        return max(1 - done, 0) * (1 - last) + last
    }

    /// The training options for the trainer.
    public var training: TrainingConfiguration {
        var training = TrainingConfiguration()
        training.epochs = configuration.epochs
        training.batch = batchSize
        training.accumulate = accumulate
        training.slots = configuration.slots
        training.syncBatchNorm = configuration.syncBatchNorm
        training.accumulateWarmup = warmupBatches
        training.precision = configuration.precision
        training.optimizer = choice.kind
        training.lr = choice.learningRate
        training.momentum = choice.momentum
        training.nesterov = true
        training.schedule = .constant
        training.clipNorm = 10
        training.ema = 0.9999
        training.patience = configuration.patience
        training.minutes = configuration.time.map { $0 * 60 }
        training.weights = configuration.pretrained
        training.seed = configuration.seed
        training.workers = configuration.workers
        training.savePeriod = configuration.savePeriod
        return training
    }
}
