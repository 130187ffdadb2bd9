import Hummingbird
import SwitchbackFormats

/// Server-sent events (WHATWG HTML, section 9.2), each with JSON as data.
struct EventStream {
    /// The two ways in which OpenAI's interface sends them.
    enum Style: Sendable {
        /// Data alone, and a mark at the end.
        case completions
        /// Each event has a type and a number, in the data as well.
        case responses
    }

    private var writer: any ResponseBodyWriter
    private let style: Style
    /// How many events with a type were sent.
    private var count = 0

    init(_ writer: any ResponseBodyWriter, _ style: Style = .completions) {
        (self.writer, self.style) = (writer, style)
    }

    mutating func send(_ value: some Encodable) async throws {
        try await send(text: JSON.text(value, keys: .convertToSnakeCase))
    }

    /// An event of a type.
    mutating func send(_ type: String, _ members: [(name: String, value: JSON)]) async throws {
        let data = JSON.object(
            [("type", .string(type)), ("sequence_number", .integer(count))] + members)
        count += 1
        try await writer.write(ByteBuffer(string: "event: \(type)\ndata: \(data.line)\n\n"))
    }

    private mutating func send(_ error: APIError) async throws {
        guard style == .responses else { return try await send(error.body) }
        try await send(
            "error",
            [
                ("code", error.code.map { .string($0) } ?? .string(error.type)), ("message", .string(error.message)),
                ("param", error.param.map { .string($0) } ?? .null),
            ])
    }

    private mutating func send(text: String) async throws {
        try await writer.write(ByteBuffer(string: "data: \(text)\n\n"))
    }

    mutating func finish() async throws {
        if style == .completions { try await send(text: "[DONE]") }
        try await writer.finish(nil)
    }

    /// A response whose events a function sends; an error in the midst is an event, too.
    static func response(
        _ style: Style = .completions, _ send: @Sendable @escaping (inout EventStream) async throws -> Void
    ) -> Response {
        let body = ResponseBody { writer in
            var stream = EventStream(writer, style)
            do {
                try await send(&stream)
            } catch let error as APIError {
                try await stream.send(error)
            }
            try await stream.finish()
        }
        return Response(
            status: .ok,
            headers: [.contentType: "text/event-stream; charset=utf-8", .cacheControl: "no-cache"],
            body: body)
    }
}
