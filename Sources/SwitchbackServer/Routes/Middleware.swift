import Hummingbird
import NIOHTTP1

/// Turns every error into a response in OpenAI's format, and counts responses.
package struct AnswerErrors: RouterMiddleware {
    package typealias Context = ServerContext

    private let metrics: ServerMetrics

    package init(metrics: ServerMetrics) { self.metrics = metrics }

    package func handle(
        _ request: Request, context: ServerContext,
        next: (Request, ServerContext) async throws -> Response
    ) async throws -> Response {
        let start = ContinuousClock.now
        let response: Response
        do {
            response = try await next(request, context)
        } catch let error as HTTPParserError {
            // The server answers 400 and closes the connection: what follows on it means nothing.
            metrics.count(path: "malformed", status: 400, seconds: 0)
            throw error
        } catch let error as HTTPError where error.status == .notFound {
            response = APIError.notFound("there is no \(request.method) \(request.uri.path) here").response
        } catch {
            response = APIError(error).response
        }
        return counted(response, path: context.endpointPath ?? "other", since: start)
    }

    /// The response, counted when the last of its body has been sent.
    private func counted(_ response: Response, path: String, since start: ContinuousClock.Instant) -> Response {
        let metrics = metrics
        let status = Int(response.status.code)
        @Sendable func count() {
            metrics.count(path: path, status: status, seconds: start.duration(to: .now) / .seconds(1))
        }
        guard response.body.contentLength == nil else {
            count()
            return response
        }
        var response = response
        let body = response.body
        response.body = ResponseBody { writer in
            defer { count() }
            try await body.write(writer)
        }
        return response
    }
}

/// Requires the API key.
package struct RequireKey: RouterMiddleware {
    package typealias Context = ServerContext

    let key: String

    package func handle(
        _ request: Request, context: ServerContext,
        next: (Request, ServerContext) async throws -> Response
    ) async throws -> Response {
        guard let shown = request.bearerToken else {
            throw APIError.unauthorized("no API key was given; send it as 'Authorization: Bearer KEY'")
        }
        guard RequireKey.isEqual(shown.utf8, key.utf8) else {
            throw APIError.unauthorized("the API key is wrong")
        }
        return try await next(request, context)
    }

    /// Takes the same time wherever the two begin to differ.
    package static func isEqual(_ a: some Collection<UInt8>, _ b: some Collection<UInt8>) -> Bool {
        a.count == b.count && zip(a, b).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }
}

extension Request {
    /// What the client shows as `Authorization: Bearer …`; `nil` where it shows nothing.
    package var bearerToken: Substring? {
        let shown = headers[.authorization]?.split(separator: " ", maxSplits: 1) ?? []
        // The scheme's name may be written in any case (RFC 9110, section 11.1).
        guard shown.count == 2, shown[0].lowercased().isExactly("bearer") else { return nil }
        return shown[1]
    }
}
