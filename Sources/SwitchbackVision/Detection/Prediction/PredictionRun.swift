import Foundation
import Switchback

/// Goes through pictures or a video, finds things and saves them.
public final class PredictionRun {
    private let predictor: DetectionPredictor
    private let writer: PredictionWriter
    private let names: [String]
    private var tracker: Tracker?
    private var fileNames = FileNames()
    public private(set) var imageCount = 0
    public private(set) var boxCount = 0
    /// Of all pictures together.
    public private(set) var seconds = StageSeconds()

    /// What a tracker may see although it is too unlikely to be shown.
    private static let trackedConfidence: Float = 0.1

    /// - Parameter tracks: whether things are followed from picture to picture.
    public init(_ predictor: DetectionPredictor, writer: PredictionWriter, names: [String], tracks: Bool) {
        var predictor = predictor
        if tracks {
            var tracker = Tracker()
            tracker.startScore = predictor.suppression.confidence
            self.tracker = tracker
            predictor.suppression.confidence = min(predictor.suppression.confidence, Self.trackedConfidence)
        }
        self.predictor = predictor
        self.writer = writer
        self.names = names
    }

    /// - Parameter say: gets a line for each picture.
    /// - Throws: `InputError` where the only picture or a video cannot be read, or nothing can be saved.
    public func predict(_ source: PictureSource, say: (String) throws -> Void) throws {
        switch source {
        case .images(let paths):
            for (number, path) in paths.enumerated() {
                guard let image = try load(path, isOnly: paths.count == 1) else { continue }
                let line = try predict(image, name: fileNames.name(for: path), video: nil)
                try say("\(number + 1)/\(paths.count) \(path): \(line)")
            }
        case .video(let path):
            let reader = try VideoReader(path)
            let name = fileNames.name(for: path)
            while let frame = try reader.next() {
                let line = try predict(
                    frame, name: "\(name)_\(imageCount + 1)", video: (name, reader.rate ?? 25))
                try say("\(path) frame \(imageCount): \(line)")
            }
        }
        try writer.finish()
    }

    /// A picture; of several, one that is damaged is reported and passed over.
    private func load(_ path: String, isOnly: Bool) throws -> Image? {
        do {
            return try Image.load(path)
        } catch let error as InputError where !isOnly {
            Diagnostics.warn("\(error)")
            return nil
        }
    }

    /// Returns what was found, in words.
    private func predict(_ image: Image, name: String, video: (name: String, rate: Double)?) throws -> String {
        let result = predictor(image)
        imageCount += 1
        seconds.preprocess += result.seconds.preprocess
        seconds.inference += result.seconds.inference
        seconds.postprocess += result.seconds.postprocess
        let marks =
            tracker?.update(result.detections).map { BoxPainter.Mark($0.detection, track: $0.id) }
            ?? result.detections.map { BoxPainter.Mark($0) }
        boxCount += marks.count
        try writer.write(image, marks, name: name, videoName: video?.name, videoRate: video?.rate ?? 25)
        let time = String(format: "%.1f ms", result.seconds.inference * 1000)
        return "\(result.width)x\(result.height) \(words(marks)), \(time)"
    }

    /// `3 persons, 1 bus`.
    private func words(_ marks: [BoxPainter.Mark]) -> String {
        let counts = Dictionary(marks.map { ($0.classIndex, 1) }, uniquingKeysWith: +).sorted { $0.key < $1.key }
        if counts.isEmpty { return "nothing" }
        return counts.map { "\($1) \(names[$0])\($1 > 1 ? "s" : "")" }.joined(separator: ", ")
    }
}
