import Foundation
import Switchback
import SwitchbackServer
import SwitchbackTraining

/// The runs below a folder. Nothing is kept: they are read each time, so that runs of the command line appear too.
struct RunLookup: Sendable {
    /// The folder that runs are saved in.
    let output: String

    /// The runs, the newest first; none where nothing was trained yet.
    func runs(of task: String? = nil) throws -> [RunRecord] {
        FileManager.default.fileExists(atPath: output) ? try RunCatalog.runs(in: output, task: task) : []
    }

    /// A run of a task. It is looked up among those that are there: no path is made of what a client sends.
    func run(_ task: String, _ name: String) throws -> RunRecord {
        if let run = try runs(of: task).first(where: { $0.name == name }) { return run }
        let nearest = "\(task)/\(name)".nearest(in: try runs().map(RunSummary.id(of:)))
        throw APIError.notFound("there is no such run" + (nearest.map { "; did you mean \($0)?" } ?? ""))
    }

    /// A run by its id, `TASK/NAME`.
    ///
    /// - Throws: `InputError` where it is no id, `APIError` where there is no such run.
    func run(ofID id: String) throws -> RunRecord {
        let parts = id.split(separator: "/", maxSplits: 1).map(String.init)
        guard parts.count == 2 else {
            throw InputError("request", at: "field run", "a run is needed, as in detect/train")
        }
        return try run(parts[0], parts[1])
    }
}
