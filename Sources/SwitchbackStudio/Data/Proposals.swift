import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackServer
import SwitchbackTraining
import SwitchbackVision

/// What the newest detector of one's own finds in an image: boxes to accept instead of drawing them.
struct Proposals: Encodable, Sendable {
    struct Box: Encodable, Sendable {
        let `class`: Int
        /// Center x and y, width and height, in fractions of the image.
        let box: [Double]
        let confidence: Double
    }

    /// The run, `NAME`; `nil` where nothing was trained yet.
    let run: String?
    let boxes: [Box]
    /// Classes that the model knows and the data set does not: what it finds of them is left out.
    let unknown: [String]
}

/// Keeps the newest detector ready. Belongs to one thread.
final class ProposingModel: @unchecked Sendable {
    private let runs: RunLookup
    private let queue = WorkQueue("proposals", threads: 1, limit: 16)
    // Used on the queue's only thread.
    private var loaded: (weights: String, stamp: FileStamp, predictor: DetectionPredictor, classes: [String])?

    init(_ runs: RunLookup) { self.runs = runs }

    func stop() { queue.stop() }

    private static let seconds = 120.0
    /// The page shows fewer as its slider says.
    private static let confidence: Float = 0.1
    private static let mostBoxes = 300

    /// What the newest run finds in an image.
    func proposals(for image: IndexedImage, classes: [String]) async throws -> Proposals {
        try await queue.run(within: Self.seconds) { [self] in
            try catchingErrors { try self.find(image, classes) }
        }
    }

    private func find(_ image: IndexedImage, _ classes: [String]) throws -> Proposals {
        guard let run = try newest() else { return Proposals(run: nil, boxes: [], unknown: []) }
        let (predictor, known) = try model(of: run)
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
                class: index, box: numbers.map(LabelValue.rounded), confidence: Double(found.score))
        }
        return Proposals(run: run.name, boxes: boxes, unknown: unknown.sorted())
    }

    /// The newest run of a detector that has weights.
    private func newest() throws -> RunRecord? {
        try runs.runs(of: "detect").first { (try? RunFolder.weightFile($0.path)) != nil }
    }

    private func model(of run: RunRecord) throws -> (DetectionPredictor, [String]) {
        let weights = try RunFolder.weightFile(run.path)
        let stamp = FileStamp(weights)
        if let loaded, loaded.weights == weights, loaded.stamp == stamp { return (loaded.predictor, loaded.classes) }
        let found = try DetectorFile.load(weights)
        var predictor = DetectionPredictor(found.detector, size: InputSize(found.imgsz))
        predictor.suppression.confidence = Self.confidence
        predictor.suppression.maximumCount = Self.mostBoxes
        loaded = (weights, stamp, predictor, found.detector.classes)
        return (predictor, found.detector.classes)
    }
}
