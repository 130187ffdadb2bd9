import Foundation
import Switchback
import SwitchbackFormats

/// A listener that writes event files for TensorBoard into the run's folder: losses and learning rates by step, what
/// validations measured, the graph of the first loss, and the images that other listeners have drawn there by then.
/// Give it to the trainer after them.
public final class TensorBoardLog {
    /// One step in so many is logged.
    private static let interval = 10
    /// Images of what is logged as numbers.
    private static let passedOver: Set = ["results.png"]

    private let histograms: Bool
    private var writer: TensorBoardWriter?
    private var start: TrainingStart?
    /// When the images that were logged had been drawn.
    private var logged: [String: Date] = [:]

    /// - Parameter histograms: whether the distributions of weights and gradients are logged with each validation.
    public init(histograms: Bool = false) { self.histograms = histograms }

    public func receive(_ event: TrainingEvent) throws -> TrainingDecision {
        switch event {
        case .started(let start):
            self.start = start
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
            if histograms { try logDistributions(step: result.step) }
            try logImages(step: result.step)
        case .finished(let outcome):
            try logImages(step: outcome.step)
            try writer?.flush()
        case .checkpoint, .failed: try writer?.flush()
        case .gradients, .planned: break
        }
        return .continue
    }

    /// The weights, and the gradients of the last step.
    private func logDistributions(step: Int) throws {
        for (name, parameter) in start?.model.namedParameters ?? [] {
            try writer?.histogram("weights/\(name)", parameter.detach(), step: step)
            if let gradient = parameter.grad { try writer?.histogram("gradients/\(name)", gradient, step: step) }
        }
    }

    /// The images in the folder that are new or were drawn anew.
    private func logImages(step: Int) throws {
        guard let folder = start?.folder else { return }
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        for name in names.sorted() where name.hasSuffix(".png") && !Self.passedOver.contains(name) {
            let path = folder.file(name)
            let drawn = try? FileManager.default.attributesOfItem(atPath: path)[.modificationDate] as? Date
            guard let drawn, logged[name] != drawn, let bytes = FileManager.default.contents(atPath: path) else {
                continue
            }
            logged[name] = drawn
            try writer?.image((name as NSString).deletingPathExtension, png: [UInt8](bytes), step: step)
        }
    }
}
