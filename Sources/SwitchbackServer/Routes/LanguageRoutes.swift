import Hummingbird
import Switchback
import SwitchbackFormats
import SwitchbackLanguage

/// `/v1/chat/completions`, `/v1/completions` and `/v1/responses`, as OpenAI's reference describes them.
package struct LanguageRoutes: Sendable {
    let models: ModelList
    let reader: RequestReader
    let metrics: ServerMetrics

    func add(to group: RouterGroup<ServerContext>) {
        group.post("chat/completions") { try await chat($0, $1.connection) }
        group.post("completions") { try await complete($0, $1.connection) }
        group.post("responses") { try await respond($0, $1.connection) }
    }

    /// The answer to a request of one of the two kinds.
    package func answer(_ request: Request, _ context: ServerContext, isChat: Bool) async throws -> Response {
        isChat ? try await chat(request, context.connection) : try await complete(request, context.connection)
    }

    private func chat(_ request: Request, _ connection: ClientConnection) async throws -> Response {
        let pending = try await reader.readJSON(request) { try conversation($0) }
        return try await respond(pending, connection)
    }

    /// The answers to a conversation, which are being written from now on.
    ///
    /// - Parameter idPrefix: what their id begins with, if it is not that of a chat completion.
    func conversation(_ fields: ConfigurationFields, idPrefix: String? = nil) throws -> PendingAnswers {
        let parameters = try GenerationParameters(fields, .chat, limits: reader.limits)
        let (name, service) = try models.language(parameters.model)
        let messages = try ChatMessage.list(fields)
        let tools = try OfferedTools(fields, service.template, model: name, format: parameters.grammar)
        let context = ChatTemplate.Context(
            tools: tools.list, variables: try fields.templateVariables(service.template, model: name))
        let answers = try service.answers(messages, context, parameters, tools.grammar)
        var pending = PendingAnswers(
            answers, .chat, model: name, parameters, service.tokenizer, idPrefix: idPrefix)
        pending.reader = tools.reader
        return pending
    }

    private func complete(_ request: Request, _ connection: ClientConnection) async throws -> Response {
        let pending = try await reader.readJSON(request) { fields in
            let parameters = try GenerationParameters(fields, .completion, limits: reader.limits)
            let (name, service) = try models.language(parameters.model)
            let prompts = try fields.prompts("prompt", most: 128)
            let isEchoed = try fields.bool("echo", default: false)
            if isEchoed {
                try fields.refuse(
                    "logprobs", unless: { $0.isFalse }, "with echo there are none: those of prompts are not computed")
            }
            let answers = try service.continuations(of: prompts, parameters)
            var pending = PendingAnswers(answers, .completion, model: name, parameters, service.tokenizer)
            if isEchoed { pending.echo = prompts.map(service.text) }
            return pending
        }
        return try await respond(pending, connection)
    }

    // MARK: Answers

    private func respond(_ pending: PendingAnswers, _ connection: ClientConnection) async throws -> Response {
        guard pending.parameters.stream else {
            return try await watching(pending, connection) { try await whole(pending) }
        }
        return streaming(pending, connection) { try await send(pending, to: &$0) }
    }

    /// Waits for a whole answer. The client may go away meanwhile: then its place is free for others. One that has only
    /// closed its own side still waits for the answer.
    func watching(
        _ pending: PendingAnswers, _ connection: ClientConnection, _ whole: () async throws -> Response
    ) async throws -> Response {
        try await connection.watching(isStreaming: false, clientLeft: clientLeft(pending)) {
            // Where one text fails, nobody waits for the others.
            defer { pending.cancel() }
            return try await whole()
        }
    }

    /// The response whose events a function sends, as long as the client is there.
    func streaming(
        _ pending: PendingAnswers, _ connection: ClientConnection, _ style: EventStream.Style = .completions,
        _ send: @Sendable @escaping (inout EventStream) async throws -> Void
    ) -> Response {
        let clientLeft = clientLeft(pending)
        return EventStream.response(style) { stream in
            // Where the connection takes no more, the client is gone, too.
            defer { clientLeft() }
            try await connection.watching(isStreaming: true, clientLeft: clientLeft) { try await send(&stream) }
        }
    }

    private func clientLeft(_ pending: PendingAnswers) -> @Sendable () -> Void {
        let metrics = metrics
        return { if pending.cancel() { metrics.countCancellation() } }
    }

    private func whole(_ pending: PendingAnswers) async throws -> Response {
        var texts = pending.texts()
        for try await (number, event) in pending.requests.events { try texts[number].add(event) }
        let choices = try texts.indices.map { try texts[$0].whole() }
        return Response(
            json: pending.answer(choices, usage: pending.usage(texts.compactMap(\.summary)), isChunk: false))
    }

    private func send(_ pending: PendingAnswers, to stream: inout EventStream) async throws {
        var texts = pending.texts()
        if pending.form == .chat {
            let openings = texts.map {
                GenerationAnswer.Choice(index: $0.number, delta: .init(role: "assistant", content: ""))
            }
            for opening in openings { try await stream.send(pending.answer([opening], isChunk: true)) }
        }
        for try await (number, event) in pending.requests.events {
            try texts[number].add(event)
            for piece in texts[number].pieces() { try await stream.send(pending.answer([piece], isChunk: true)) }
        }
        guard texts.allSatisfy({ $0.summary != nil }) else { throw APIError.stopping }
        if pending.parameters.includesUsage {
            let usage = pending.usage(texts.compactMap(\.summary))
            try await stream.send(pending.answer([], usage: usage, isChunk: true))
        }
    }
}

extension ConfigurationFields {
    /// Variables for the chat template, as other servers take them: `{"enable_thinking": false}`. Of one that the template
    /// does not read the log tells once: some clients send the same to every model.
    func templateVariables(_ template: ChatTemplate, model: String) throws -> [(name: String, value: JSON)] {
        guard let variables = try object("chat_template_kwargs") else { return [] }
        return variables.names.compactMap { name in
            guard template.reads(name) else {
                let problem = "it has no effect: the chat template of the model \(model) does not read it"
                UnreadVariables.tell(variables.problem(name, problem))
                return nil
            }
            return variables[name].map { (name, $0) }
        }
    }
}

extension LanguageRoutes {
    /// What answers with one model.
    package init(_ model: ServedModel, _ reader: RequestReader, _ metrics: ServerMetrics) throws {
        self.init(models: try ModelList([model]), reader: reader, metrics: metrics)
    }
}
