import HTTPTypes
import SwitchbackFormats
import SwitchbackStudio
import Testing

/// What the page `/learn` asks the studio for.
struct LearnRoutesTests {
    private final class Studio {
        // On a slow machine a request may come minutes after the one before.
        private let routes = LearnRoutes(sessions: LearnSessions(now: { 0 }))
        private let asked: AskedRoutes

        init() {
            let routes = routes
            asked = AskedRoutes { routes.add(to: $0) }
        }

        deinit { routes.stop() }

        /// The status and the members of the answer.
        func ask(
            _ path: String, _ body: String = "{}", method: HTTPRequest.Method = .post,
            type: String = "application/json"
        ) async throws -> (status: Int, fields: ConfigurationFields) {
            let answer = try await asked.ask(path, body.utf8, method: method, type: type)
            return try (answer.status, answer.fields)
        }
    }

    @Test func theFirstExampleAnswers() async throws {
        let answer = try await Studio().ask("/api/v1/learn/example", #"{"w": 2, "x": 3, "target": 10}"#)
        let rules = try #require(try answer.fields.array("rules"))
        let last = try ConfigurationFields(#require(rules.last), path: "answer")
        #expect(try answer.status == 200 && last.string("to") == "w" && last.number("gradient") == -24)
    }

    @Test func theHikeAnswers() async throws {
        let answer = try await Studio().ask("/api/v1/learn/hike", #"{"rate": 1, "steps": 10}"#)
        #expect(try answer.fields.array("paths")?.count == 3 && answer.fields.integer("steps") == 10)
    }

    @Test func aNetworkIsTrained() async throws {
        let studio = Studio()
        #expect(
            try await studio.ask("/api/v1/learn/presets", method: .get).fields.array("presets")?.count
                == 5)
        let id = try await studio.ask("/api/v1/learn/networks", #"{"layers": 1, "width": 4}"#).fields
            .string("id")
        let answer = try await studio.ask("/api/v1/learn/networks/\(id)/steps", #"{"steps": 5}"#)
        #expect(try answer.fields.integer("step") == 5 && answer.fields.array("losses")?.count == 5)
    }

    @Test(arguments: [
        ("/api/v1/learn/example", #"{"w": 99}"#, 400, "field w"),
        ("/api/v1/learn/example", "{", 400, "not valid JSON"),
        ("/api/v1/learn/networks", #"{"layers": 1000}"#, 400, "field layers"),
        ("/api/v1/learn/networks/none/steps", "{}", 404, "not found"),
    ])
    func problemsAreSaid(path: String, body: String, status: Int, problem: String) async throws {
        let answer = try await Studio().ask(path, body)
        let message = try answer.fields.object("error")?.string("message") ?? ""
        #expect(answer.status == status && message.contains(problem), "\(message)")
    }

    @Test func formsAndLargeBodiesAreRefused() async throws {
        let studio = Studio()
        #expect(try await studio.ask("/api/v1/learn/example", "w=1", type: "text/plain").status == 415)
        let large = #"{"w": 2"# + String(repeating: " ", count: 70_000) + "}"
        #expect(try await studio.ask("/api/v1/learn/example", large).status == 413)
    }
}
