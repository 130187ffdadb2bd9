import Hummingbird
import Switchback
import SwitchbackFormats
import SwitchbackLanguage

extension ConfigurationFields {
    /// The members of a request's body, which is a JSON object. Throws `InputError` where it is none.
    package init(body: [UInt8]) throws {
        let value: JSON
        do {
            value = try body.withUnsafeBytes { try JSON(parsing: $0) }
        } catch let problem as JSON.Problem {
            throw InputError("request", at: "byte \(problem.offset)", "the body is not valid JSON: \(problem.message)")
        }
        try self.init(value, path: "request")
    }

    /// Throws where a member is none of those that are known, with the nearest that is.
    func checkNames(known: [String]) throws {
        for name in names where !known.contains(name) {
            let remedy = name.nearest(in: known).map { "did you mean \($0)?" }
            throw problem(name, "there is no such field", remedy: remedy)
        }
    }

    /// Throws where a field asks for what is not there: any value but those that change nothing.
    func refuse(_ name: String, unless isHarmless: (JSON) -> Bool, _ problem: String) throws {
        if let value = self[name], !isHarmless(value) { throw self.problem(name, problem) }
    }
}

extension Request {
    /// The whole body, which the request then has no more: what watches over the connection after it begins where the body
    /// ends, and could not cope with one that was read already.
    mutating func takeBody(_ limits: ServerLimits) async throws -> [UInt8] {
        let bytes = try await bytes(limits)
        body = RequestBody(buffer: ByteBuffer())
        return bytes
    }

    /// The whole body. Throws `APIError` where it is larger than allowed, or takes too long.
    func bytes(_ limits: ServerLimits) async throws -> [UInt8] {
        if let length = headers[.contentLength].flatMap({ Int($0) }), length > limits.bodyBytes {
            throw APIError.tooLarge(limit: limits.bodyBytes)
        }
        let body = body
        return try await withThrowingTaskGroup(of: [UInt8].self) { group in
            group.addTask {
                var bytes: [UInt8] = []
                for try await part in body {
                    bytes += part.readableBytesView
                    if bytes.count > limits.bodyBytes { throw APIError.tooLarge(limit: limits.bodyBytes) }
                }
                return bytes
            }
            group.addTask {
                // Ten times as long as a client may be silent: a body that comes in drops holds no place for ever.
                try await Task.sleep(for: .seconds(limits.idleSeconds * 10))
                throw APIError.bodyTooSlow(seconds: limits.idleSeconds * 10)
            }
            defer { group.cancelAll() }
            return try await group.next() ?? []
        }
    }
}
