import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackServer
import SwitchbackVision

/// What the model of a run finds in an image of a data set, with the data set's numbers of classes.
package struct ImageFinding: Sendable {
    /// The id of the image.
    package let image: UInt64
    /// Of the image: another file under the same name is looked at anew.
    package let version: String
    /// Of a detector: class, confidence, x1, y1, x2 and y2 in fractions of the image's sides. Of a classifier: class and
    /// probability. The most likely first.
    package let found: [[Float]]

    package init(image: UInt64, version: String, found: [[Float]]) {
        (self.image, self.version, self.found) = (image, version, found)
    }

    /// How much a person's answer would tell the model, from 0 to 1.
    var uncertainty: Float {
        let confidences = found.map { $0[1] }
        return found.first?.count == 2 ? Uncertainty.ofClasses(confidences) : Uncertainty.ofDetections(confidences)
    }
}

/// A detector or classifier that looks at the images of a data set. Belongs to the thread that made it.
struct JudgingModel {
    private enum Network {
        case detector(DetectionPredictor)
        case classifier(Classifier)
    }

    private let network: Network
    /// The data set's number of each of the model's classes; `nil` where it has none of that name.
    private let numbers: [Int?]

    /// Below this confidence nothing is kept.
    private static let leastConfidence: Float = 0.05
    private static let mostBoxes = 100
    private static let mostClasses = 5

    /// - Parameters:
    ///   - weights: the file of weights.
    ///   - classNames: those of the data set.
    /// - Throws: `InputError` where it is no vision model, or knows none of the classes.
    init(_ weights: String, isClassifier: Bool, classNames: [String]) throws {
        let own: [String]
        if isClassifier {
            let classifier = try Classifier.load(weights)
            own = classifier.configuration.classNames
            network = .classifier(classifier)
        } else {
            let loaded = try DetectorFile.load(weights, for: nil)
            own = loaded.detector.classes
            var predictor = DetectionPredictor(loaded.detector, size: InputSize(loaded.imgsz))
            predictor.suppression.confidence = Self.leastConfidence
            predictor.suppression.maximumCount = Self.mostBoxes
            network = .detector(predictor)
        }
        numbers = own.map { classNames.firstIndex(of: $0) }
        guard numbers.contains(where: { $0 != nil }) else {
            throw InputError(
                weights, "knows none of the classes of the data set: \(own.prefix(10).joined(separator: ", "))")
        }
    }

    func finding(in image: IndexedImage) throws -> ImageFinding {
        let pixels = try Image.load(image.path)
        let found: [[Float]]
        switch network {
        case .detector(let predictor):
            let (width, height) = (Float(pixels.width), Float(pixels.height))
            found = try predictor(pixels).detections.compactMap { detection in
                guard let number = numbers[detection.classIndex] else { return nil }
                let box = detection.box
                return [
                    Float(number), detection.score, box.x1 / width, box.y1 / height, box.x2 / width, box.y2 / height,
                ]
            }
        case .classifier(let classifier):
            found = try classifier.likeliest(of: pixels, count: Self.mostClasses).compactMap { guess in
                numbers[guess.classIndex].map { [Float($0), Float(guess.probability)] }
            }
        }
        return ImageFinding(image: image.id, version: image.version, found: found)
    }
}
