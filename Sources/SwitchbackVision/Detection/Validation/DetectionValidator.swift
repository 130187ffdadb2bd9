import Foundation
import Switchback
import SwitchbackTraining

/// Evaluates a detector on images with boxes, as Ultralytics does, in batches of images of similar shape.
public struct DetectionValidator {
    private let detector: YOLO
    private let loader: DetectionLoader.Batches
    /// Whose parts are reported with the metrics; `nil` for none.
    public var criterion: YOLOLoss?
    public var suppression = NonMaximumSuppression()
    /// Whether the boxes are YOLO26's second head's, which needs no suppression.
    public var usesSingleHead: Bool
    /// How the detector is computed: by default int8 where it is quantized, else fused.
    public var form: InferenceForm?
    /// Whether each image is looked at in three sizes, in one of them mirrored: test-time augmentation, for networks that
    /// find boxes, with suppression and without a criterion.
    public var isAugmented = false
    /// The classes whose boxes are looked for; all if empty.
    public var classes: Set<Int> = []
    /// Whether all classes count as the first one, which is the only one of the examples.
    public var countsAsOne = false
    /// How many batches keep their images, to be shown.
    public var shownBatches = 3
    /// What images and classes are called in the rows of COCO's result files, where those are wanted.
    public var names: COCONames?
    private let examples: [DetectionExample]

    /// - Parameters:
    ///   - size: the longer side of the input, in pixels.
    ///   - masks: how the objects' masks are drawn.
    ///   - isRectangular: whether batches have the shape of their images instead of a square.
    public init(
        _ detector: YOLO, _ examples: [DetectionExample], size: Int, batchSize: Int,
        masks: MaskDetail = MaskDetail(), isRectangular: Bool = true, workers: Int = 2
    ) {
        (self.detector, self.examples) = (detector, examples)
        loader = DetectionLoader.validation(
            examples, size: size, batchSize: batchSize, task: detector.variant.task, masks: masks,
            rectangular: isRectangular, stride: YOLO.stride, workers: workers)
        usesSingleHead = detector.variant.isEndToEnd
        suppression.confidence = detector.variant.task == .obb ? 0.01 : 0.001
        suppression.allowsSeveralLabels = true
    }

    /// Runs over all images. The detector is in inference mode, and nothing is recorded.
    ///
    /// - Parameters:
    ///   - group: the processes that share the work; all get the result, each with the images of its own batches to show.
    ///   - progress: is told how many batches of how many are done.
    ///   - found: gets what is found, batch by batch, where there are `names`.
    /// - Throws: `InputError` where an image cannot be read.
    public func run(
        in group: ProcessGroup = .alone, progress: (_ done: Int, _ of: Int) throws -> Void = { _, _ in },
        found report: ([COCOResult]) throws -> Void = { _ in }
    ) throws -> DetectionValidation {
        var inference = DetectorInference(detector, form: form)
        inference.isAugmented = isAugmented
        var tally = DetectionTally(detector)
        var validation = DetectionValidation(variant: detector.variant)
        var losses = [Double](repeating: 0, count: detector.variant.lossParts.count)
        let batches = loader.batches(epoch: 0, from: group.rank, every: group.size)
        var done = 0
        var shown: [[ShownImage]] = []
        try group.inTurns(loader.count) { _ in
            var measured = Measured(tally: DetectionTally(detector))
            let batch = try measured.seconds.timed(\.preprocess) { try batches.next()! }
            let images = batch.images.to(detector.backend)
            // A loss needs all heads.
            let outputs =
                criterion == nil ? nil : measured.seconds.timed(\.inference) { inference.outputs(images) }
            let output =
                try outputs.map { usesSingleHead ? $0.single ?? $0.many : $0.many }
                ?? measured.seconds.timed(\.inference) {
                    try inference.finalOutput(images, usesSingleHead: usesSingleHead)
                }
            let found = measured.seconds.timed(\.postprocess) {
                noGrad { detector.candidates(output, suppression) }
            }.map { $0.filter { classes.isEmpty || classes.contains($0.detection.classIndex) }.map(counted) }
            if let criterion, let outputs {
                let parts = noGrad { criterion(outputs, of: detector, batch.targets).parts }
                measured.losses = parts.values.map { $0 * Double(found.count) }
            }
            var drawn: [ShownImage] = []
            for (i, candidates) in found.enumerated() {
                let findings = ImageFindings(candidates, output, image: i, of: detector)
                measured.tally.add(findings, batch, image: i)
                measured.rows += rows(findings, batch, image: i)
                if shown.count < shownBatches {
                    drawn.append(ShownImage(Image(batch.images[i]), batch.labels[i], findings.shown))
                }
            }
            if !drawn.isEmpty { shown.append(drawn) }
            measured.imageCount = found.count
            return measured
        } fold: { measured in
            tally.add(measured.tally)
            for (i, loss) in measured.losses.enumerated() { losses[i] += loss }
            validation.imageCount += measured.imageCount
            validation.seconds += measured.seconds
            done += 1
            try report(measured.rows)
            try progress(done, loader.count)
        }
        validation.shown = shown
        tally.write(to: &validation)
        validation.losses = criterion == nil ? nil : losses.map { $0 / Double(max(validation.imageCount, 1)) }
        return validation
    }

    /// What was found, as it counts.
    private func counted(_ found: Candidate) -> Candidate {
        var found = found
        if countsAsOne { found.detection.classIndex = 0 }
        return found
    }

    /// Of one batch.
    private struct Measured: Codable {
        var tally: DetectionTally
        /// The parts of the loss, each times the number of images.
        var losses: [Double] = []
        var imageCount = 0
        var seconds = StageSeconds()
        var rows: [COCOResult] = []
    }

    /// The rows of an image of a batch; none where it takes the place of a damaged one, or no rows are wanted.
    private func rows(_ found: ImageFindings, _ batch: DetectionBatch, image: Int) -> [COCOResult] {
        guard let names, !batch.substitutes.contains(image) else { return [] }
        return names.rows(found.detections(in: batch.letterboxes[image]), in: examples[batch.examples[image]])
    }
}

/// The result of a validation.
public struct DetectionValidation {
    public internal(set) var results = DetectionMetrics(classCount: 0).results()
    /// Of masks or keypoints instead of boxes, where the network tells them.
    public internal(set) var shapeResults: DetectionResults?
    public internal(set) var confusion = ConfusionMatrix(classCount: 0, background: true)
    public internal(set) var imageCount = 0
    /// The seconds that all images took together.
    public internal(set) var seconds = StageSeconds()
    /// The parts of the loss, where they were requested.
    public internal(set) var losses: [Double]?
    /// The images of the first batches, what is in them and what was found.
    public internal(set) var shown: [[ShownImage]] = []
    let variant: YOLOVariant

    init(variant: YOLOVariant) { self.variant = variant }

    /// The numbers by the names that are shown and saved.
    public var metrics: Metrics {
        var metrics: Metrics = [
            "precision": results.precision, "recall": results.recall, "mAP50": results.map50,
            "mAP50-95": results.map,
        ]
        if let shapeResults {
            let mark = variant.task == .pose ? "(P)" : "(M)"
            metrics["precision" + mark] = shapeResults.precision
            metrics["recall" + mark] = shapeResults.recall
            metrics["mAP50" + mark] = shapeResults.map50
            metrics["mAP50-95" + mark] = shapeResults.map
        }
        for (name, value) in zip(variant.lossNames, losses ?? []) { metrics[name] = value }
        return metrics
    }
}

/// How long the stages of a detection took, in seconds.
public struct StageSeconds: Codable, Sendable {
    public var preprocess = 0.0
    public var inference = 0.0
    public var postprocess = 0.0

    static func += (a: inout StageSeconds, b: StageSeconds) {
        a.preprocess += b.preprocess
        a.inference += b.inference
        a.postprocess += b.postprocess
    }

    /// Runs a stage, and adds how long it took.
    mutating func timed<Result>(
        _ stage: WritableKeyPath<StageSeconds, Double>, _ body: () throws -> Result
    ) rethrows -> Result {
        let start = ContinuousClock.now
        defer { self[keyPath: stage] += start.duration(to: .now) / .seconds(1) }
        return try body()
    }
}

/// An image as the network saw it, what is in it and what was found.
public struct ShownImage {
    public let image: Image
    public let labels: [LabeledBox]
    public let detections: [Detection]

    public init(_ image: Image, _ labels: [LabeledBox], _ detections: [Detection] = []) {
        self.image = image
        self.labels = labels
        self.detections = detections
    }
}
