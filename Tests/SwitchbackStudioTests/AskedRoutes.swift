import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import SwitchbackFormats

struct TestSource: RequestContextSource {
    let logger = Logger(label: "test")
}

struct TestContext: RequestContext {
    typealias Source = TestSource

    var coreContext: CoreRequestContextStorage

    init(source: TestSource) { coreContext = CoreRequestContextStorage(source: source) }
}

/// Routes of the studio, asked as a browser asks them.
struct AskedRoutes: Sendable {
    struct Answer {
        let status: Int
        let bytes: [UInt8]
        let type: String?

        /// The members of the answer.
        var fields: ConfigurationFields {
            get throws { try ConfigurationFields(JSON(parsing: bytes), path: "answer") }
        }

        /// The sentence of a problem.
        var problem: String { (try? fields.object("error")?.string("message")) ?? "" }
    }

    private let responder: any HTTPResponder<TestContext>

    init(_ add: (Router<TestContext>) -> Void) {
        let router = Router(context: TestContext.self)
        add(router)
        responder = router.buildResponder()
    }

    func ask(
        _ path: String, _ body: some Sequence<UInt8> = "{}".utf8, method: HTTPRequest.Method = .post,
        type: String = "application/json"
    ) async throws -> Answer {
        let head = HTTPRequest(
            method: method, scheme: "http", authority: "localhost", path: path,
            headerFields: [.contentType: type])
        let request = Request(head: head, body: RequestBody(buffer: ByteBuffer(bytes: body)))
        let response: Response
        do {
            response = try await responder.respond(
                to: request, context: TestContext(source: TestSource()))
        } catch let error as any HTTPResponseError {
            return Answer(status: Int(error.status.code), bytes: [], type: nil)
        }
        let writer = Collector()
        try await response.body.write(writer)
        return Answer(
            status: Int(response.status.code), bytes: writer.bytes, type: response.headers[.contentType])
    }

    func get(_ path: String) async throws -> Answer { try await ask(path, "".utf8, method: .get) }

    private final class Collector: ResponseBodyWriter {
        var bytes: [UInt8] = []

        func write(_ buffer: ByteBuffer) async throws { bytes += buffer.readableBytesView }
        func finish(_ trailingHeaders: HTTPFields?) async throws {}
    }
}

extension JSON {
    fileprivate init(parsing bytes: [UInt8]) throws {
        self = try bytes.withUnsafeBytes { try JSON(parsing: $0) }
    }
}
