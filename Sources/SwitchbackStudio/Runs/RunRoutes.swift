import Foundation
import Hummingbird
import SwitchbackServer

/// What the page `/runs` asks for: the runs below a folder, and the curves, options and diagnosis of one.
package struct RunRoutes: Sendable {
    private let runs: RunLookup
    private let jobs: JobQueue
    private let queue = WorkQueue("runs", threads: 1, limit: 32)

    init(_ runs: RunLookup, _ jobs: JobQueue) { (self.runs, self.jobs) = (runs, jobs) }

    /// Ends the thread.
    package func stop() { queue.stop() }

    package func add(to router: some RouterMethods<some RequestContext>) {
        let group = router.group("api/v1/runs")
        group.get { _, _ in
            await queue.answer { RunList(folder: runs.output, runs: try runs.runs().map(RunSummary.init)) }
        }
        group.get(":task/:name") { _, context in
            let (task, name) = try (context.parameters.part("task"), context.parameters.part("name"))
            return await queue.answer {
                let run = try runs.run(task, name)
                return try RunDetails(run, jobs.training(of: RunSummary.id(of: run)))
            }
        }
    }

    private struct RunList: Encodable, Sendable {
        let folder: String
        let runs: [RunSummary]
    }
}
