import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackServer
import SwitchbackTraining
import Synchronization

/// The models that were tried last, read once: two at most, and again when a training has written better weights.
final class TriedModels: Sendable {
    private struct Entry {
        let path: String
        let written: Date
        let model: TriedModel
    }

    private static let most = 2
    private let limits: ServerLimits
    private let entries = Mutex<[Entry]>([])

    init(_ limits: ServerLimits) { self.limits = limits }

    func stop() { entries.withLock { $0 }.forEach { $0.model.stop() } }

    /// The model of a run, as its best weights are now.
    ///
    /// - Throws: `InputError` where the run has no weights, or none of a vision model.
    func model(of run: RunRecord) throws -> TriedModel {
        let path = try RunFolder.weightFile(run.path)
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        let written = attributes?[.modificationDate] as? Date ?? .distantPast
        if let entry = entries.withLock({ $0.first { $0.path == path && $0.written == written } }) {
            return entry.model
        }
        let entry = Entry(path: path, written: written, model: try TriedModel(path, limits))
        let replaced = entries.withLock { entries in
            let kept = entries.filter { $0.path != path }.suffix(TriedModels.most - 1)
            defer { entries = kept + [entry] }
            return entries.filter { old in !kept.contains { $0.path == old.path } }
        }
        for old in replaced { old.model.stop() }
        return entry.model
    }
}
