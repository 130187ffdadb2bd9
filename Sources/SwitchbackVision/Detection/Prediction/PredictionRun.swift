import Foundation
import Switchback
import SwitchbackFormats

/// Detects objects in images or a video, and saves the results.
public final class PredictionRun {
    private let predictor: DetectionPredictor
    private let writer: PredictionWriter
    private let names: [String]
    private var tracker: Tracker?
    private var fileNames = FileNames()
    public private(set) var imageCount = 0
    public private(set) var boxCount = 0
    /// Of all images together.
    public private(set) var seconds = StageSeconds()

    /// The threshold for boxes that a tracker sees but that are not shown.
    private static let trackedConfidence: Float = 0.1

    /// - Parameter tracks: whether objects are followed from image to image.
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

    /// - Parameters:
    ///   - stride: of the frames of a video, every so many-th is looked at.
    ///   - isInterrupted: asked before each image; where it is true, what was found so far is saved.
    ///   - say: gets a line for each image.
    /// - Throws: `InputError` where the only image or video cannot be read, or nothing can be saved.
    public func predict(
        _ source: ImageSource, stride: Int = 1, isInterrupted: () -> Bool = { false }, say: (String) throws -> Void
    ) throws {
        let isOnly = source.items.count == 1
        for (number, item) in source.items.enumerated() where !isInterrupted() {
            let place = isOnly ? "" : "\(number + 1)/\(source.items.count) "
            switch item {
            case .image(let path):
                guard let image = try read(isOnly, { try Image.load(path) }) else { continue }
                let line = try predict(image, name: fileNames.name(for: path), video: nil)
                try say("\(isOnly ? "1/1 " : place)\(path): \(line)")
            case .video(let input):
                try predict(input, stride, isOnly: isOnly, isInterrupted) { try say(place + $0) }
            }
        }
        try writer.finish()
    }

    /// The frames of a video, or the image at an address.
    private func predict(
        _ input: VideoInput, _ stride: Int, isOnly: Bool, _ isInterrupted: () -> Bool, say: (String) throws -> Void
    ) throws {
        guard let reader = try read(isOnly, { try VideoReader(input) }) else { return }
        let name = fileNames.name(for: input.name)
        tracker?.forgetAll()
        defer { tracker?.forgetAll() }
        var lookedAt = 0
        while !isInterrupted(), let frame = try read(isOnly, reader.next) {
            if input.isImage {
                return try say("\(input): \(predict(frame, name: name, video: nil))")
            }
            guard reader.frameCount % stride == 0 else { continue }
            lookedAt += 1
            let rate = (reader.rate ?? 25) / Double(stride)
            let line = try predict(frame, name: "\(name)_\(reader.frameCount)", video: (name, rate))
            try say("\(input) frame \(reader.frameCount): \(line)")
        }
        try writer.finishVideo()
        if lookedAt == 0, reader.frameCount > 0, !isInterrupted() {
            let count = reader.frameCount.counted("frame")
            Diagnostics.warn("\(input): it has \(count), and of every \(stride) the last is looked at: there is none")
        }
    }

    /// What `body` reads; of several images and videos, one that is damaged is reported and passed over.
    private func read<Value>(_ isOnly: Bool, _ body: () throws -> Value?) throws -> Value? {
        do {
            return try body()
        } catch let error as InputError where !isOnly {
            Diagnostics.warn("\(error)")
            return nil
        }
    }

    /// Returns what was found, in words.
    private func predict(_ image: Image, name: String, video: (name: String, rate: Double)?) throws -> String {
        let result = try predictor(image)
        imageCount += 1
        seconds += result.seconds
        let marks =
            tracker?.update(result.detections).map { BoxPainter.Mark($0.detection, track: $0.id) }
            ?? result.detections.map { BoxPainter.Mark($0) }
        boxCount += marks.count
        try writer.write(image, marks, name: name, videoName: video?.name, videoRate: video?.rate ?? 25)
        let time = String(format: "%.1f ms", result.seconds.inference * 1000)
        return "\(result.width)x\(result.height) \(words(marks)), \(time)"
    }

    /// `3 × person, 2 × bus`: names of classes are of any language, and have no plural that is right for all.
    private func words(_ marks: [BoxPainter.Mark]) -> String {
        let counts = Dictionary(marks.map { ($0.classIndex, 1) }, uniquingKeysWith: +).sorted { $0.key < $1.key }
        if counts.isEmpty { return "nothing" }
        return counts.map { "\($1.grouped) × \(names[$0])" }.joined(separator: ", ")
    }
}
