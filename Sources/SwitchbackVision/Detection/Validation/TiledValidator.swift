import Foundation
import Switchback
import SwitchbackTraining

/// Evaluates a network on images that are cut into tiles: what is found in all tiles of an image is brought together, as
/// in prediction, and compared in the image's own pixels.
public struct TiledValidator {
    private let detector: YOLO
    private let examples: [DetectionExample]
    private var predictor: DetectionPredictor
    /// Whether all classes count as the first one, which is the only one of the examples.
    public var countsAsOne = false
    /// How many images are kept to be shown.
    public var shownImages = 4
    /// What images and classes are called in the rows of COCO's result files, where those are wanted.
    public var names: COCONames?

    /// - Parameters:
    ///   - predictor: with the tiles, the size and the selection of boxes.
    public init(_ detector: YOLO, _ examples: [DetectionExample], _ predictor: DetectionPredictor) {
        (self.detector, self.examples, self.predictor) = (detector, examples, predictor)
    }

    /// Runs over all images.
    ///
    /// - Parameters:
    ///   - group: the processes that share the work; all get the result, each with the images of its own to show.
    ///   - progress: is told how many images of how many are done.
    ///   - found: gets what is found, image by image, where there are `names`.
    /// - Throws: `InputError` where an image cannot be read.
    public func run(
        in group: ProcessGroup = .alone, progress: (_ done: Int, _ of: Int) throws -> Void = { _, _ in },
        found report: ([COCOResult]) throws -> Void = { _ in }
    ) throws -> DetectionValidation {
        var tally = DetectionTally(detector)
        var validation = DetectionValidation(variant: detector.variant)
        var shown: [[ShownImage]] = []
        try group.inTurns(examples.count) { number in
            let (measured, image) = try measure(examples[number])
            if shown.count < shownImages { shown.append([image()]) }
            return measured
        } fold: { measured in
            tally.add(measured.tally)
            validation.seconds += measured.seconds
            validation.imageCount += 1
            try report(measured.rows)
            try progress(validation.imageCount, examples.count)
        }
        validation.shown = shown
        tally.write(to: &validation)
        return validation
    }

    /// Of one image.
    private struct Measured: Codable {
        var tally: DetectionTally
        var seconds = StageSeconds()
        var rows: [COCOResult] = []
    }

    /// What an image counts, and how it is shown.
    private func measure(_ example: DetectionExample) throws -> (Measured, shown: () -> ShownImage) {
        var measured = Measured(tally: DetectionTally(detector))
        let image = try measured.seconds.timed(\.preprocess) {
            try Image.load(example.imagePath).converted(to: .rgb)
        }
        let labels = example.labels.map { $0.scaled(x: Float(image.width), y: Float(image.height)) }
        let result = try predictor(image)
        measured.seconds += result.seconds
        let found = result.detections.map { detection in
            var detection = detection
            if countsAsOne { detection.classIndex = 0 }
            return detection
        }
        measured.tally.add(found, labels, height: image.height, width: image.width)
        measured.rows = names?.rows(found, in: example) ?? []
        return (measured, { ShownImage(image, labels, found.filter(\.isShown)) })
    }
}
