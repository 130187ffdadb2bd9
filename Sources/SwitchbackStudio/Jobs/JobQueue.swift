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
    private let jobs: Mutex<Jobs>
    private let isStopped = Mutex(false)

    private struct Jobs {
        /// The oldest first.
        var all: [Job]
        /// Those that have ended, which is for ever: their files are not looked at again.
        var ended: Set<String> = []
    }

    /// How many jobs that have ended are kept.
    private static let mostEnded = 50
    private static let secondsBetweenLooks = 0.3

    init(_ folder: StudioFolder, program: String) throws {
        self.folder = folder
        self.program = program
        let names = (try? FileManager.default.contentsOfDirectory(atPath: Folder.join(folder.path, "jobs"))) ?? []
        let found = names.sorted().compactMap { JobFolder(path: Folder.join(folder.path, "jobs/\($0)")).job }
        jobs = Mutex(Jobs(all: found))
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
    var list: [Job] { jobs.withLock { $0.all }.reversed() }

    func state(of job: Job) -> Job.State { folder(of: job).state(of: job) }

    /// The training of a run, and what it has printed lately; `nil` where it is not at work.
    func training(of run: String) -> (job: Job, output: String)? {
        let job = list.first { $0.kind == .training && $0.run == run && state(of: $0) == .running }
        return job.map { ($0, folder(of: $0).output(from: 0).text) }
    }

    /// The job of an id. It is looked up among those that are there: no path is made of what a client sends.
    ///
    /// - Throws: `APIError` where there is none.
    func job(_ id: String) throws -> Job {
        guard let job = jobs.withLock({ $0.all.first { $0.id.isExactly(id) } }) else {
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
            let number = max(Int(now * 1000), (jobs.all.last.flatMap { Int($0.id) } ?? 0) + 1)
            let place = JobFolder(path: Folder.join(folder.path, "jobs/\(number)"))
            let job = Job(
                id: "\(number)", kind: kind, task: task, arguments: arguments(place), run: run, created: now)
            try place.save(job)
            for (name, text) in files { try place.keep(text, as: name) }
            jobs.all.append(job)
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
        jobs.withLock { jobs in
            jobs.all.removeAll { $0.id == job.id }
            jobs.ended.remove(job.id)
        }
        folder(of: job).remove()
    }

    private func change(_ id: String, _ change: (inout Job) -> Void) throws {
        try jobs.withLock { jobs in
            guard let index = jobs.all.firstIndex(where: { $0.id == id }) else { return }
            change(&jobs.all[index])
            try folder(of: jobs.all[index]).save(jobs.all[index])
        }
    }

    /// Starts what is to start now.
    private func startNext() {
        jobs.withLock { jobs in
            var waiting: [Int] = []
            var isTraining = false
            for (index, job) in jobs.all.enumerated() where !jobs.ended.contains(job.id) {
                switch state(of: job) {
                case .waiting: waiting.append(index)
                case .running, .stopping: isTraining = isTraining || job.kind == .training
                case .done, .stopped, .failed, .interrupted: jobs.ended.insert(job.id)
                }
            }
            for index in waiting {
                if jobs.all[index].kind == .training {
                    if isTraining { continue }
                    isTraining = true
                }
                start(&jobs.all[index])
            }
            forgetOldest(&jobs)
        }
    }

    private func start(_ job: inout Job) {
        let place = folder(of: job)
        do {
            job.process = try ChildProcess(
                running: program, job.arguments, log: place.log, exitFile: place.exitFile)
            job.started = Date().timeIntervalSince1970
            try place.save(job)
        } catch {
            // Said where the job's own errors are.
            try? AtomicFile.write("switchback: \(error)\n", to: place.log)
            try? AtomicFile.write("1\n", to: place.exitFile)
        }
    }

    private func forgetOldest(_ jobs: inout Jobs) {
        let surplus = jobs.all.count - JobQueue.mostEnded
        guard surplus > 0 else { return }
        let forgotten = jobs.all.filter { jobs.ended.contains($0.id) }.prefix(surplus)
        for job in forgotten { folder(of: job).remove() }
        let ids = Set(forgotten.map(\.id))
        jobs.all.removeAll { ids.contains($0.id) }
        jobs.ended.subtract(ids)
    }
}
