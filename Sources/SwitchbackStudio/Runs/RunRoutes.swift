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
    private static let seconds = 20.0

    /// The folder that runs are saved in.
    private let output: String
    private let queue = WorkQueue("runs", threads: 1, limit: 32)

    package init(output: String) { self.output = output }

    /// Ends the thread.
    package func stop() { queue.stop() }

    package func add(to router: some RouterMethods<some RequestContext>) {
        let group = router.group("api/v1/runs")
        group.get { _, _ in
            try await answer { RunList(folder: output, runs: try runs().map(RunSummary.init)) }
        }
        group.get(":task/:name") { _, context in
            let id = "\(try context.parameters.require("task"))/\(try context.parameters.require("name"))"
            return try await answer { try RunDetails(run(id)) }
        }
    }

    private struct RunList: Encodable, Sendable {
        let folder: String
        let runs: [RunSummary]
    }

    /// The runs, the newest first; none where nothing was trained yet.
    private func runs() throws -> [RunRecord] {
        FileManager.default.fileExists(atPath: output) ? try RunCatalog.runs(in: output) : []
    }

    /// The run of a name. It is looked up among those that are there: no path is made of what a client sends.
    private func run(_ id: String) throws -> RunRecord {
        let runs = try runs()
        if let run = runs.first(where: { RunSummary.id(of: $0) == id }) { return run }
        throw MissingRun(nearest: id.nearest(in: runs.map(RunSummary.id(of:))))
    }

    private struct MissingRun: Error {
        let nearest: String?

        var message: String { "there is no such run" + (nearest.map { "; did you mean \($0)?" } ?? "") }
    }

    private func answer(_ work: @escaping @Sendable () throws -> some Encodable & Sendable) async throws -> Response {
        do {
            return try response(try await queue.run(within: Self.seconds) { try work() })
        } catch let error as MissingRun {
            return try response(Problem(error: Problem.Detail(message: error.message)), status: .notFound)
        } catch {
            let error = APIError(error)
            return try response(Problem(error: Problem.Detail(message: error.message)), status: error.status)
        }
    }

    private struct Problem: Encodable {
        struct Detail: Encodable { let message: String }

        let error: Detail
    }

    private func response(_ value: some Encodable, status: HTTPResponse.Status = .ok) throws -> Response {
        Response(
            status: status, headers: [.contentType: "application/json; charset=utf-8", .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: try JSON.text(value))))
    }
}
