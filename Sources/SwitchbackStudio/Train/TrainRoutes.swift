import Foundation
import Hummingbird
import Switchback
import SwitchbackFormats
import SwitchbackServer
import SwitchbackTraining

/// What the page `/train` asks for: the options that there are, and that a training begin or go on.
///
/// A training is checked with `--dry-run` before it is taken: what is wrong with an option or the data is said in the
/// sentence of the command line.
struct TrainRoutes: Sendable {
    let runs: RunLookup
    let jobs: JobQueue
    private let command: Command
    private let options: TrainingOptions
    // One thread: of two trainings with one name, the second one gets another name.
    private let queue = WorkQueue("trainings", threads: 1, limit: 16)

    private static let secondsForCheck = 60.0

    init(_ runs: RunLookup, _ jobs: JobQueue, program: String) {
        (self.runs, self.jobs) = (runs, jobs)
        command = Command(program: program)
        options = TrainingOptions(command: command)
    }

    func stop() { queue.stop() }

    func add(to router: some RouterMethods<some RequestContext>) {
        router.get("api/v1/trainings/tasks") { _, _ in try Response(answering: Tasks()) }
        router.get("api/v1/trainings/options/:task") { _, context in
            let task = try context.parameters.part("task")
            return await queue.answer { Options(task: task, options: try options.of(task)) }
        }
        router.post("api/v1/trainings") { request, _ in
            await queue.answer(request, within: Self.secondsForCheck * 2) { try begin($0) }
        }
        router.post("api/v1/runs/:task/:name/resume") { request, context in
            let (task, name) = try (context.parameters.part("task"), context.parameters.part("name"))
            return await queue.answer(request, within: Self.secondsForCheck * 2) { _ in try resume(task, name) }
        }
    }

    private struct Tasks: Encodable { let tasks = TrainingOptions.tasks }

    private struct Options: Encodable, Sendable {
        let task: String
        let options: [TrainingOption]
    }

    private func begin(_ fields: ConfigurationFields) throws -> JobAnswer {
        let task = try fields.string("task")
        let request = try TrainingRequest(fields, task: task, options: options.of(task))
        let name = freeName(request)
        let place = ["--name=\(name)", "--output=\(runs.output)"]
        return try start(task, run: "\(task)/\(name)", request.arguments + place)
    }

    private func resume(_ task: String, _ name: String) throws -> JobAnswer {
        let run = try runs.run(task, name)
        return try start(task, run: RunSummary.id(of: run), [task, "train", "--resume=\(run.path)"])
    }

    /// Checks a training, and puts it into the queue.
    private func start(_ task: String, run: String, _ arguments: [String]) throws -> JobAnswer {
        let check = try command.run(arguments + ["--dry-run"], seconds: Self.secondsForCheck)
        // What takes long to check is not refused for it: its own output says what is wrong.
        if let code = check.code, code != 0 {
            throw APIError.invalid(check.complaint ?? "the training cannot begin: exit code \(code)")
        }
        let job = try jobs.add(.training, task: task, run: run) { _ in arguments }
        return JobAnswer(job, jobs.folder(of: job))
    }

    /// The name of the run: the one that was asked for, with a number after it where it is taken.
    private func freeName(_ request: TrainingRequest) -> String {
        let waiting = jobs.list.filter { jobs.state(of: $0).isOpen }.map(\.run)
        for number in 1... {
            let name = number == 1 ? request.name : "\(request.name)-\(number)"
            let id = "\(request.task)/\(name)"
            if !waiting.contains(id), !Folder.exists(Folder.join(runs.output, id)) { return name }
        }
        return request.name
    }
}
