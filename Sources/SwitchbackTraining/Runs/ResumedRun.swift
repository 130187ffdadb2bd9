import Foundation
import Switchback

/// A run to be resumed: its folder, and its configuration with the changes for the rest of it.
public struct ResumedRun<Options: Configuration> {
    public let folder: RunFolder
    public let configuration: Options

    /// The options that a resumed run may have otherwise; the others decide on bits that are there already.
    static var changeable: Set<String> {
        ["epochs", "steps", "patience", "minutes", "time", "workers", "save_minutes", "save_steps"]
    }

    /// - Parameters:
    ///   - path: the folder of the run.
    ///   - change: changes options for the rest of the run: more epochs, say.
    /// - Throws: `InputError` if there is no run of this task, a program is at work on it, its `args.yaml` is damaged,
    ///   or an option was changed to what it cannot be, or that decides on what has been trained already.
    public init(_ path: String, task: String, change: (inout Options) throws -> Void) throws {
        folder = try RunFolder(existing: path)
        let file = folder.file("args.yaml")
        guard FileManager.default.fileExists(atPath: file) else {
            throw InputError(path, "is not a run folder: it has no args.yaml")
        }
        let saved: Options = try ConfigurationFile.read(file, task: task)
        var changed = saved
        try change(&changed)
        try changed.check()
        let differences = changed.differences(from: saved)
        if let key = differences.first(where: { !Self.changeable.contains($0) }) {
            throw InputError(
                "option \(key)", "differs from that of \(path), and a resumed run keeps its options",
                remedy: "start a new run from \(folder.weights("last")) instead")
        }
        configuration = changed
        if !differences.isEmpty { try ConfigurationFile.write(changed, task: task, to: file) }
    }
}
