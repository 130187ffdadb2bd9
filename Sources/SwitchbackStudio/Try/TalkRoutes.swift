import Foundation
import Hummingbird
import Switchback
import SwitchbackFormats
import SwitchbackServer
import SwitchbackTraining

/// What the page `/try` asks for where a run is a language model: what it writes, as it writes it. Requests and answers
/// are those of `serve`.
struct TalkRoutes: Sendable {
    /// The tasks whose runs write.
    static let tasks = ["text", "chat", "prefer"]

    private let models: LoadedModels<ServedModel>
    private let reader: RequestReader
    private let metrics: ServerMetrics

    init(_ runs: RunLookup, _ limits: ServerLimits, _ metrics: ServerMetrics) {
        self.metrics = metrics
        reader = RequestReader(limits)
        models = LoadedModels("talk", of: runs, weights: TalkRoutes.weights) {
            try ServedModel.languageModel(Folder.parent($0), limits, metrics)
        } end: {
            $0.stop()
        }
    }

    func stop() {
        reader.stop()
        models.stop()
    }

    func add(to router: some RouterMethods<ServerContext>) {
        router.post("api/v1/talk/:task/:name") { request, context in
            do {
                let (task, name) = try (context.parameters.part("task"), context.parameters.part("name"))
                let routes = try await LanguageRoutes(models.model(task, name), reader, metrics)
                return try await routes.answer(request, context, isChat: task != "text")
            } catch {
                return Response(refusing: error)
            }
        }
    }

    /// The weights that a training of a language model writes at its end, beside the description of the model.
    @Sendable static func weights(of run: RunRecord) throws -> String {
        let path = Folder.join(run.path, "model.safetensors")
        guard tasks.contains(run.task), Folder.exists(path) else {
            throw InputError(run.path, "has no language model", remedy: "a training of text or chat has one at its end")
        }
        return path
    }
}
