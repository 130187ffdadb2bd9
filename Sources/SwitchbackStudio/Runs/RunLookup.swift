import Switchback
import SwitchbackFormats
import SwitchbackServer
import SwitchbackTraining

/// The runs below a folder, looked for each time, so that runs of the command line appear too. Pages ask every few seconds:
/// only those are read again whose files have changed.
struct RunLookup: Sendable {
    /// The folder that runs are saved in.
    let output: String
    private let known = KeptByFile<RunRecord>()

    init(output: String) { self.output = output }

    /// The runs, the newest first; none where nothing was trained yet.
    func runs(of task: String? = nil) throws -> [RunRecord] {
        guard Folder.exists(output) else { return [] }
        return try RunCatalog.runs(in: output, task: task) { path in
            let record = try known.value(
                of: Folder.join(path, "args.yaml"), and: [Folder.join(path, "results.csv")]
            ) { _ in try RunRecord(path) }
            return try record ?? RunRecord(path)
        }
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
