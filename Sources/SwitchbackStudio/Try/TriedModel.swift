import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackServer
import SwitchbackTraining
import SwitchbackVision

/// A vision model that somebody tries, and what it says of the images that were tried last: a slider asks again, and
/// the network does not run again for it.
final class TriedModel: Sendable {
    private let service: ServedModel.Service
    private let seen = SeenImages()

    /// - Parameter weights: a file of weights.
    /// - Throws: `InputError` where it is none of a vision model.
    init(_ weights: String, _ limits: ServerLimits) throws {
        service = try ServedModel.runService(weights, limits)
    }

    func stop() { service.stop() }

    /// Looks at an image, and keeps what the network says of it.
    func look(at image: Image, as id: String) async throws {
        switch service {
        case .detector(_, let thread):
            try await thread.run { [seen] model in
                seen.add(id, .network(try model.predictor.output(of: image), image))
            }
        case .classifier(let thread):
            try await thread.run { [seen] model in
                let start = ContinuousClock.now
                let classes = try model.classifier.likeliest(of: image, count: TriedModel.mostClasses)
                let seconds = start.duration(to: .now) / .seconds(1)
                seen.add(id, .classes(classes, image, seconds))
            }
        case .language, .encoder, .textClassifier, .translator:
            throw InputError("request", "this is a model of language, and an image was sent")
        }
    }

    private static let mostClasses = 10

    /// What is found in an image with a confidence and an overlap; `nil` where it was looked at too long ago.
    ///
    /// - Parameter iou: boxes that overlap by more are of one object; of no meaning to YOLO26 and classifiers.
    func answer(_ id: String, confidence: Double, iou: Double) async throws -> TryAnswer? {
        switch service {
        case .detector(let task, let thread):
            return try await thread.run { [seen] model in
                guard case .network(let output, let image)? = seen[id] else { return nil }
                var predictor = model.predictor
                predictor.suppression.confidence = Float(confidence)
                predictor.suppression.iou = Float(iou)
                let result = predictor.result(of: output)
                return TryAnswer(
                    id, task.rawValue, image, seconds: output.seconds.preprocess + output.seconds.inference,
                    detections: result.detections.map { TryAnswer.Object($0, classes: model.classes) })
            }
        case .classifier(let thread):
            return try await thread.run { [seen] _ in
                guard case .classes(let classes, let image, let seconds)? = seen[id] else { return nil }
                return TryAnswer(id, "classify", image, seconds: seconds, classes: classes)
            }
        case .language, .encoder, .textClassifier, .translator: return nil
        }
    }
}

/// What networks said of the last images. It is touched on the model's thread alone.
private final class SeenImages: @unchecked Sendable {
    enum Entry {
        case network(DetectionPredictor.Output, ImageSize)
        case classes([ClassGuess], ImageSize, Double)

        static func network(_ output: DetectionPredictor.Output, _ image: Image) -> Entry {
            .network(output, ImageSize(image))
        }

        static func classes(_ classes: [ClassGuess], _ image: Image, _ seconds: Double) -> Entry {
            .classes(classes, ImageSize(image), seconds)
        }
    }

    private static let most = 4
    private var entries: [(id: String, entry: Entry)] = []

    func add(_ id: String, _ entry: Entry) {
        entries.append((id, entry))
        if entries.count > SeenImages.most { entries.removeFirst() }
    }

    subscript(id: String) -> Entry? { entries.last { $0.id.isExactly(id) }?.entry }
}

/// The sides of an image in pixels.
struct ImageSize: Sendable {
    let width, height: Int

    init(_ image: Image) { (width, height) = (image.width, image.height) }
}
