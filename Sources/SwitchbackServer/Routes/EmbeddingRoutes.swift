import Foundation
import Hummingbird
import Switchback
import SwitchbackFormats
import SwitchbackLanguage

/// `/v1/embeddings`, as OpenAI's reference describes it: vectors of sentences from encoders.
struct EmbeddingRoutes: Sendable {
    let models: ModelList
    let reader: RequestReader

    func add(to group: RouterGroup<ServerContext>) {
        group.post("embeddings") { request, _ in try await embed(request) }
    }

    private struct Embedding: Encodable {
        let object = "embedding"
        let index: Int
        let embedding: Vector
    }

    /// Numbers, or the bytes of them as base64, which is what the official client asks for.
    private enum Vector: Encodable {
        case numbers([Float])
        case base64(String)

        init(_ numbers: [Float], isBase64: Bool) {
            guard isBase64 else {
                self = .numbers(numbers)
                return
            }
            let bits = numbers.map(\.bitPattern.littleEndian)
            self = .base64(bits.withUnsafeBytes { Data($0).base64EncodedString() })
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            switch self {
            case .numbers(let numbers): try container.encode(numbers)
            case .base64(let text): try container.encode(text)
            }
        }
    }

    private struct Usage: Encodable {
        let promptTokens, totalTokens: Int
    }

    private struct Embeddings: Encodable {
        let object = "list"
        let model: String
        let data: [Embedding]
        let usage: Usage
    }

    private struct Order: Sendable {
        let model: String?
        let sentences: [String]
        let isBase64: Bool
        let dimensions: Int?
    }

    /// Sentences that are read at once.
    private static let batch = 16

    private func embed(_ request: Request) async throws -> Response {
        let order = try await reader.readJSON(request, EmbeddingRoutes.order)
        let (name, thread) = try models.encoder(order.model)
        let answer = try await thread.run { encoder in
            if let dimensions = order.dimensions, dimensions != encoder.model.width {
                throw InputError(
                    "request", at: "field dimensions", "the vectors of \(name) have \(encoder.model.width)")
            }
            let tokens = try EmbeddingRoutes.count(order.sentences, encoder)
            var data: [Embedding] = []
            for start in stride(from: 0, to: order.sentences.count, by: EmbeddingRoutes.batch) {
                let part = order.sentences[start..<min(start + EmbeddingRoutes.batch, order.sentences.count)]
                for row in try encoder.embed(Array(part)).split(1) {
                    let vector = Vector(row.toArray(as: Float.self), isBase64: order.isBase64)
                    data.append(Embedding(index: data.count, embedding: vector))
                }
            }
            return Embeddings(model: name, data: data, usage: Usage(promptTokens: tokens, totalTokens: tokens))
        }
        return Response(json: answer)
    }

    /// The tokens of all sentences. Throws where one would be cut: a vector of half a sentence is another one.
    private static func count(_ sentences: [String], _ encoder: SentenceEncoder) throws -> Int {
        try sentences.enumerated().reduce(0) { sum, sentence in
            let count = try encoder.tokenCount(of: sentence.element)
            guard count <= encoder.length else {
                throw APIError.invalid(
                    "request, field input: text \(sentence.offset + 1) has \(count.counted("token")), and the model reads "
                        + "at most \(encoder.length); shorten it", param: "input", code: "context_length_exceeded")
            }
            return sum + count
        }
    }

    @Sendable private static func order(_ fields: ConfigurationFields) throws -> Order {
        try fields.checkNames(known: ["model", "input", "encoding_format", "dimensions", "user"])
        let format = try fields.string("encoding_format", default: "float")
        guard ["float", "base64"].contains(where: format.isExactly) else {
            throw fields.problem("encoding_format", "it is \(format); float or base64 is needed")
        }
        return Order(
            model: try fields["model"] == nil ? nil : fields.string("model"), sentences: try fields.sentences(),
            isBase64: format.isExactly("base64"),
            dimensions: try fields["dimensions"] == nil ? nil : fields.integer("dimensions"))
    }
}

extension ConfigurationFields {
    /// As many as OpenAI's interface takes.
    private static let mostSentences = 2048

    fileprivate func sentences() throws -> [String] {
        switch self["input"] {
        case .string(let text): return [text]
        case .array(let list) where (1...ConfigurationFields.mostSentences).contains(list.count):
            return try list.map { value in
                guard case .string(let text) = value else {
                    throw problem(
                        "input", "texts are needed: tokens are another tokenizer's",
                        remedy: "LangChain sends texts with check_embedding_ctx_length=False")
                }
                return text
            }
        default: throw problem("input", "text is needed, or a list of 1 to \(ConfigurationFields.mostSentences) texts")
        }
    }
}
