import Foundation
import Hummingbird
import Switchback
import SwitchbackFormats
import SwitchbackServer
import SwitchbackTraining

/// What the page `/runs` asks for: the runs below a folder, and the curves, options and diagnosis of one.
///
/// Nothing is kept here: each answer is read from the run folders, so that runs of the command line appear, and a
/// training that goes on is followed by asking again.
package struct RunRoutes: Sendable {
    /// The folder that runs are saved in.
    private let output: String
    private let queue = WorkQueue("runs", threads: 1, limit: 32)

    package init(output: String) { self.output = output }

    /// Ends the thread.
    package func stop() { queue.stop() }

    package func add(to router: some RouterMethods<some RequestContext>) {
        let group = router.group("api/v1/runs")
        group.get { _, _ in
            await queue.answer { RunList(folder: output, runs: try runs().map(RunSummary.init)) }
        }
        group.get(":task/:name") { _, context in
            let (task, name) = try (context.parameters.require("task"), context.parameters.require("name"))
            return await queue.answer { try RunDetails(run(task, name)) }
        }
    }

    private struct RunList: Encodable, Sendable {
        let folder: String
        let runs: [RunSummary]
    }

    /// The runs, the newest first; none where nothing was trained yet.
    private func runs(of task: String? = nil) throws -> [RunRecord] {
        FileManager.default.fileExists(atPath: output) ? try RunCatalog.runs(in: output, task: task) : []
    }

    /// A run of a task. It is looked up among those that are there: no path is made of what a client sends.
    private func run(_ task: String, _ name: String) throws -> RunRecord {
        if let run = try runs(of: task).first(where: { $0.name == name }) { return run }
        let nearest = "\(task)/\(name)".nearest(in: try runs().map(RunSummary.id(of:)))
        throw APIError.notFound("there is no such run" + (nearest.map { "; did you mean \($0)?" } ?? ""))
    }
}
