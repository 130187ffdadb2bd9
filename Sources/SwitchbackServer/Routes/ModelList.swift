import Foundation
import Hummingbird
import Switchback
import SwitchbackLanguage
import SwitchbackVision

/// The models of a server by their names.
struct ModelList: Sendable {
    let models: [ServedModel]
    private let created = Int(Date().timeIntervalSince1970)

    /// Throws `InputError` if two have one name.
    init(_ models: [ServedModel]) throws {
        self.models = models
        for (index, model) in models.enumerated() where models[..<index].contains(where: { $0.name == model.name }) {
            throw InputError(model.name, "two models have this name", remedy: "give one another: NAME=PATH")
        }
    }

    func language(_ name: String?) throws -> (name: String, service: LanguageService) {
        try find(name, "language model") { if case .language(let service) = $0 { service } else { nil } }
    }

    func encoder(_ name: String?) throws -> (name: String, service: EncoderService) {
        try find(name, "sentence encoder") { if case .encoder(let service) = $0 { service } else { nil } }
    }

    /// What turns text into a model's tokens.
    struct Tokenizing {
        let tokenizer: any Tokenizer
        /// How many tokens the model reads.
        let length: Int
        /// What it reads before every text.
        var prompt = ""
        /// How it reads conversations, if it does.
        var template: ChatTemplate?
    }

    func tokenizing(_ name: String?) throws -> (name: String, service: Tokenizing) {
        try find(name, "language model or sentence encoder") {
            switch $0 {
            case .language(let service):
                Tokenizing(tokenizer: service.tokenizer, length: service.contextLength, template: service.template)
            case .encoder(let service):
                Tokenizing(tokenizer: service.tokenizer, length: service.length, prompt: service.prompt)
            default: nil
            }
        }
    }

    func textClassifier(_ name: String?) throws -> (name: String, service: ModelThread<any TextClassifier>) {
        try find(name, "text classifier") { if case .textClassifier(let service) = $0 { service } else { nil } }
    }

    func translator(_ name: String?) throws -> (name: String, service: ModelThread<Translator>) {
        try find(name, "translator") { if case .translator(let service) = $0 { service } else { nil } }
    }

    func detector(
        _ name: String?, for task: YOLOTask
    ) throws -> (name: String, service: ModelThread<ServedModel.DetectorModel>) {
        try find(name, task.networkName) { if case .detector(task, let service) = $0 { service } else { nil } }
    }

    func classifier(_ name: String?) throws -> (name: String, service: ModelThread<ServedModel.ClassifierModel>) {
        try find(name, "classifier") { if case .classifier(let service) = $0 { service } else { nil } }
    }

    /// The model of a name. Where there is only one of its kind, it is meant, whatever a client calls it: the answer says
    /// its own name.
    private func find<Service>(
        _ name: String?, _ kind: String, _ service: (ServedModel.Service) -> Service?
    ) throws -> (name: String, service: Service) {
        let suitable = models.compactMap { model in service(model.service).map { (name: model.name, service: $0) } }
        if suitable.count == 1 { return suitable[0] }
        guard let name else {
            let problem = suitable.isEmpty ? "this server has no \(kind)" : "this server has several: name one"
            throw APIError.invalid("request, field model: \(problem)", param: "model")
        }
        if let found = suitable.first(where: { $0.name.isExactly(name) }) { return found }
        let known = suitable.map(\.name)
        let others = known.isEmpty ? "this server has no \(kind)" : "there is \(known.joined(separator: ", "))"
        let hint = name.nearest(in: known).map { "; did you mean \($0)?" } ?? ""
        throw APIError.notFound(
            "request, field model: there is no \(kind) \(name) here; \(others)\(hint)", param: "model",
            code: "model_not_found")
    }

    // MARK: /v1/models

    private struct Entry: Encodable {
        let id: String
        let object = "model"
        let created: Int
        let ownedBy = "switchback"
        let kind: String
    }

    private struct List: Encodable {
        let object = "list"
        let data: [Entry]
    }

    private func entry(_ model: ServedModel) -> Entry { Entry(id: model.name, created: created, kind: model.kind) }

    func add(to group: RouterGroup<ServerContext>) {
        group.get("models") { _, _ in Response(json: List(data: models.map(entry))) }
        // A name from the hub has two parts.
        group.get("models/{name}/{part}") { _, context in
            let parts = ["name", "part"].map { context.parameters.get($0) ?? "" }
            return try response(named: parts.joined(separator: "/"))
        }
        group.get("models/{name}") { _, context in try response(named: context.parameters.get("name") ?? "") }
    }

    private func response(named name: String) throws -> Response {
        guard let model = models.first(where: { $0.name.isExactly(name) }) else {
            throw APIError.notFound("there is no model \(name) here", param: "model", code: "model_not_found")
        }
        return Response(json: entry(model))
    }
}
