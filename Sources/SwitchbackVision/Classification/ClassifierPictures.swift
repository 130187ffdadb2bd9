import Foundation
import Switchback
import SwitchbackDrawing
import SwitchbackTraining

/// A listener that draws what a classifier is given and what it makes of it: `train_batch.png`, and at the end, with the
/// best weights, `confusion_matrix.png`, `classes.png` and `predictions.png`.
public final class ClassifierPictures {
    private let task: ClassificationTask
    private var folder: RunFolder?

    public init(_ task: ClassificationTask) { self.task = task }

    public func receive(_ event: TrainingEvent) throws -> TrainingDecision {
        switch event {
        case .started(let start): folder = start.folder
        case .epoch(let result):
            if result.epoch == 1 { try drawBatch() }
        case .finished(let outcome):
            if outcome.reason != .stopped { try drawResults() }
        default: break
        }
        return .continue
    }

    /// The most tiles of a picture.
    private static let tileCount = 16

    private func drawBatch() throws {
        guard let folder, let examples = task.data.training,
            let batch = try task.batches(epoch: 0, from: 0)(), let tiles = tiles(batch)
        else { return }
        let captioned = zip(tiles, batch.target.toArray(as: Int.self)).map {
            PictureGrid.Tile($0, task.data.classNames[$1])
        }
        let title = "The first batch, of \(examples.count.grouped) examples"
        try PictureGrid(title: title, captioned).write(to: folder.file("train_batch.png"))
    }

    private func drawResults() throws {
        guard let folder, FileManager.default.fileExists(atPath: folder.weights("best")) else { return }
        let classifier = try Classifier.load(folder.weights("best"))
        let metrics = try classifier.evaluate(task.data.heldOut).metrics
        let names = task.data.classNames
        let title = "Held-out examples, \(metrics.top1.percent) correct"
        try metrics.confusion.figure(title: title, classes: names).write(to: folder.file("confusion_matrix.png"))
        let classes = metrics.classes
        try BarPlot(
            title: "Held-out examples, by class", names, values: Axis("share", range: 0...1.1),
            groups: [
                ("precision", classes.map(\.precision)), ("recall", classes.map(\.recall)), ("F1", classes.map(\.f1)),
            ]
        ).write(to: folder.file("classes.png"))
        try drawPredictions(of: classifier, folder)
    }

    private func drawPredictions(of classifier: Classifier, _ folder: RunFolder) throws {
        let heldOut = task.data.heldOut
        let count = min(Self.tileCount, heldOut.count)
        // Spread over all, because files are often sorted by class.
        let positions = (0..<count).map { $0 * heldOut.count / count }
        let batch = try heldOut.examples(at: positions)
        guard let tiles = tiles(batch) else { return }
        let predictions = classifier.predict(batch.input)
        let captioned = zip(tiles, zip(predictions, batch.target.toArray(as: Int.self))).map { tile, answer in
            let (prediction, target) = answer
            let name = task.data.classNames[target]
            let isRight = prediction.classIndex == target
            let caption = isRight ? prediction.className : "\(prediction.className), not \(name)"
            return PictureGrid.Tile(tile, caption, color: isRight ? Theme.text : Color(0xC0272D))
        }
        try PictureGrid(title: "Predictions for held-out examples", captioned).write(to: folder.file("predictions.png"))
    }

    /// Pictures of the first inputs; `nil` where they are no images.
    private func tiles(_ batch: Example) -> [Raster]? {
        let shape = batch.input.shape
        guard shape.count == 4, [1, 3, 4].contains(shape[1]) else { return nil }
        let images = batch.input[0..<min(Self.tileCount, shape[0])].to(.float32)
        let (low, high) = (images.min().item(), images.max().item())
        // Bytes as they are; other numbers from the least to the greatest.
        let range = batch.input.dtype == .uint8 && high > 16 ? (0.0, 255.0) : (low, max(high, low + 1e-9))
        let scale = 255 / (range.1 - range.0)
        let bytes = ((images - Tensor(Float(range.0))) * Tensor(Float(scale))).clamp(min: 0.0, max: 255.0)
        return bytes.split(1).map { raster($0.toArray(as: Double.self), shape) }
    }

    /// - Parameter pixels: [C, H, W], from 0 to 255.
    private func raster(_ pixels: [Double], _ shape: Shape) -> Raster {
        let area = shape[2] * shape[3]
        let channels = shape[1] == 1 ? [0, 0, 0] : [0, 1, 2]
        let rgb = (0..<area).flatMap { position in channels.map { UInt8(pixels[$0 * area + position]) } }
        return Raster(width: shape[3], height: shape[2], rgb: rgb)
    }
}
