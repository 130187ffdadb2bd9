import Hummingbird
import Switchback
import SwitchbackFormats
import SwitchbackLanguage

/// `/v1/translate`: a text or a list of texts in another language.
struct TranslationRoutes: Sendable {
    let models: ModelList
    let reader: RequestReader

    func add(to group: RouterGroup<ServerContext>) {
        group.post("translate") { request, _ in try await translate(request) }
    }

    private struct Translation: Encodable {
        let object = "translation"
        let index: Int
        let text: String
    }

    private struct Order: Sendable {
        let model: String?
        let texts: [String]
        let beam: Int?
    }

    private static let mostTexts = 128
    private static let widestBeam = 100

    private func translate(_ request: Request) async throws -> Response {
        let order = try await reader.readJSON(request, TranslationRoutes.order)
        let (name, thread) = try models.translator(order.model)
        var data: [Translation] = []
        // Between two texts others have their turn.
        for (index, text) in order.texts.enumerated() {
            let found = try await thread.run { translator in
                var translator = translator
                translator.beam = order.beam ?? translator.beam
                do {
                    return try translator.translate(text)
                } catch let error as InputError {
                    throw InputError(
                        "request", at: "field input", "text \(index + 1): \(error.problem)", remedy: error.remedy)
                }
            }
            data.append(Translation(index: index, text: found))
        }
        return Response(json: AnswerList(model: name, data: data))
    }

    @Sendable private static func order(_ fields: ConfigurationFields) throws -> Order {
        try fields.checkNames(known: ["model", "input", "beam"])
        let beam = try fields["beam"] == nil ? nil : fields.integer("beam")
        if let beam, beam > widestBeam { throw fields.problem("beam", "it is \(beam), and at most \(widestBeam)") }
        return Order(
            model: try fields.modelName, texts: try fields.texts("input", most: mostTexts), beam: beam)
    }
}
