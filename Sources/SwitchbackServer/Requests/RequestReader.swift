import Hummingbird
import Switchback
import SwitchbackFormats
import SwitchbackLanguage

/// Reads the bodies of requests, and makes of them what they ask for: within bounds of time and memory, and on threads
/// of its own.
package struct RequestReader: Sendable {
    let limits: ServerLimits
    private let budget: MemoryBudget
    private let queue: WorkQueue

    package init(_ limits: ServerLimits) {
        self.limits = limits
        budget = MemoryBudget(bytes: max(limits.memoryBytes, 2 * limits.bodyBytes))
        queue = WorkQueue("requests", threads: Processor.threadCount, limit: limits.queue, standsBack: true)
    }

    package func stop() { queue.stop() }

    /// What `work` makes of the body.
    package func read<Value: Sendable>(
        _ request: Request, _ work: @escaping @Sendable ([UInt8], MemoryShare) throws -> Value
    ) async throws -> Value {
        let share = MemoryShare(of: budget)
        let bytes = try await body(of: request, share)
        return try await queue.run(within: limits.seconds) { try work(bytes, share) }
    }

    /// What `work` makes of a body that is a JSON object.
    func readJSON<Value: Sendable>(
        _ request: Request, _ work: @escaping @Sendable (ConfigurationFields) throws -> Value
    ) async throws -> Value {
        try RequestReader.checkJSON(request.headers[.contentType])
        return try await read(request) { bytes, _ in try work(ConfigurationFields(body: bytes)) }
    }

    /// Throws where a body is said not to be JSON: forms and plain text are what any web page may send without asking.
    static func checkJSON(_ contentType: String?) throws {
        if let contentType, !contentType.isEmpty, !isJSON(contentType) {
            throw APIError.unsupportedMediaType(contentType)
        }
    }

    private static func isJSON(_ kind: String) -> Bool {
        let name = kind.prefix { $0 != ";" }.lowercased().filter { $0 != " " }
        return name.isExactly("application/json") || name.utf8.suffix(5).elementsEqual("+json".utf8)
    }

    /// The whole body. Throws `APIError` if it is larger than allowed, or takes too long.
    private func body(of request: Request, _ share: MemoryShare) async throws -> [UInt8] {
        let limits = limits
        if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > limits.bodyBytes {
            throw APIError.tooLarge(limit: limits.bodyBytes)
        }
        let body = request.body
        // Ten times as long as a client may be silent: a body that comes in drops holds no place for ever.
        let seconds = limits.idleSeconds * 10
        return try await within(seconds, otherwise: .bodyTooSlow(seconds: seconds)) {
            var bytes: [UInt8] = []
            for try await part in body {
                try share.take(part.readableBytes)
                bytes += part.readableBytesView
                if bytes.count > limits.bodyBytes { throw APIError.tooLarge(limit: limits.bodyBytes) }
            }
            return bytes
        }
    }
}
