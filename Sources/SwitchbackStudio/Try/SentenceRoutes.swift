import Foundation
import Hummingbird
import Switchback
import SwitchbackFormats
import SwitchbackServer
import SwitchbackTraining

/// What the page `/try` asks for where a run judges or translates sentences: the answer of `switchback sentiment predict`
/// or `translate predict`, each a process of its own.
struct SentenceRoutes: Sendable {
    static let tasks = ["sentiment", "translate"]

    private let runs: RunLookup
    private let command: Command
    private let queue = WorkQueue("sentences", threads: 1, limit: 16)

    private static let seconds = 120.0
    private static let mostCharacters = 4000

    init(_ runs: RunLookup, program: String) { (self.runs, command) = (runs, Command(program: program)) }

    func stop() { queue.stop() }

    func add(to router: some RouterMethods<some RequestContext>) {
        router.post("api/v1/sentences/:task/:name") { request, context in
            let (task, name) = try (context.parameters.part("task"), context.parameters.part("name"))
            return await queue.answer(request, within: Self.seconds) { fields in
                try answer(fields.string("text"), runs.run(task, name))
            }
        }
    }

    /// What `--model` takes for a run; `nil` where it has no weights yet.
    static func model(of run: RunRecord) -> String? {
        guard let weights = try? RunFolder.weightFile(run.path) else { return nil }
        return run.task == "translate" ? run.path : weights
    }

    /// What a model says of a sentence: a class with its probability, or a translation.
    private struct Answer: Codable, Sendable {
        let `class`: String?
        let probability: Double?
        let translation: String?
    }

    private struct Output: Decodable {
        let predictions, translations: [Answer]?
    }

    private func answer(_ text: String, _ run: RunRecord) throws -> Answer {
        let text = text.trimmingCharacters(in: .whitespacesAndNewlines)
        guard !text.isEmpty, text.count <= Self.mostCharacters, !text.utf8.contains(0) else {
            throw InputError("request", at: "field text", "a text of 1 to \(Self.mostCharacters) characters is needed")
        }
        guard Self.tasks.contains(run.task), let model = Self.model(of: run) else {
            throw InputError(run.path, "has no model that reads sentences")
        }
        let outcome = try command.run(
            [run.task, "predict", "--model=\(model)", "--json", "--", text], seconds: Self.seconds)
        let output = outcome.output.split(separator: "\n").last.flatMap { JSON.value(Output.self, String($0)) }
        guard outcome.code == 0, let answer = (output?.predictions ?? output?.translations)?.first else {
            throw APIError.invalid(outcome.complaint ?? "the model gave no answer")
        }
        return answer
    }
}
