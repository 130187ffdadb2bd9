import Foundation
import SwitchbackDrawing
import SwitchbackTraining

/// Draws the images of a run into its folder, as training continues.
public final class DetectionImages {
    private let task: DetectionTask
    private let folder: RunFolder
    private let figures: DetectionFigures
    private var history: [EpochResult] = []

    /// How many batches of training are shown.
    private static let shownBatches = 3

    public init(_ task: DetectionTask, in folder: RunFolder) {
        self.task = task
        self.folder = folder
        figures = DetectionFigures(names: task.detector.classes, keypoints: task.detector.keypoints)
    }

    /// The listener for a trainer.
    public func receive(_ event: TrainingEvent) throws -> TrainingDecision {
        switch event {
        case .started(let start):
            history = start.history
            if start.stepsMade == 0 { RunDrawing.attempt(drawData) }
        case .batch(let result) where result.batch == 1: RunDrawing.attempt { try drawUnmixed(result.epoch - 1) }
        case .epoch(let result):
            // Of several validations in an epoch the last one counts.
            if history.last?.epoch == result.epoch { history.removeLast() }
            history.append(result)
        case .finished: RunDrawing.attempt(drawResults)
        default: break
        }
        return .continue
    }

    private func drawData() throws {
        try figures.labels(task.data[.train]).write(to: folder.file("labels.png"))
        try drawBatches(ofEpoch: 0, from: 0)
    }

    /// Draws the first epoch without mixing, as it begins, where those before it had some.
    private func drawUnmixed(_ epoch: Int) throws {
        guard task.mixes(0), !task.mixes(epoch),
            !FileManager.default.fileExists(atPath: pathOfBatch(Self.shownBatches))
        else { return }
        try drawBatches(ofEpoch: epoch, from: Self.shownBatches)
    }

    /// The first batches of an epoch, as the network will see them.
    private func drawBatches(ofEpoch epoch: Int, from number: Int) throws {
        let next = task.source.batches(epoch: epoch)
        for i in 0..<Self.shownBatches {
            guard let batch = try next() else { return }
            let images = batch.labels.indices.map { ShownImage(Image(batch.images[$0]), batch.labels[$0]) }
            try figures.truth(images).write(to: pathOfBatch(number + i), scale: 1)
        }
    }

    private func pathOfBatch(_ number: Int) -> String { folder.file("train_batch\(number).png") }

    private func drawResults() throws {
        if let validation = task.lastValidation { try validation.draw(figures, into: folder.file) }
        try DetectionImages.curves(history).write(to: folder.file("results.png"), scale: 1)
    }

    /// All numbers over the epochs.
    private static func curves(_ history: [EpochResult]) -> FigureGrid {
        func series(_ label: String, _ metrics: (EpochResult) -> Metrics) -> [Plot] {
            (history.last.map(metrics)?.names ?? []).map { name in
                let values = history.map { Series.Value(Double($0.epoch), metrics($0)[name] ?? .nan) }
                return Plot(title: "\(label)\(name)", x: Axis("epoch"), y: Axis(), [Series("", values)])
            }
        }
        return FigureGrid(columns: 4, series("train/") { $0.training } + series("val/") { $0.validation })
    }
}

extension DetectionValidation {
    /// Draws curves, the confusion matrix and the first batches.
    ///
    /// - Parameter file: the path for a file's name.
    public func draw(_ figures: DetectionFigures, into file: (String) -> String) throws {
        try figures.precisionRecall(results).write(to: file("BoxPR_curve.png"))
        try figures.precision(results).write(to: file("BoxP_curve.png"))
        try figures.recall(results).write(to: file("BoxR_curve.png"))
        try figures.f1(results).write(to: file("BoxF1_curve.png"))
        if let shapeResults {
            let name = variant.task == .pose ? "Pose" : "Mask"
            try figures.precisionRecall(shapeResults).write(to: file("\(name)PR_curve.png"))
            try figures.precision(shapeResults).write(to: file("\(name)P_curve.png"))
            try figures.recall(shapeResults).write(to: file("\(name)R_curve.png"))
            try figures.f1(shapeResults).write(to: file("\(name)F1_curve.png"))
        }
        try figures.confusion(confusion, isNormalized: false).write(to: file("confusion_matrix.png"))
        try figures.confusion(confusion, isNormalized: true).write(to: file("confusion_matrix_normalized.png"))
        for (number, images) in shown.enumerated() {
            try figures.truth(images).write(to: file("val_batch\(number)_labels.png"), scale: 1)
            try figures.found(images).write(to: file("val_batch\(number)_pred.png"), scale: 1)
        }
    }
}
