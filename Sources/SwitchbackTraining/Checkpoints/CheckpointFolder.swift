import Foundation
import Switchback
import SwitchbackFormats

/// The last two checkpoints of a run: a new one replaces the older, so that an intact one exists at any moment.
struct CheckpointFolder: Sendable {
    let path: String

    /// The state found on resuming.
    struct Found {
        let path: String
        let state: TrainingState
        let tensors: [String: Tensor]
        /// The problem of a newer one that was skipped.
        let warnings: [String]
    }

    private func slot(_ number: Int) -> String {
        Folder.join(path, "state-\(number).safetensors")
    }

    /// Saves a state; returns the file's path.
    func save(_ state: TrainingState, _ tensors: [(name: String, tensor: Tensor)]) throws -> String {
        guard mkdir(path, 0o777) == 0 || errno == EEXIST else { throw InputError(path, cannot: "made", errno) }
        let file = slot(1 + (state.saves + 1) % 2)
        try CheckpointFile.write(state, tensors, to: file)
        return file
    }

    /// The newest sound state; `nil` if none was ever saved.
    ///
    /// Throws `InputError` if there are files and none of them is sound.
    func newest() throws -> Found? {
        AtomicFile.removeRemains(in: path)
        var sound: [(path: String, state: TrainingState, tensors: [String: Tensor])] = []
        var problems: [InputError] = []
        for file in [slot(1), slot(2)] where FileManager.default.fileExists(atPath: file) {
            do {
                let (state, tensors) = try CheckpointFile.read(file)
                sound.append((file, state, tensors))
            } catch let problem as InputError {
                problems.append(problem)
            }
        }
        guard let newest = sound.max(by: { $0.state.saves < $1.state.saves }) else {
            guard let problem = problems.first else { return nil }
            throw InputError(
                problem.subject, at: problem.place, problem.problem,
                remedy: problems.count > 1
                    ? "\(problems[1].subject) is damaged too, so the run cannot be resumed: start a new one from its "
                        + "last weights" : "there is no other checkpoint: start a new run from its last weights")
        }
        let warnings = problems.map { "\($0); continuing from \(newest.path), at \(newest.state.place)" }
        return Found(path: newest.path, state: newest.state, tensors: newest.tensors, warnings: warnings)
    }
}
