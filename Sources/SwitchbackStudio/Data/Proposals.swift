import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackServer
import SwitchbackTraining
import SwitchbackVision

/// What the newest model of one's own finds in an image, a detector or one that outlines objects, and of objects with
/// keypoints the newest model of poses: to be accepted instead of drawn.
struct Proposals: Encodable, Sendable {
    struct Box: Encodable, Sendable {
        let `class`: Int
        /// Center x and y, width and height, in fractions of the image.
        let box: [Double]
        /// The corners of the object's largest part, x and y in turn; `nil` where the model tells no outlines.
        let outline: [Double]?
        /// As lines of the data set have them; `nil` where its objects have none.
        let keypoints: [Double]?
        let confidence: Double
    }

    /// The run, `NAME`; `nil` where nothing was trained yet.
    let run: String?
    let boxes: [Box]
    /// Classes that the model knows and the data set does not: what it finds of them is left out.
    let unknown: [String]
}

/// Keeps the newest model ready. Belongs to one thread.
final class ProposingModel: @unchecked Sendable {
    private let runs: RunLookup
    private let queue = WorkQueue("proposals", threads: 1, limit: 16)
    // Used on the queue's only thread.
    private var loaded: (weights: String, stamp: FileStamp, predictor: DetectionPredictor, detector: YOLO)?

    init(_ runs: RunLookup) { self.runs = runs }

    func stop() { queue.stop() }

    private static let seconds = 120.0
    /// The page shows fewer as its slider says.
    private static let confidence: Float = 0.1
    private static let mostBoxes = 300

    /// What the newest run finds in an image.
    ///
    /// - Parameter keypoints: those that objects of the data set have.
    /// - Throws: `InputError` where the newest model of poses finds others.
    func proposals(
        for image: IndexedImage, classes: [String], keypoints: KeypointLayout?
    ) async throws -> Proposals {
        try await queue.run(within: Self.seconds) { [self] in
            try catchingErrors { try self.find(image, classes, keypoints) }
        }
    }

    private func find(_ image: IndexedImage, _ classes: [String], _ keypoints: KeypointLayout?) throws -> Proposals {
        guard let run = try newest(of: keypoints == nil ? [.detect, .segment] : [.pose]) else {
            return Proposals(run: nil, boxes: [], unknown: [])
        }
        let (predictor, detector) = try model(of: run)
        let known = detector.classes
        if let keypoints, let own = detector.keypoints, own.count != keypoints.count {
            throw InputError(
                "\(run.task)/\(run.name)",
                "finds objects of \(own.count) keypoints, and those of this data set have "
                    + "\(keypoints.count)", remedy: "train on this data set")
        }
        let pixels = try Image.load(image.path)
        let (width, height) = (Double(pixels.width), Double(pixels.height))
        var unknown: Set<String> = []
        let boxes = try predictor(pixels).detections.compactMap { found -> Proposals.Box? in
            guard let index = classes.firstIndex(of: known[found.classIndex]) else {
                unknown.insert(known[found.classIndex])
                return nil
            }
            let numbers = [
                Double(found.box.centerX) / width, Double(found.box.centerY) / height,
                Double(found.box.width) / width, Double(found.box.height) / height,
            ]
            return Proposals.Box(
                class: index, box: numbers.map(LabelValue.rounded),
                outline: Self.outline(found.mask, width: width, height: height),
                keypoints: keypoints.map { Self.numbers(found.keypoints, $0, width: width, height: height) },
                confidence: Double(found.score))
        }
        return Proposals(run: run.name, boxes: boxes, unknown: unknown.sorted())
    }

    /// An outline in pixels as numbers of a label file.
    private static func outline(_ mask: InstanceMask?, width: Double, height: Double) -> [Double]? {
        guard let outline = mask?.outlines.first?.simplified(), outline.count > 2 else { return nil }
        return outline.flatMap { [(Double($0.x) + 0.5) / width, (Double($0.y) + 0.5) / height] }
            .map { LabelValue.rounded(min(max($0, 0), 1)) }
    }

    /// From this probability on that a keypoint is seen, it is proposed.
    private static let leastVisibility: Float = 0.5

    /// Keypoints in pixels as numbers of a label file: those outside of the image, or hardly seen, are not known.
    private static func numbers(
        _ keypoints: [Keypoint], _ layout: KeypointLayout, width: Double, height: Double
    ) -> [Double] {
        keypoints.flatMap { point -> [Double] in
            let place = [Double(point.x) / width, Double(point.y) / height].map(LabelValue.rounded)
            let isSeen = layout.dimensions == 2 || point.visibility >= leastVisibility
            let isKnown = isSeen && place.allSatisfy { (0...1).contains($0) }
            return isKnown ? layout.numbers(place, visibility: 2) : layout.unknownNumbers
        }
    }

    /// The newest run of some tasks that has weights.
    private func newest(of tasks: [YOLOTask]) throws -> RunRecord? {
        let names = tasks.map(\.rawValue)
        return try runs.runs().first { names.contains($0.task) && (try? RunFolder.weightFile($0.path)) != nil }
    }

    private func model(of run: RunRecord) throws -> (DetectionPredictor, YOLO) {
        let weights = try RunFolder.weightFile(run.path)
        let stamp = FileStamp(weights)
        if let loaded, loaded.weights == weights, loaded.stamp == stamp { return (loaded.predictor, loaded.detector) }
        let found = try DetectorFile.load(weights, for: YOLOTask(rawValue: run.task))
        var predictor = DetectionPredictor(found.detector, size: InputSize(found.imgsz))
        predictor.suppression.confidence = Self.confidence
        predictor.suppression.maximumCount = Self.mostBoxes
        loaded = (weights, stamp, predictor, found.detector)
        return (predictor, found.detector)
    }
}
