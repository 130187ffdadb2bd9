import Hummingbird
import Switchback
import SwitchbackFormats
import SwitchbackLanguage

/// `/v1/chat/completions` and `/v1/completions`, as OpenAI's reference describes them.
struct LanguageRoutes: Sendable {
    let models: ModelList
    let limits: ServerLimits
    let metrics: ServerMetrics

    func add(to group: RouterGroup<BasicRequestContext>) {
        group.post("chat/completions") { request, _ in try await chat(request) }
        group.post("completions") { request, _ in try await complete(request) }
    }

    /// The two forms of answers.
    private enum Form {
        case chat, completion

        var idPrefix: String { self == .chat ? "chatcmpl-" : "cmpl-" }
        var object: String { self == .chat ? "chat.completion" : "text_completion" }
        var chunkObject: String { self == .chat ? "chat.completion.chunk" : "text_completion" }

        func whole(_ text: String, _ ending: Continuation.Ending) -> GenerationAnswer.Choice {
            switch self {
            case .chat:
                .init(message: .init(role: "assistant", content: text), finishReason: ending.finishReason)
            case .completion: .init(text: text, finishReason: ending.finishReason)
            }
        }

        func piece(_ text: String, _ ending: Continuation.Ending? = nil) -> GenerationAnswer.Choice {
            switch self {
            case .chat:
                .init(delta: .init(content: ending == nil ? text : nil), finishReason: ending?.finishReason)
            case .completion: .init(text: text, finishReason: ending?.finishReason)
            }
        }
    }

    private func chat(_ request: Request) async throws -> Response {
        var request = request
        let fields = try ConfigurationFields(body: try await request.takeBody(limits))
        let parameters = try GenerationParameters(fields, own: ["messages", "max_completion_tokens"], limits: limits)
        let (name, service) = try models.language(parameters.model)
        let messages = try ChatMessage.list(fields)
        let answer = try service.answer(messages, parameters)
        return try await respond(
            request, answer, .chat, AnswerHead(prefix: Form.chat.idPrefix, model: name), parameters)
    }

    private func complete(_ request: Request) async throws -> Response {
        var request = request
        let fields = try ConfigurationFields(body: try await request.takeBody(limits))
        let parameters = try GenerationParameters(fields, own: ["prompt"], limits: limits)
        let (name, service) = try models.language(parameters.model)
        let answer = try service.continuation(of: try LanguageRoutes.prompt(fields), parameters)
        return try await respond(
            request, answer, .completion, AnswerHead(prefix: Form.completion.idPrefix, model: name), parameters)
    }

    /// A text, or a list with one.
    private static func prompt(_ fields: ConfigurationFields) throws -> String {
        switch fields["prompt"] {
        case .string(let text): return text
        case .array(let list):
            guard list.count == 1, case .string(let text) = list[0] else {
                throw fields.problem("prompt", "one text is needed; give each prompt a request of its own")
            }
            return text
        default: throw fields.problem("prompt", "text is needed")
        }
    }

    // MARK: Answers

    private func respond(
        _ request: Request, _ answer: GenerationRequest, _ form: Form, _ head: AnswerHead,
        _ parameters: GenerationParameters
    ) async throws -> Response {
        let metrics = metrics
        // The client may go away while it waits: then its place is free for others.
        @Sendable func clientLeft() { if answer.cancel() { metrics.countCancellation() } }
        guard parameters.stream else {
            return try await request.body.consumeWithInboundCloseHandler { _ in
                try await whole(answer, form, head)
            } onInboundClosed: {
                clientLeft()
            }
        }
        return EventStream.response { stream in
            // Where the connection takes no more, the client is gone, too.
            defer { clientLeft() }
            try await request.body.consumeWithInboundCloseHandler { _ in
                try await send(answer, form, head, to: &stream, includesUsage: parameters.includesUsage)
            } onInboundClosed: {
                clientLeft()
            }
        }
    }

    private func whole(_ answer: GenerationRequest, _ form: Form, _ head: AnswerHead) async throws -> Response {
        var text = ""
        for try await event in answer.events {
            switch event {
            case .text(let piece): text += piece
            case .finished(let summary):
                var response = Response(
                    json: GenerationAnswer(
                        head, object: form.object, choices: [form.whole(text, summary.ending)], usage: Usage(summary)))
                response.headers[.connection] = "close"
                return response
            }
        }
        throw APIError.stopping
    }

    private func send(
        _ answer: GenerationRequest, _ form: Form, _ head: AnswerHead, to stream: inout EventStream, includesUsage: Bool
    ) async throws {
        func chunk(_ choices: [GenerationAnswer.Choice], usage: Usage? = nil) -> GenerationAnswer {
            GenerationAnswer(head, object: form.chunkObject, choices: choices, usage: usage)
        }
        if form == .chat { try await stream.send(chunk([.init(delta: .init(role: "assistant", content: ""))])) }
        for try await event in answer.events {
            switch event {
            case .text(let piece): try await stream.send(chunk([form.piece(piece)]))
            case .finished(let summary):
                try await stream.send(chunk([form.piece("", summary.ending)]))
                if includesUsage { try await stream.send(chunk([], usage: Usage(summary))) }
            }
        }
    }
}
