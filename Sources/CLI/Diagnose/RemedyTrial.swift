import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackTraining

/// Tries what verdicts propose: a short training with the options of the run as they were, and one with those of each
/// remedy, by this program itself.
struct RemedyTrial {
    let run: RunRecord
    let diagnosis: Diagnosis
    /// The optimizer's steps of each training.
    let steps: Int

    /// What came of a training.
    struct Result: Encodable {
        /// What was changed: `--lr 0.003`; "" of nothing.
        let change: String
        /// The loss that it ended with; `nil` if it failed.
        let loss: Double?
        let verdict: String
    }

    /// The changes that verdicts propose, each once.
    private var proposals: [[OptionChange]] {
        var found: [[OptionChange]] = []
        for verdict in diagnosis.verdicts where !verdict.changes.isEmpty && !found.contains(verdict.changes) {
            found.append(verdict.changes)
        }
        return found
    }

    /// Throws `InputError` where no verdict proposes options that could be tried.
    func results() throws -> [Result] {
        let proposals = proposals
        if proposals.isEmpty {
            throw InputError(
                run.path, "no verdict proposes an option to try", remedy: "follow the sentences of the diagnosis")
        }
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("try-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        return try ([[]] + proposals).enumerated().map { try train($1, number: $0, folder) }
    }

    private func train(_ changes: [OptionChange], number: Int, _ folder: String) throws -> Result {
        let file = Folder.join(folder, "\(number).yaml")
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try AtomicFile.write(options(with: changes), to: file)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Platform.programPath ?? CommandLine.arguments[0])
        process.arguments = [
            run.task, "train", "--config", file, "--steps", "\(steps)", "--output", folder, "--name", "\(number)",
            "--diagnose", "--quiet",
        ]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        let path = Folder.join(folder, "\(run.task)/\(number)/\(Diagnosis.fileName)")
        guard FileManager.default.fileExists(atPath: path) else {
            return Result(change: text(of: changes), loss: nil, verdict: "could not be trained")
        }
        let diagnosis = try Diagnosis(path: path)
        let losses = diagnosis.records.suffix(3).map { $0.meanLoss ?? $0.loss }
        return Result(
            change: text(of: changes), loss: diagnosis.failure == nil ? losses.last : nil,
            verdict: diagnosis.verdicts.first?.kind.title ?? "")
    }

    /// The run's `args.yaml` with other values.
    private func options(with changes: [OptionChange]) throws -> String {
        let lines = try TextFile.read(Folder.join(run.path, "args.yaml")).lines.map(String.init)
        let kept = lines.filter { line in !changes.contains { line.hasPrefix("\($0.option):") } }
        let added = changes.compactMap { change in change.value.map { "\(change.option): \($0)" } }
        return (kept + added).joined(separator: "\n") + "\n"
    }

    /// As typed; a key that only files have cannot be, and gives way to the option that is given in its place.
    private func text(of changes: [OptionChange]) -> String {
        changes.filter { $0.value != nil || RemedyOption(rawValue: $0.option) != nil }.map { change in
            let option = "--" + change.option.replacing("_", with: "-")
            return change.value.map { "\(option) \($0)" } ?? "without \(option)"
        }.joined(separator: " ")
    }
}
