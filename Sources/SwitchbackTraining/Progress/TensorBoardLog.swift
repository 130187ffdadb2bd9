import Switchback
import SwitchbackFormats

/// A listener that writes event files for TensorBoard into the run's folder: losses and learning rates by step, what
/// validations measured, and the graph of the first loss.
public final class TensorBoardLog {
    /// One step in so many is logged.
    private static let interval = 10

    private var writer: TensorBoardWriter?

    public init() {}

    public func receive(_ event: TrainingEvent) throws -> TrainingDecision {
        switch event {
        case .started(let start):
            writer = try start.folder.map { try TensorBoardWriter(folder: $0.path, continuingAfter: start.stepsMade) }
        case .graph(let graph): try writer?.graph(GraphNode.list(of: graph))
        case .batch(let result):
            guard result.madeStep, result.step % Self.interval == 0 else { break }
            for entry in result.values { try writer?.scalar("batch/\(entry.name)", entry.value, step: result.step) }
            try writer?.scalar("lr", result.learningRate, step: result.step)
            if let norm = result.gradientNorm { try writer?.scalar("gradient norm", norm, step: result.step) }
        case .epoch(let result):
            for entry in result.training { try writer?.scalar("train/\(entry.name)", entry.value, step: result.step) }
            for entry in result.validation { try writer?.scalar("val/\(entry.name)", entry.value, step: result.step) }
        case .checkpoint, .finished: try writer?.flush()
        case .gradients: break
        }
        return .continue
    }
}
