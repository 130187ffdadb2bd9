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
    private let queue = WorkQueue("deploy", threads: 1, limit: 16)

    private static let secondsForExport = 300.0

    /// - Parameter exports: the folder that exported models are written to.
    init(_ runs: RunLookup, _ jobs: JobQueue, program: String, exports: String) {
        (self.runs, self.jobs, self.exports) = (runs, jobs, exports)
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
        try fields.checkNames(known: ["run", "port"])
        let parts = try fields.string("run").split(separator: "/", maxSplits: 1).map(String.init)
        guard parts.count == 2 else { throw fields.problem("run", "a run is needed, as in detect/train") }
        let run = try runs.run(parts[0], parts[1])
        guard RunSummary.tasksToTry.contains(run.task) else {
            throw fields.problem("run", "a run of \(run.task) cannot be served")
        }
        _ = try TalkRoutes.tasks.contains(run.task) ? TalkRoutes.weights(of: run) : RunFolder.weightFile(run.path)
        let port = try fields.integer("port", in: 0...65_535, default: 0)
        let job = try jobs.add(
            .endpoint, task: run.task, run: RunSummary.id(of: run), files: [Endpoint.keyName: Endpoint.makeKey()]
        ) { Endpoint.arguments(run.path, named: run.name, port: port, $0) }
        return EndpointAnswer(job, jobs.folder(of: job))
    }

    // MARK: Files

    /// A file of a run, to be saved by the browser.
    private func file(
        _ context: ServerContext, ending: String, _ path: @escaping @Sendable (RunRecord) throws -> String
    ) async throws -> Response {
        let (task, name) = try (context.parameters.require("task"), context.parameters.require("name"))
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
