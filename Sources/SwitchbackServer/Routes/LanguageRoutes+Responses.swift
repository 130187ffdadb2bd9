import Hummingbird
import SwitchbackFormats
import SwitchbackLanguage

// `/v1/responses`, as OpenAI's reference describes it: text and calls of functions in and out. Nothing is kept between
// requests.

extension LanguageRoutes {
    func respond(_ request: Request, _ connection: ClientConnection) async throws -> Response {
        let (pending, asked) = try await reader.readJSON(request) { fields in
            let asked = try ResponsesRequest(fields)
            return (try conversation(ConfigurationFields(asked.chat, path: "request"), idPrefix: "resp_"), asked)
        }
        guard pending.parameters.stream else {
            return try await watching(pending, connection) {
                var answer = ResponsesAnswer(pending.head, asked)
                var texts = pending.texts()
                for try await (number, event) in pending.requests.events { try texts[number].add(event) }
                let choice = try texts[0].whole()
                if let text = choice.message?.content, !text.isEmpty { _ = answer.add(text: text) }
                for call in choice.message?.toolCalls ?? [] { _ = answer.add(call) }
                answer.finish(choice.finishReason, pending.usage(texts.compactMap(\.summary)))
                return Response(json: answer.json)
            }
        }
        return streaming(pending, connection, .responses) { stream in
            var events = ResponsesEvents(ResponsesAnswer(pending.head, asked))
            try await events.begin(&stream)
            var texts = pending.texts()
            for try await (number, event) in pending.requests.events {
                try texts[number].add(event)
                for piece in texts[number].pieces() { try await events.send(piece, to: &stream) }
            }
            guard let summary = texts[0].summary else { throw APIError.stopping }
            try await events.end(pending.usage([summary]), &stream)
        }
    }
}

/// An answer to `/v1/responses` as events, each with its type and number.
private struct ResponsesEvents {
    private var answer: ResponsesAnswer
    private var finishReason: String?
    /// Whether the message at the beginning is still being written.
    private var isWriting = false

    init(_ answer: ResponsesAnswer) { self.answer = answer }

    mutating func begin(_ stream: inout EventStream) async throws {
        for type in ["response.created", "response.in_progress"] {
            try await stream.send(type, [("response", answer.json)])
        }
    }

    mutating func send(_ piece: GenerationAnswer.Choice, to stream: inout EventStream) async throws {
        finishReason = piece.finishReason ?? finishReason
        if let text = piece.delta?.content, !text.isEmpty { try await send(text, to: &stream) }
        for call in piece.delta?.toolCalls ?? [] { try await send(call, to: &stream) }
    }

    private mutating func send(_ text: String, to stream: inout EventStream) async throws {
        let isFirst = answer.items.isEmpty
        let id = answer.add(text: text)
        let place = place(id, 0) + [("content_index", .integer(0))]
        if isFirst {
            isWriting = true
            try await stream.send(
                "response.output_item.added", [("output_index", .integer(0)), ("item", answer.items[0].openingJSON)])
            try await stream.send(
                "response.content_part.added", place + [("part", ResponsesAnswer.Item.part(""))])
        }
        try await stream.send(
            "response.output_text.delta", place + [("delta", .string(text)), ("logprobs", .array([]))])
    }

    private mutating func send(_ call: GenerationAnswer.Call, to stream: inout EventStream) async throws {
        try await endMessage(&stream)
        let (item, index) = (answer.add(call), answer.items.count - 1)
        let arguments = JSON.string(call.function.arguments)
        try await stream.send(
            "response.output_item.added", [("output_index", .integer(index)), ("item", item.openingJSON)])
        try await stream.send("response.function_call_arguments.delta", place(item.id, index) + [("delta", arguments)])
        try await stream.send(
            "response.function_call_arguments.done",
            place(item.id, index) + [("name", .string(call.function.name)), ("arguments", arguments)])
        try await stream.send(
            "response.output_item.done", [("output_index", .integer(index)), ("item", item.json(isDone: true))])
    }

    mutating func end(_ usage: Usage, _ stream: inout EventStream) async throws {
        try await endMessage(&stream)
        answer.finish(finishReason, usage)
        let type = finishReason == "length" ? "response.incomplete" : "response.completed"
        try await stream.send(type, [("response", answer.json)])
    }

    private mutating func endMessage(_ stream: inout EventStream) async throws {
        guard isWriting, case .message(let id, let text)? = answer.items.first else { return }
        isWriting = false
        let place = place(id, 0) + [("content_index", .integer(0))]
        try await stream.send(
            "response.output_text.done", place + [("text", .string(text)), ("logprobs", .array([]))])
        try await stream.send("response.content_part.done", place + [("part", ResponsesAnswer.Item.part(text))])
        try await stream.send(
            "response.output_item.done",
            [("output_index", .integer(0)), ("item", answer.items[0].json(isDone: finishReason != "length"))])
    }

    private func place(_ id: String, _ index: Int) -> [(name: String, value: JSON)] {
        [("item_id", .string(id)), ("output_index", .integer(index))]
    }
}
