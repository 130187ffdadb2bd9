import Foundation
import SwitchbackServer
import SwitchbackTraining
import Synchronization

/// The models of runs that were tried last, read once: two at most, and again when a training has written better weights.
final class LoadedModels<Model: Sendable>: Sendable {
    private struct Entry {
        let path: String
        let written: Date
        let model: Model
    }

    private let runs: RunLookup
    private let weights: @Sendable (RunRecord) throws -> String
    private let load: @Sendable (_ path: String) throws -> Model
    private let end: @Sendable (Model) -> Void
    private let queue: WorkQueue
    private let entries = Mutex<[Entry]>([])
    private let most = 2
    private let secondsForLoading = 120.0

    /// - Parameters:
    ///   - name: of the thread that reads them.
    ///   - weights: the path of a run's file of weights.
    ///   - load: reads the file of weights of a path.
    ///   - end: ends the threads of a model that nobody tries any more.
    init(
        _ name: String, of runs: RunLookup, weights: @escaping @Sendable (RunRecord) throws -> String,
        load: @escaping @Sendable (_ path: String) throws -> Model, end: @escaping @Sendable (Model) -> Void
    ) {
        (self.runs, self.weights, self.load, self.end) = (runs, weights, load, end)
        queue = WorkQueue(name, threads: 1, limit: 16)
    }

    func stop() {
        queue.stop()
        entries.withLock { $0 }.forEach { end($0.model) }
    }

    /// The model of a run, as its file of weights is now.
    func model(_ task: String, _ name: String) async throws -> Model {
        try await queue.run(within: secondsForLoading) { [self] in
            try model(weights(runs.run(task, name)))
        }
    }

    private func model(_ path: String) throws -> Model {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        let written = attributes?[.modificationDate] as? Date ?? .distantPast
        if let entry = entries.withLock({ $0.first { $0.path == path && $0.written == written } }) {
            return entry.model
        }
        let entry = Entry(path: path, written: written, model: try load(path))
        let replaced = entries.withLock { entries in
            let kept = entries.filter { $0.path != path }.suffix(most - 1)
            defer { entries = kept + [entry] }
            return entries.filter { old in !kept.contains { $0.path == old.path } }
        }
        for old in replaced { end(old.model) }
        return entry.model
    }
}
