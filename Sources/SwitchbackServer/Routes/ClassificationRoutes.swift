import Hummingbird
import Switchback
import SwitchbackFormats
import SwitchbackLanguage
import SwitchbackVision

/// `/v1/classify`: the classes of an image, as those of `VisionRoutes` are sent, or of texts as JSON,
/// `{"input": "what a lovely film"}`.
struct ClassificationRoutes: Sendable {
    let models: ModelList
    let reader: RequestReader
    /// Where requests about images are kept, if they are.
    let keeper: RequestKeeper?

    func add(to group: RouterGroup<ServerContext>) {
        group.post("classify") { request, _ in try await classify(request) }
    }

    private enum Order: Sendable {
        case image(ImageUpload)
        /// Or why they cannot be read: that is no request about an image, and not kept as one.
        case texts(Result<Texts, any Error>)
    }

    private struct Texts: Sendable {
        let texts: [String]
        let model: String?
        let top: Int?
    }

    private enum Outcome {
        case answered(Response)
        case texts(Result<Texts, any Error>)
    }

    private static let usualGuesses = 5
    private static let mostTexts = 2048

    private func classify(_ request: Request) async throws -> Response {
        let outcome: Outcome = try await keeper.keeping("classify") { keep in
            switch try await order(request) {
            case .image(let upload): .answered(try await classify(upload, keep))
            case .texts(let texts): .texts(texts)
            }
        }
        switch outcome {
        case .answered(let response): return response
        case .texts(let texts): return try await classify(texts.get())
        }
    }

    private func order(_ request: Request) async throws -> Order {
        let contentType = request.headers[.contentType]
        return try await reader.read(request) { body, share in
            let names = ["model", "top"]
            guard let json = try ImageUpload.json(body, contentType) else {
                return .image(try ImageUpload(body, contentType: contentType, names: names, share))
            }
            guard json["input"] != nil else { return .image(try ImageUpload(json, names: names, share)) }
            return .texts(
                Result {
                    try RequestReader.checkJSON(contentType)
                    try json.checkNames(known: names + ["input"])
                    return Texts(
                        texts: try json.texts("input", most: ClassificationRoutes.mostTexts),
                        model: try json.modelName,
                        top: try json["top"] == nil ? nil : json.integer("top"))
                })
        }
    }

    // MARK: Images

    private struct Guesses: Encodable {
        let object = "classification"
        let model: String
        /// The most likely first.
        let predictions: [ClassGuess]
    }

    private func classify(_ upload: ImageUpload, _ keep: RequestKeeper.Keep) async throws -> Response {
        let (name, service) = try models.classifier(upload.text("model"))
        let top = try upload.count("top") ?? Self.usualGuesses
        let image = upload.image
        let guesses = try await service.run {
            try $0.classifier.likeliest(of: image, count: max(top, Self.usualGuesses))
        }
        let found = guesses.prefix(Self.usualGuesses).map { [Float($0.classIndex), Float($0.probability)] }
        keep(upload, found, Uncertainty.ofClasses(found.map { $0[1] }))
        return Response(json: Guesses(model: name, predictions: Array(guesses.prefix(top))))
    }

    // MARK: Texts

    private struct TextGuesses: Encodable {
        let object = "classification"
        let index: Int
        /// The most likely first.
        let predictions: [ClassGuess]
    }

    private func classify(_ order: Texts) async throws -> Response {
        let (name, service) = try models.textClassifier(order.model)
        let found = try await service.run { classifier in
            do {
                return try classifier.likeliest(of: order.texts, count: order.top ?? Self.usualGuesses).map { list in
                    list.map { ClassGuess(class: $0.class, classIndex: $0.classIndex, probability: $0.probability) }
                }
            } catch let error as InputError {
                throw InputError("request", at: "field input", error.problem, remedy: error.remedy)
            }
        }
        return Response(
            json: AnswerList(model: name, data: found.enumerated().map { TextGuesses(index: $0, predictions: $1) }))
    }
}
