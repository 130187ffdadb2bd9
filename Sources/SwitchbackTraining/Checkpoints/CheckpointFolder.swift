import Foundation
import Switchback
import SwitchbackFormats

/// The last two states of a run: a new one takes the place of the older one, so that there is a sound one at any moment.
struct CheckpointFolder: Sendable {
    let path: String

    /// What was found on resuming.
    struct Found {
        let path: String
        let state: TrainingState
        let tensors: [String: Tensor]
        /// What was wrong with a newer one that was passed over.
        let warnings: [String]
    }

    private func slot(_ number: Int) -> String {
        (path as NSString).appendingPathComponent("state-\(number).safetensors")
    }

    /// Saves a state; returns the file's path.
    func save(_ state: TrainingState, _ tensors: [(name: String, tensor: Tensor)]) throws -> String {
        guard mkdir(path, 0o777) == 0 || errno == EEXIST else { throw InputError(path, cannot: "made", errno) }
        let file = slot(1 + (state.saves + 1) % 2)
        try CheckpointFile.write(state, tensors, to: file)
        return file
    }

    /// The newest sound state; `nil` where none was ever saved.
    ///
    /// Throws `InputError` where there are files and none of them is sound.
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
                    ? "\(problems[1].subject) is not sound either, so the run cannot be resumed: start a new one from its "
                        + "last weights" : "there is no other checkpoint: start a new run from its last weights")
        }
        let warnings = problems.map { "\($0); going on from \(newest.path), of \(newest.state.place)" }
        return Found(path: newest.path, state: newest.state, tensors: newest.tensors, warnings: warnings)
    }
}
