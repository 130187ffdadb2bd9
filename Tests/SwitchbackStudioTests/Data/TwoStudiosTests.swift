import Foundation
import SwitchbackFormats
import SwitchbackStudio
import TestSupport
import Testing

/// Two studios, of different folders of runs, with one data set: the one that came first changes it.
struct TwoStudiosTests {
    private final class Other {
        private let routes: DataRoutes
        let asked: AskedRoutes

        init(_ folder: TemporaryFolder) {
            let routes = DataRoutes(folder: folder.url.path, runs: folder.path("other-runs"))
            self.routes = routes
            asked = AskedRoutes { routes.add(to: $0) }
        }

        deinit { routes.stop() }
    }

    private func upload(_ asked: AskedRoutes, _ name: String) async throws -> AskedRoutes.Answer {
        try await asked.ask(
            "/api/v1/data/cells/files?name=\(name)&split=train&class=red", Sample.jpeg(UInt8(name.utf8.first!)),
            type: "application/octet-stream")
    }

    @Test(arguments: ["boxes", "classes"])
    func theSecondChangesNothing(kind: String) async throws {
        var first: DataStudio? = try DataStudio()
        let folder = try #require(first).folder
        try await first?.make("{\"name\": \"cells\", \"classes\": [\"red\", \"white\"], \"kind\": \"\(kind)\"}")
        #expect(try await upload(#require(first).asked, "a.jpg").status == 200)
        let second = Other(folder)
        let id = try await #require(first).images()[0].id
        let wishes: [(path: String, body: String)] = [
            ("arrangements", "{\"images\": [\"\(id)\"], \"delete\": true}"), ("versions", #"{"name": "v"}"#),
            ("arrangements/x/undo", "{}"),
        ]
        for (path, body) in wishes {
            let answer = try await second.asked.ask("/api/v1/data/cells/\(path)", body.utf8)
            #expect(answer.status == 400 && answer.problem.contains("another studio"), "\(path): \(answer.problem)")
        }
        #expect(try await upload(second.asked, "b.jpg").problem.contains("another studio"))
        #expect(try await second.asked.get("/api/v1/data/cells").fields.string("readOnly").contains("another studio"))
        #expect(try await second.asked.get("/api/v1/data/cells/images").fields.integer("total") == 1, "it looks on")
        #expect(try await first?.images().count == 1)
        // The first one ends.
        first = nil
        try await DataStudio.untilFree(folder)
        #expect(try await upload(second.asked, "b.jpg").status == 200)
        #expect(try await second.asked.get("/api/v1/data/cells").fields["readOnly"] == nil)
    }

    /// The first one is in the midst of moving files, or was killed there: only who holds the data set completes that.
    @Test func theSecondCompletesNothingOfTheFirst() async throws {
        var first: DataStudio? = try DataStudio()
        let folder = try #require(first).folder
        try await first?.make()
        #expect(try await upload(#require(first).asked, "a.jpg").status == 200)
        let root = folder.path("cells")
        try FileManager.default.createDirectory(
            atPath: "\(root)/.switchback/moves", withIntermediateDirectories: true)
        let moves = """
            {"id": "a", "isDone": false, "moves": [
              {"from": "\(root)/images/train/a.jpg", "to": "\(root)/images/val/a.jpg"}]}
            """
        try moves.write(toFile: "\(root)/.switchback/moves/a.json", atomically: true, encoding: .utf8)
        let second = Other(folder)
        func held(_ asked: AskedRoutes) async throws -> Int {
            try await asked.get("/api/v1/data/cells/images?split=val").fields.integer("total", minimum: 0)
        }
        #expect(try await held(second.asked) == 0)
        #expect(FileManager.default.fileExists(atPath: "\(root)/images/train/a.jpg"))
        first = nil
        try await DataStudio.untilFree(folder)
        #expect(try await upload(second.asked, "b.jpg").status == 200)
        #expect(try await held(second.asked) == 1)
        #expect(FileManager.default.fileExists(atPath: "\(root)/images/val/a.jpg"))
    }
}
