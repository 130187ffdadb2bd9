import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackServer
import Synchronization

/// Starts the trainings that were asked for, one at a time, and endpoints; and finds again those that an earlier studio
/// has started.
///
/// All that it knows is in the folders of the jobs, so that a studio that is killed has nothing to lose.
package final class JobQueue: Sendable {
    private let folder: StudioFolder
    private let program: String
    private let jobs: Mutex<[Job]>
    private let isStopped = Mutex(false)

    /// How many jobs that have ended are kept.
    private static let mostEnded = 50
    private static let secondsBetweenLooks = 0.3

    init(_ folder: StudioFolder, program: String) throws {
        self.folder = folder
        self.program = program
        let names = (try? FileManager.default.contentsOfDirectory(atPath: Folder.join(folder.path, "jobs"))) ?? []
        let found = names.sorted().compactMap { JobFolder(path: Folder.join(folder.path, "jobs/\($0)")).job }
        jobs = Mutex(found)
        let thread = Thread { [weak self] in
            while let queue = self, !queue.isStopped.withLock({ $0 }) {
                queue.startNext()
                Thread.sleep(forTimeInterval: JobQueue.secondsBetweenLooks)
            }
        }
        thread.name = "jobs"
        thread.start()
    }

    /// Looks no more. What runs goes on.
    package func stop() { isStopped.withLock { $0 = true } }

    func folder(of job: Job) -> JobFolder { JobFolder(path: Folder.join(folder.path, "jobs/\(job.id)")) }

    /// All jobs, the newest first.
    var list: [Job] { jobs.withLock { $0 }.reversed() }

    func state(of job: Job) -> Job.State { folder(of: job).state(of: job) }

    /// The job of an id. It is looked up among those that are there: no path is made of what a client sends.
    ///
    /// - Throws: `APIError` where there is none.
    func job(_ id: String) throws -> Job {
        guard let job = jobs.withLock({ $0.first { $0.id.isExactly(id) } }) else {
            throw APIError.notFound("there is no such job")
        }
        return job
    }

    /// Adds a job. A training begins once those before it have ended, anything else at once.
    ///
    /// - Parameter files: what is to be in the job's folder from the start, by name; only the user can read them.
    @discardableResult func add(
        _ kind: Job.Kind, task: String, run: String, files: [String: String] = [:],
        _ arguments: (JobFolder) -> [String]
    ) throws -> Job {
        let job = try jobs.withLock { jobs in
            let now = Date().timeIntervalSince1970
            let number = max(Int(now * 1000), (jobs.last.flatMap { Int($0.id) } ?? 0) + 1)
            let place = JobFolder(path: Folder.join(folder.path, "jobs/\(number)"))
            let job = Job(
                id: "\(number)", kind: kind, task: task, arguments: arguments(place), run: run, created: now)
            try place.save(job)
            for (name, text) in files { try place.keep(text, as: name) }
            jobs.append(job)
            return job
        }
        startNext()
        return try self.job(job.id)
    }

    /// Asks a job to end. One that waits is taken from the queue.
    func stop(_ id: String) throws {
        let job = try job(id)
        if state(of: job) == .waiting { return try remove(id) }
        try change(id) { $0.isStopRequested = true }
        job.process?.interrupt()
    }

    /// Forgets a job that has ended or waits; what it has trained stays.
    ///
    /// - Throws: `InputError` where it is at work.
    func remove(_ id: String) throws {
        let job = try job(id)
        if job.process?.isAlive == true { throw InputError(job.run, "is at work", remedy: "stop it first") }
        jobs.withLock { jobs in jobs.removeAll { $0.id == job.id } }
        folder(of: job).remove()
    }

    private func change(_ id: String, _ change: (inout Job) -> Void) throws {
        try jobs.withLock { jobs in
            guard let index = jobs.firstIndex(where: { $0.id == id }) else { return }
            change(&jobs[index])
            try folder(of: jobs[index]).save(jobs[index])
        }
    }

    /// Starts what is to start now.
    private func startNext() {
        jobs.withLock { jobs in
            var isTraining = jobs.contains { $0.kind == .training && $0.process?.isAlive == true }
            for index in jobs.indices where state(of: jobs[index]) == .waiting {
                if jobs[index].kind == .training {
                    if isTraining { continue }
                    isTraining = true
                }
                start(&jobs[index])
            }
            forgetOldest(&jobs)
        }
    }

    private func start(_ job: inout Job) {
        let place = folder(of: job)
        do {
            job.process = try ChildProcess(
                running: program, job.arguments, log: place.log, exitFile: place.exitFile)
            try place.save(job)
        } catch {
            // Said where the job's own errors are.
            try? AtomicFile.write("switchback: \(error)\n", to: place.log)
            try? AtomicFile.write("1\n", to: place.exitFile)
        }
    }

    private func forgetOldest(_ jobs: inout [Job]) {
        var surplus = jobs.count - JobQueue.mostEnded
        guard surplus > 0 else { return }
        jobs.removeAll { job in
            guard surplus > 0, !state(of: job).isOpen else { return false }
            surplus -= 1
            folder(of: job).remove()
            return true
        }
    }
}
