import Foundation
import Switchback
import SwitchbackTraining

/// Evaluates a network on images that are cut into tiles: what is found in all tiles of an image is brought together, as
/// in prediction, and compared in the image's own pixels.
public struct TiledValidator {
    private let detector: YOLO
    private let examples: [DetectionExample]
    private var predictor: DetectionPredictor
    /// How many images are kept to be shown.
    public var shownImages = 4

    /// - Parameters:
    ///   - predictor: with the tiles, the size and the selection of boxes.
    public init(_ detector: YOLO, _ examples: [DetectionExample], _ predictor: DetectionPredictor) {
        (self.detector, self.examples, self.predictor) = (detector, examples, predictor)
    }

    /// Runs over all images.
    ///
    /// - Parameter progress: is told how many images of how many are done.
    /// - Throws: `InputError` where an image cannot be read.
    public func run(progress: (_ done: Int, _ of: Int) throws -> Void = { _, _ in }) throws -> DetectionValidation {
        var tally = DetectionTally(detector)
        var validation = DetectionValidation(variant: detector.variant)
        for (number, example) in examples.enumerated() {
            let image = try validation.seconds.timed(\.preprocess) {
                try Image.load(example.imagePath).converted(to: .rgb)
            }
            let labels = example.labels.map { $0.scaled(x: Float(image.width), y: Float(image.height)) }
            let result = try predictor(image)
            validation.seconds += result.seconds
            tally.add(result.detections, labels, height: image.height, width: image.width)
            if validation.shown.count < shownImages {
                validation.shown.append([ShownImage(image, labels, result.detections.filter(\.isShown))])
            }
            validation.imageCount += 1
            try progress(number + 1, examples.count)
        }
        tally.write(to: &validation)
        return validation
    }
}
