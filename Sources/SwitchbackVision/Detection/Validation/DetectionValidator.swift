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
    /// Whether batch normalization is folded into the filters, which is faster.
    public var isFused = true
    /// The classes whose boxes are looked for; all if empty.
    public var classes: Set<Int> = []
    /// How many batches keep their images, to be shown.
    public var shownBatches = 3

    /// - Parameters:
    ///   - size: the longer side of the input, in pixels.
    ///   - isRectangular: whether batches have the shape of their images instead of a square.
    public init(
        _ detector: YOLO, _ examples: [DetectionExample], size: Int, batchSize: Int, isRectangular: Bool = true,
        workers: Int = 2
    ) {
        self.detector = detector
        loader = DetectionLoader.validation(
            examples, size: size, batchSize: batchSize, rectangular: isRectangular, stride: YOLO.stride,
            workers: workers)
        usesSingleHead = detector.variant.isEndToEnd
        suppression.confidence = 0.001
        suppression.allowsSeveralLabels = true
    }

    /// Runs over all images. The detector is in inference mode, and nothing is recorded.
    ///
    /// - Throws: `InputError` where an image cannot be read.
    public func run(progress: (_ done: Int, _ of: Int) throws -> Void = { _, _ in }) throws -> DetectionValidation {
        let classCount = detector.classes.count
        let fused = detector.fused()
        var metrics = DetectionMetrics(classCount: classCount)
        var confusion = ConfusionMatrix(classCount: classCount, background: true)
        var validation = DetectionValidation(variant: detector.variant)
        var losses = [Double](repeating: 0, count: 3)
        let batches = loader.batches(epoch: 0)
        var done = 0
        while let batch = try validation.timed(\.preprocess, { try batches.next() }) {
            let images = batch.images.to(detector.backend)
            let outputs = validation.timed(\.inference) {
                noGrad { isFused ? fused.run { $0.outputs(images) } : detector.outputs(images) }
            }
            let found = validation.timed(\.postprocess) { noGrad { select(outputs) } }.map { detections in
                classes.isEmpty ? detections : detections.filter { classes.contains($0.classIndex) }
            }
            if let criterion {
                let parts = noGrad { criterion(outputs, of: detector, batch.labels).parts }
                for (i, value) in parts.values.enumerated() { losses[i] += value * Double(found.count) }
            }
            for (i, letterbox) in batch.letterboxes.enumerated() {
                let own = found[i].map { letterbox.imageDetection(of: $0) }
                let truth = batch.labels[i].map {
                    LabeledBox(letterbox.imageBox(of: $0.box), classIndex: $0.classIndex)
                }
                metrics.add(own, truth: truth)
                confusion.add(own, truth: truth)
            }
            if done < shownBatches {
                validation.shown.append(
                    found.indices.map { ShownImage(Image(batch.images[$0]), batch.labels[$0], found[$0]) })
            }
            validation.imageCount += found.count
            done += 1
            try progress(done, loader.count)
        }
        validation.results = metrics.results()
        validation.confusion = confusion
        validation.losses = criterion == nil ? nil : losses.map { $0 / Double(max(validation.imageCount, 1)) }
        return validation
    }

    private func select(_ outputs: YOLO.Outputs) -> [[Detection]] {
        if usesSingleHead, let single = outputs.single { return detector.select(single, suppression: suppression) }
        return suppression(detector.decoded(outputs.many))
    }
}

/// The result of a validation.
public struct DetectionValidation {
    public fileprivate(set) var results = DetectionMetrics(classCount: 0).results()
    public fileprivate(set) var confusion = ConfusionMatrix(classCount: 0, background: true)
    public fileprivate(set) var imageCount = 0
    /// The seconds that all images took together.
    public fileprivate(set) var seconds = StageSeconds()
    /// The parts of the loss, where they were requested.
    public fileprivate(set) var losses: [Double]?
    /// The images of the first batches, what is in them and what was found.
    public fileprivate(set) var shown: [[ShownImage]] = []
    private let variant: YOLOVariant

    fileprivate init(variant: YOLOVariant) { self.variant = variant }

    /// The numbers by the names that are shown and saved.
    public var metrics: Metrics {
        var metrics: Metrics = [
            "precision": results.precision, "recall": results.recall, "mAP50": results.map50,
            "mAP50-95": results.map,
        ]
        for (name, value) in zip(variant.lossNames, losses ?? []) { metrics[name] = value }
        return metrics
    }

    fileprivate mutating func timed<Result>(
        _ stage: WritableKeyPath<StageSeconds, Double>, _ body: () throws -> Result
    ) rethrows -> Result {
        let start = ContinuousClock.now
        defer { seconds[keyPath: stage] += start.duration(to: .now) / .seconds(1) }
        return try body()
    }
}

/// How long the stages of a detection took, in seconds.
public struct StageSeconds: Sendable {
    public var preprocess = 0.0
    public var inference = 0.0
    public var postprocess = 0.0
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

extension YOLOVariant {
    /// The names of the parts of the loss.
    public var lossNames: [String] { ["box_loss", "cls_loss", regMax > 1 ? "dfl_loss" : "l1_loss"] }
}

extension DetectionLoss.Parts {
    /// The parts by name.
    func items(of variant: YOLOVariant) -> KeyValuePairs<String, Tensor> {
        let names = variant.lossNames
        return [names[0]: box, names[1]: cls, names[2]: dfl]
    }
}

extension Letterbox {
    /// A detection in the pixels of the frame, in those of the image.
    func imageDetection(of detection: Detection) -> Detection {
        Detection(box: imageBox(of: detection.box), classIndex: detection.classIndex, score: detection.score)
    }
}
