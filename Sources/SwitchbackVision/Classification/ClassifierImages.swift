import Foundation
import SwitchbackTraining

/// A listener that draws what a classifier is given and what it makes of it: `train_batch.png`, and at the end, with
/// the best weights, what `ClassifierFigures` shows.
public final class ClassifierImages {
    private let task: ClassificationTask
    private var folder: RunFolder?

    public init(_ task: ClassificationTask) { self.task = task }

    public func receive(_ event: TrainingEvent) throws -> TrainingDecision {
        switch event {
        case .started(let start): folder = start.folder
        case .epoch(let result):
            if result.epoch == 1 { RunDrawing.attempt(drawBatch) }
        case .finished(let outcome):
            if outcome.reason != .stopped { RunDrawing.attempt(drawResults) }
        default: break
        }
        return .continue
    }

    private func drawBatch() throws {
        guard let folder, let examples = task.data.training, let batch = try task.source.batches(epoch: 0)() else {
            return
        }
        let title = "The first batch, of \(examples.count.counted("example"))"
        try ClassifierFigures(task.data.classNames).examples(batch, title: title)?
            .write(to: folder.file("train_batch.png"))
    }

    private func drawResults() throws {
        guard let folder, FileManager.default.fileExists(atPath: folder.weights("best")) else { return }
        let classifier = try Classifier.load(folder.weights("best"))
        let examples = task.data.heldOut
        try ClassifierFigures(task.data.classNames)
            .draw(classifier.evaluate(examples), of: classifier, on: examples, into: folder.file)
    }
}
