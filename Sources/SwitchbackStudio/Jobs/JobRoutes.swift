import Foundation
import Hummingbird
import Switchback
import SwitchbackFormats
import SwitchbackServer

/// `/api/v1/jobs`: what the studio has started, its output, and the wish that it end.
struct JobRoutes: Sendable {
    let jobs: JobQueue
    private let queue = WorkQueue("jobs", threads: 1, limit: 64)

    init(_ jobs: JobQueue) { self.jobs = jobs }

    func stop() { queue.stop() }

    func add(to router: some RouterMethods<some RequestContext>) {
        let group = router.group("api/v1/jobs")
        group.get { _, _ in
            await queue.answer { JobList(jobs: jobs.list.map { JobAnswer($0, jobs.folder(of: $0)) }) }
        }
        group.get(":id/log") { request, context in
            let id = try context.parameters.part("id")
            let offset = request.uri.queryParameters["from"].flatMap { Int($0) } ?? 0
            return await queue.answer { LogAnswer(jobs.folder(of: try jobs.job(id)).output(from: offset)) }
        }
        group.post(":id/stop") { request, context in
            let id = try context.parameters.part("id")
            return await queue.answer(request) { _ in
                try jobs.stop(id)
                return Done()
            }
        }
        group.post(":id/remove") { request, context in
            let id = try context.parameters.part("id")
            return await queue.answer(request) { _ in
                try jobs.remove(id)
                return Done()
            }
        }
    }

    private struct JobList: Encodable, Sendable { let jobs: [JobAnswer] }

    private struct Done: Encodable, Sendable { let done = true }

    private struct LogAnswer: Encodable, Sendable {
        let text: String
        let next: Int

        init(_ output: (text: String, next: Int)) { (text, next) = output }
    }
}

/// A job as the pages see it.
struct JobAnswer: Encodable, Sendable {
    let id: String
    let kind: Job.Kind
    let task, run: String
    let state: Job.State
    let created: Double
    /// The words after `switchback`.
    let arguments: [String]
    /// Why it failed, in the program's own sentence.
    let complaint: String?

    init(_ job: Job, _ folder: JobFolder) {
        (id, kind, task, run) = (job.id, job.kind, job.task, job.run)
        state = folder.state(of: job)
        (created, arguments) = (job.created, job.arguments)
        complaint = state == .failed ? folder.complaint : nil
    }
}
