import Foundation
import Hummingbird
import Switchback
import SwitchbackFormats
import SwitchbackServer
import SwitchbackTraining

/// What the page `/deploy` asks for: endpoints that serve a run, with a key and code that calls them, and the run's
/// weights as files.
struct DeployRoutes: Sendable {
    let runs: RunLookup
    let jobs: JobQueue
    private let command: Command
    private let exports: String
    private let watched: WatchFolders
    private let queue = WorkQueue("deploy", threads: 1, limit: 16)

    private static let secondsForExport = 300.0

    /// - Parameters:
    ///   - exports: the folder that exported models are written to.
    ///   - watched: where endpoints keep requests.
    init(_ runs: RunLookup, _ jobs: JobQueue, program: String, exports: String, watched: WatchFolders) {
        (self.runs, self.jobs, self.exports, self.watched) = (runs, jobs, exports, watched)
        command = Command(program: program)
    }

    func stop() { queue.stop() }

    func add(to router: some RouterMethods<ServerContext>) {
        router.get("api/v1/endpoints") { _, _ in
            await queue.answer { EndpointList(endpoints: endpoints()) }
        }
        router.post("api/v1/endpoints") { request, _ in await queue.answer(request) { try begin($0) } }
        router.get("api/v1/runs/:task/:name/weights") { _, context in
            try await file(context, ending: "safetensors") { try RunFolder.weightFile($0.path) }
        }
        router.get("api/v1/runs/:task/:name/onnx") { _, context in
            try await file(context, ending: "onnx") { try export($0) }
        }
    }

    private struct EndpointList: Encodable, Sendable { let endpoints: [EndpointAnswer] }

    private func endpoints() -> [EndpointAnswer] {
        jobs.list.filter { $0.kind == .endpoint }.map { EndpointAnswer($0, jobs.folder(of: $0)) }
    }

    private func begin(_ fields: ConfigurationFields) throws -> EndpointAnswer {
        try fields.checkNames(known: ["run", "port", "keeps"])
        let run = try runs.run(ofID: fields.string("run"))
        guard RunSummary.servedTasks.contains(run.task) else {
            throw fields.problem("run", "a run of \(run.task) cannot be served")
        }
        _ = try TalkRoutes.tasks.contains(run.task) ? TalkRoutes.weights(of: run) : RunFolder.weightFile(run.path)
        let port = try fields.integer("port", in: 0...65_535, default: 0)
        let keeps = try fields.bool("keeps", default: false) && !TalkRoutes.tasks.contains(run.task)
        let kept = keeps ? try freePlace(for: run) : nil
        let job = try jobs.add(
            .endpoint, task: run.task, run: RunSummary.id(of: run), files: [Endpoint.keyName: Endpoint.makeKey()]
        ) { Endpoint.arguments(run.path, named: run.name, port: port, keptRequests: kept, $0) }
        return EndpointAnswer(job, jobs.folder(of: job))
    }

    /// Where the requests of a run are kept; only one endpoint at a time does that.
    private func freePlace(for run: RunRecord) throws -> String {
        let word = Endpoint.keeping(watched.place(of: RunSummary.id(of: run)))
        if jobs.list.contains(where: { $0.arguments.contains(word) && jobs.state(of: $0).isOpen }) {
            throw InputError(
                RunSummary.id(of: run), "another endpoint keeps the requests of this run",
                remedy: "stop that one, or start this one without keeping")
        }
        return try watched.prepare(for: RunSummary.id(of: run))
    }

    // MARK: Files

    /// A file of a run, to be saved by the browser.
    private func file(
        _ context: ServerContext, ending: String, _ path: @escaping @Sendable (RunRecord) throws -> String
    ) async throws -> Response {
        let (task, name) = try (context.parameters.part("task"), context.parameters.part("name"))
        do {
            let (path, name) = try await queue.run(within: DeployRoutes.secondsForExport) {
                let run = try runs.run(task, name)
                return (try path(run), "\(run.task)-\(run.name).\(ending)")
            }
            let body = try await FileIO().loadFile(path: path, context: context)
            // A name of one's own may have quotes in it, or letters that a header cannot have.
            let plain = name.map { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) ? $0 : "_" }
            return Response(
                status: .ok,
                headers: [
                    .contentType: "application/octet-stream", .cacheControl: "no-store",
                    .contentDisposition: "attachment; filename=\"\(String(plain))\"",
                ], body: body)
        } catch {
            return Response(refusing: error)
        }
    }

    /// The run's best weights as an ONNX file.
    private func export(_ run: RunRecord) throws -> String {
        let path = Folder.join(exports, "\(run.task)-\(run.name).onnx")
        try OutputFolder.make(exports)
        let outcome = try command.run(
            [run.task, "export", run.path, "--output=\(path)"], seconds: DeployRoutes.secondsForExport)
        guard outcome.code == 0 else {
            throw APIError.invalid(outcome.complaint ?? "the run cannot be exported")
        }
        return path
    }
}
