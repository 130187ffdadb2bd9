import Hummingbird
import SwitchbackFormats

/// Server-sent events (WHATWG HTML, section 9.2), each with JSON as data, and OpenAI's mark at the end.
struct EventStream {
    private var writer: any ResponseBodyWriter

    init(_ writer: any ResponseBodyWriter) { self.writer = writer }

    mutating func send(_ value: some Encodable) async throws {
        try await send(text: JSON.text(value, keys: .convertToSnakeCase))
    }

    private mutating func send(text: String) async throws {
        try await writer.write(ByteBuffer(string: "data: \(text)\n\n"))
    }

    mutating func finish() async throws {
        try await send(text: "[DONE]")
        try await writer.finish(nil)
    }

    /// A response whose events a function sends; an error in the midst is an event, too.
    static func response(_ send: @Sendable @escaping (inout EventStream) async throws -> Void) -> Response {
        let body = ResponseBody { writer in
            var stream = EventStream(writer)
            do {
                try await send(&stream)
            } catch let error as APIError {
                try await stream.send(error.body)
            }
            try await stream.finish()
        }
        return Response(
            status: .ok,
            headers: [.contentType: "text/event-stream; charset=utf-8", .cacheControl: "no-cache"],
            body: body)
    }
}
