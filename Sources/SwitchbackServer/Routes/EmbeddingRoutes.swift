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

    private struct Order: Sendable {
        let model: String?
        let inputs: [LanguageService.Prompt]
        let isBase64: Bool
        let dimensions: Int?
    }

    /// Sentences that are read at once.
    private static let batch = 16

    private func embed(_ request: Request) async throws -> Response {
        let order = try await reader.readJSON(request, EmbeddingRoutes.order)
        let (name, service) = try models.encoder(order.model)
        let answer = try await service.thread.run { encoder in
            if let width = order.dimensions { try encoder.checkWidth(width) }
            let marks = try encoder.marks()
            let inputs = try order.inputs.enumerated().map { try encoder.tokens(of: $1, "input \($0 + 1)", marks) }
            var data: [Embedding] = []
            for start in stride(from: 0, to: inputs.count, by: EmbeddingRoutes.batch) {
                var vectors = encoder.embed(
                    tokens: Array(inputs[start..<min(start + EmbeddingRoutes.batch, inputs.count)]))
                if let width = order.dimensions { vectors = encoder.shortened(vectors, to: width) }
                for row in vectors.split(1) {
                    let vector = Vector(row.toArray(as: Float.self), isBase64: order.isBase64)
                    data.append(Embedding(index: data.count, embedding: vector))
                }
            }
            let count = inputs.reduce(0) { $0 + $1.count }
            let usage = ReadingUsage(promptTokens: count, totalTokens: count)
            return AnswerList(model: name, data: data, usage: usage)
        }
        return Response(json: answer)
    }

    @Sendable private static func order(_ fields: ConfigurationFields) throws -> Order {
        try fields.checkNames(known: ["model", "input", "encoding_format", "dimensions", "user"])
        let format = try fields.string("encoding_format", default: "float")
        guard ["float", "base64"].contains(where: format.isExactly) else {
            throw fields.problem("encoding_format", "it is \(format); float or base64 is needed")
        }
        return Order(
            model: try fields.modelName,
            // As many as OpenAI's interface takes.
            inputs: try fields.prompts("input", most: 2048), isBase64: format.isExactly("base64"),
            dimensions: try fields["dimensions"] == nil ? nil : fields.integer("dimensions"))
    }
}

extension SentenceEncoder {
    /// Throws where vectors cannot be cut to so many numbers.
    fileprivate func checkWidth(_ width: Int) throws {
        guard !canShorten(to: width) else { return }
        let others = shorterWidths.map {
            "those of its vectors can be \($0.map(String.init).joined(separator: ", ")) or"
        }
        throw InputError(
            "request", at: "field dimensions",
            "\(others ?? "vectors of the model have at most") \(model.width), not \(width)")
    }

    /// The tokens of an input. Throws where it would be cut, as a vector of half a sentence is another one, and over tokens
    /// that are another tokenizer's: those of this model's have its marks around them.
    fileprivate func tokens(
        of input: LanguageService.Prompt, _ place: String, _ marks: (before: [Int], after: [Int])
    ) throws -> [Int] {
        let found: [Int]
        switch input {
        case .text(let text): found = try tokens(of: text)
        case .tokens(let tokens):
            let (before, after) = marks
            guard tokens.allSatisfy((0..<model.vocabularySize).contains), tokens.starts(with: before),
                tokens.suffix(after.count).elementsEqual(after), tokens.count >= max(1, before.count + after.count)
            else {
                throw InputError(
                    "request", at: "field input",
                    "\(place) has tokens of another model: this one's are from 0 to \(model.vocabularySize - 1), begin with "
                        + "\(before) and end with \(after)",
                    remedy:
                        "send text, or what /tokenize gives; LangChain sends text with check_embedding_ctx_length=False"
                )
            }
            found = tokens
        }
        guard found.count <= length else {
            throw APIError.invalid(
                "request, field input: \(place) has \(found.count.counted("token")), and the model reads at most "
                    + "\(length); shorten it", param: "input", code: "context_length_exceeded")
        }
        return found.isEmpty ? [model.paddingToken ?? 0] : found
    }
}
