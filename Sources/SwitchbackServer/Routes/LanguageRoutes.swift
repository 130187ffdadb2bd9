import Hummingbird
import Switchback
import SwitchbackFormats
import SwitchbackLanguage

/// `/v1/chat/completions` and `/v1/completions`, as OpenAI's reference describes them.
package struct LanguageRoutes: Sendable {
    let models: ModelList
    let reader: RequestReader
    let metrics: ServerMetrics

    func add(to group: RouterGroup<ServerContext>) {
        group.post("chat/completions") { try await chat($0, $1.connection) }
        group.post("completions") { try await complete($0, $1.connection) }
    }

    /// The answer to a request of one of the two kinds.
    package func answer(_ request: Request, _ context: ServerContext, isChat: Bool) async throws -> Response {
        isChat ? try await chat(request, context.connection) : try await complete(request, context.connection)
    }

    /// The two forms of answers.
    private enum Form {
        case chat, completion

        var idPrefix: String { self == .chat ? "chatcmpl-" : "cmpl-" }
        var object: String { self == .chat ? "chat.completion" : "text_completion" }
        var chunkObject: String { self == .chat ? "chat.completion.chunk" : "text_completion" }

        func whole(
            _ text: String, _ ending: Continuation.Ending, _ calls: [ToolCall]
        ) -> GenerationAnswer.Choice {
            switch self {
            case .chat:
                .init(
                    message: .init(role: "assistant", content: text, toolCalls: GenerationAnswer.Call.list(calls)),
                    finishReason: calls.isEmpty ? ending.finishReason : "tool_calls")
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
        /// How the model writes the functions that it calls, if it was offered any.
        let tools: ToolCallForm?

        init(
            _ answer: GenerationRequest, _ form: Form, model: String, _ parameters: GenerationParameters,
            tools: ToolCallForm? = nil
        ) {
            self.answer = answer
            self.tools = tools
            self.form = form
            head = AnswerHead(prefix: form.idPrefix, model: model)
            self.parameters = parameters
        }
    }

    private func chat(_ request: Request, _ connection: ClientConnection) async throws -> Response {
        var request = request
        let pending = try await reader.readJSON(&request) { fields in
            let own = ["messages", "max_completion_tokens", "chat_template_kwargs", "tools", "tool_choice"]
            let parameters = try GenerationParameters(fields, own: own, limits: reader.limits)
            let (name, service) = try models.language(parameters.model)
            let messages = try ChatMessage.list(fields)
            let context = try LanguageRoutes.context(fields)
            if context.tools != nil && service.template.toolCallForm == nil {
                throw fields.problem("tools", "the chat template of the model \(name) has no place for them")
            }
            let answer = try service.answer(messages, context, parameters)
            return PendingAnswer(
                answer, .chat, model: name, parameters,
                tools: context.tools == nil ? nil : service.template.toolCallForm)
        }
        return try await respond(request, connection, pending)
    }

    /// The tools, and variables for the chat template, as other servers take them: `{"enable_thinking": false}`.
    private static func context(_ fields: ConfigurationFields) throws -> ChatTemplate.Context {
        try fields.refuse(
            "tool_choice", unless: { $0.isText("none") || $0.isText("auto") },
            "only auto and none are possible: what a model calls, it chooses itself")
        let tools = try fields.array("tools") ?? []
        let isOffered = !tools.isEmpty && !(fields["tool_choice"]?.isText("none") ?? false)
        for (index, tool) in tools.enumerated() {
            let entry = try ConfigurationFields(tool, path: fields.path, prefix: "tools[\(index)].")
            guard let function = try entry.object("function") else {
                throw entry.problem("function", "it is missing", remedy: "describe a function by name and parameters")
            }
            _ = try function.string("name")
        }
        let variables = try fields.object("chat_template_kwargs")
        return ChatTemplate.Context(
            tools: isOffered ? .array(tools) : nil,
            variables: variables?.names.compactMap { name in variables?[name].map { (name, $0) } } ?? [])
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
                let (content, calls) = pending.tools?.parse(text) ?? (text, [])
                var response = Response(
                    json: GenerationAnswer(
                        pending.head, object: pending.form.object,
                        choices: [pending.form.whole(content, summary.ending, calls)], usage: Usage(summary)))
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
        // Where functions may be called, an answer is known for one only when it is whole.
        var held = ""
        for try await event in pending.answer.events {
            switch event {
            case .text(let piece) where pending.tools != nil: held += piece
            case .text(let piece): try await stream.send(chunk([form.piece(piece)]))
            case .finished(let summary):
                guard summary.ending != .cancelled else { throw APIError.clientLeft }
                let (content, calls) = pending.tools?.parse(held) ?? ("", [])
                if !content.isEmpty { try await stream.send(chunk([form.piece(content)])) }
                if let list = GenerationAnswer.Call.list(calls) {
                    try await stream.send(chunk([.init(delta: .init(toolCalls: list))]))
                }
                let last =
                    calls.isEmpty
                    ? form.piece("", summary.ending) : .init(delta: .init(), finishReason: "tool_calls")
                try await stream.send(chunk([last]))
                if pending.parameters.includesUsage { try await stream.send(chunk([], usage: Usage(summary))) }
            }
        }
    }
}

extension LanguageRoutes {
    /// What answers with one model.
    package init(_ model: ServedModel, _ reader: RequestReader, _ metrics: ServerMetrics) throws {
        self.init(models: try ModelList([model]), reader: reader, metrics: metrics)
    }
}
