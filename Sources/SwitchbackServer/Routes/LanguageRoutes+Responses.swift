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
                guard let summary = texts[0].summary else { throw APIError.stopping }
                for piece in texts[0].pieces() { answer.add(piece) }
                answer.finish(pending.usage([summary]))
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

    init(_ answer: ResponsesAnswer) { self.answer = answer }

    func begin(_ stream: inout EventStream) async throws {
        for type in ["response.created", "response.in_progress"] {
            try await stream.send(type, [("response", answer.json)])
        }
    }

    mutating func send(_ piece: GenerationAnswer.Choice, to stream: inout EventStream) async throws {
        for change in answer.add(piece) { try await send(change, to: &stream) }
    }

    mutating func end(_ usage: Usage, _ stream: inout EventStream) async throws {
        answer.finish(usage)
        let type = answer.finishReason == "length" ? "response.incomplete" : "response.completed"
        try await stream.send(type, [("response", answer.json)])
    }

    private func send(_ change: ResponsesAnswer.Change, to stream: inout EventStream) async throws {
        let (index, item) = (change.index, change.item)
        let place: [(name: String, value: JSON)] = [("item_id", .string(item.id)), ("output_index", .integer(index))]
        let part = place + [("content_index", .integer(0))]
        switch (change.kind, item.content) {
        case (.began, let content):
            try await stream.send(
                "response.output_item.added", [("output_index", .integer(index)), ("item", item.openingJSON)])
            guard case .message = content else { return }
            try await stream.send("response.content_part.added", part + [("part", ResponsesAnswer.Item.part(""))])
        case (.added(let text), .message):
            try await stream.send(
                "response.output_text.delta", part + [("delta", .string(text)), ("logprobs", .array([]))])
        case (.added(let text), .call):
            try await stream.send("response.function_call_arguments.delta", place + [("delta", .string(text))])
        case (.ended, let content):
            switch content {
            case .message(let text):
                try await stream.send(
                    "response.output_text.done", part + [("text", .string(text)), ("logprobs", .array([]))])
                try await stream.send(
                    "response.content_part.done", part + [("part", ResponsesAnswer.Item.part(text))])
            case .call(_, let name, let arguments):
                try await stream.send(
                    "response.function_call_arguments.done",
                    place + [("name", .string(name)), ("arguments", .string(arguments))])
            }
            try await stream.send(
                "response.output_item.done",
                [("output_index", .integer(index)), ("item", item.json(isDone: answer.isDone(index)))])
        }
    }
}
