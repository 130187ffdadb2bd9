import Foundation
import Switchback
import SwitchbackFormats

/// Writes the weights and states of a run beside the training, from snapshots, on a thread of its own.
///
/// Each save writes the weights that were kept since the last one, then makes `results.csv` last, then writes the
/// state: what a state speaks of is on the disk before it. One save is under way at a time; its error is thrown by the
/// next call.
final class RunSaver {
    /// A state that is on the disk.
    struct Saved: Sendable {
        let path: String
        let step: Int
        /// From the snapshot until it was on the disk.
        let seconds: Double
    }

    private struct Weights: Sendable {
        let snapshot: Snapshot
        let metadata: [String: String]
    }

    private let files: Files
    private let queue = DispatchQueue(label: "switchback.saving", qos: .utility)
    private let underWay = DispatchGroup()
    /// What is to be written with the next state.
    private var kept: [(name: String, weights: Weights)] = []
    private let outcome = Outcome()

    init(_ folder: RunFolder) { files = Files(folder) }

    /// Notes weights under names such as `last` and `best`, instead of those that were noted under them before.
    func keep(_ snapshot: Snapshot, _ metadata: [String: String], as names: [String]) {
        for name in names {
            kept.removeAll { $0.name == name }
            kept.append((name, Weights(snapshot: snapshot, metadata: metadata)))
        }
    }

    var isBusy: Bool { outcome.isBusy }

    /// Waits until nothing is being written. Throws what went wrong.
    func wait() throws {
        underWay.wait()
        try outcome.check()
    }

    /// Begins to write a state; `wait()` must have been called.
    func save(_ state: TrainingState, _ tensors: Snapshot) {
        let kept = kept
        self.kept = []
        let start = ContinuousClock.now
        write { files in
            try files.write(kept)
            let path = try files.checkpoints.save(state, tensors.tensors)
            return Saved(path: path, step: state.step, seconds: start.duration(to: .now) / .seconds(1))
        }
    }

    /// Writes the weights that were kept, and waits until nothing is being written. Throws what went wrong.
    func finish() throws {
        try wait()
        let kept = kept
        self.kept = []
        if kept.isEmpty { return }
        write { files in
            try files.write(kept)
            return nil
        }
        try wait()
    }

    /// The states that have reached the disk since this was last asked. Throws what went wrong.
    func takeSaved() throws -> [Saved] {
        try outcome.check()
        return outcome.takeSaved()
    }

    private func write(_ body: @escaping @Sendable (Files) throws -> Saved?) {
        outcome.begin()
        queue.async(group: underWay) { [files, outcome] in
            outcome.end(Result { try body(files) })
        }
    }

    /// Where the files of a run are.
    private struct Files: Sendable {
        private let run, results: String
        let checkpoints: CheckpointFolder

        init(_ folder: RunFolder) {
            (run, results) = (folder.path, folder.file("results.csv"))
            checkpoints = folder.checkpoints
        }

        func write(_ kept: [(name: String, weights: Weights)]) throws {
            for (name, weights) in kept {
                try Safetensors.save(
                    weights.snapshot.tensors.map { ($0.name, $0.tensor) }, metadata: weights.metadata,
                    to: RunFolder.weights(name, of: run))
            }
            try ResultsFile.makeLasting(results)
        }
    }

    /// What comes back from the thread that writes.
    private final class Outcome: @unchecked Sendable {
        private let lock = NSLock()
        private var writes = 0
        private var saved: [Saved] = []
        private var failure: (any Error)?

        var isBusy: Bool { lock.withLock { writes > 0 } }

        func begin() { lock.withLock { writes += 1 } }

        func end(_ result: Result<Saved?, any Error>) {
            lock.withLock {
                writes -= 1
                switch result {
                case .success(let save): saved += [save].compactMap { $0 }
                case .failure(let error): failure = failure ?? error
                }
            }
        }

        func check() throws {
            if let failure = lock.withLock({ failure.take() }) { throw failure }
        }

        func takeSaved() -> [Saved] {
            lock.withLock {
                defer { saved = [] }
                return saved
            }
        }
    }
}
