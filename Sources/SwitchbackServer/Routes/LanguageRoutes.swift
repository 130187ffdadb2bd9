import Hummingbird
import Switchback
import SwitchbackFormats
import SwitchbackLanguage

/// `/v1/chat/completions` and `/v1/completions`, as OpenAI's reference describes them.
struct LanguageRoutes: Sendable {
    let models: ModelList
    let reader: RequestReader
    let metrics: ServerMetrics

    func add(to group: RouterGroup<ServerContext>) {
        group.post("chat/completions") { try await chat($0, $1.connection) }
        group.post("completions") { try await complete($0, $1.connection) }
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

    /// An answer in the making, and how it is to be sent.
    private struct PendingAnswer {
        let answer: GenerationRequest
        let form: Form
        let head: AnswerHead
        let parameters: GenerationParameters

        init(_ answer: GenerationRequest, _ form: Form, model: String, _ parameters: GenerationParameters) {
            self.answer = answer
            self.form = form
            head = AnswerHead(prefix: form.idPrefix, model: model)
            self.parameters = parameters
        }
    }

    private func chat(_ request: Request, _ connection: ClientConnection) async throws -> Response {
        var request = request
        let pending = try await reader.readJSON(&request) { fields in
            let own = ["messages", "max_completion_tokens"]
            let parameters = try GenerationParameters(fields, own: own, limits: reader.limits)
            let (name, service) = try models.language(parameters.model)
            let messages = try ChatMessage.list(fields)
            return PendingAnswer(try service.answer(messages, parameters), .chat, model: name, parameters)
        }
        return try await respond(request, connection, pending)
    }

    private func complete(_ request: Request, _ connection: ClientConnection) async throws -> Response {
        var request = request
        let pending = try await reader.readJSON(&request) { fields in
            let parameters = try GenerationParameters(fields, own: ["prompt"], limits: reader.limits)
            let (name, service) = try models.language(parameters.model)
            let answer = try service.continuation(of: try LanguageRoutes.prompt(fields), parameters)
            return PendingAnswer(answer, .completion, model: name, parameters)
        }
        return try await respond(request, connection, pending)
    }

    /// A text, or a list with one.
    private static func prompt(_ fields: ConfigurationFields) throws -> String {
        switch fields["prompt"] {
        case .string(let text): return text
        case .array(let list):
            guard list.count == 1, case .string(let text) = list[0] else {
                throw fields.problem("prompt", "one text is needed; send one request per prompt")
            }
            return text
        default: throw fields.problem("prompt", "text is needed")
        }
    }

    // MARK: Answers

    private func respond(
        _ request: Request, _ connection: ClientConnection, _ pending: PendingAnswer
    ) async throws -> Response {
        let metrics = metrics
        // The client may go away while it waits: then its place is free for others. One that has only closed its own
        // side still waits for the answer.
        @Sendable func clientLeft() { if pending.answer.cancel() { metrics.countCancellation() } }
        connection.whenClosed(clientLeft)
        guard pending.parameters.stream else {
            return try await request.body.consumeWithInboundCloseHandler { _ in
                try await whole(pending)
            } onInboundClosed: {
                connection.probe(isStreaming: false)
            }
        }
        return EventStream.response { stream in
            // Where the connection takes no more, the client is gone, too.
            defer { clientLeft() }
            try await request.body.consumeWithInboundCloseHandler { _ in
                try await send(pending, to: &stream)
            } onInboundClosed: {
                connection.probe(isStreaming: true)
            }
        }
    }

    private func whole(_ pending: PendingAnswer) async throws -> Response {
        var text = ""
        for try await event in pending.answer.events {
            switch event {
            case .text(let piece): text += piece
            case .finished(let summary):
                guard summary.ending != .cancelled else { throw APIError.clientLeft }
                var response = Response(
                    json: GenerationAnswer(
                        pending.head, object: pending.form.object, choices: [pending.form.whole(text, summary.ending)],
                        usage: Usage(summary)))
                response.headers[.connection] = "close"
                return response
            }
        }
        throw APIError.stopping
    }

    private func send(_ pending: PendingAnswer, to stream: inout EventStream) async throws {
        let form = pending.form
        func chunk(_ choices: [GenerationAnswer.Choice], usage: Usage? = nil) -> GenerationAnswer {
            GenerationAnswer(pending.head, object: form.chunkObject, choices: choices, usage: usage)
        }
        if form == .chat { try await stream.send(chunk([.init(delta: .init(role: "assistant", content: ""))])) }
        for try await event in pending.answer.events {
            switch event {
            case .text(let piece): try await stream.send(chunk([form.piece(piece)]))
            case .finished(let summary):
                guard summary.ending != .cancelled else { throw APIError.clientLeft }
                try await stream.send(chunk([form.piece("", summary.ending)]))
                if pending.parameters.includesUsage { try await stream.send(chunk([], usage: Usage(summary))) }
            }
        }
    }
}
