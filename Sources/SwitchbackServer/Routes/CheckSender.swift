import Hummingbird
import Switchback

/// Keeps foreign web pages away from the server.
///
/// A browser lets any page send requests to a server on the user's own machine; and a page whose name was made to point
/// to 127.0.0.1 (DNS rebinding) may read the answers, too. So a server that only this machine can reach answers only to
/// its own names, and no server answers to pages of other origins than those that were allowed (Fetch standard, "CORS
/// protocol").
package struct CheckSender: RouterMiddleware {
    package typealias Context = ServerContext

    /// The names by which the server may be called; any if `nil`.
    private let hosts: Set<ExactText>?
    private let origins: Set<ExactText>
    private let servesPages: Bool
    private let metrics: ServerMetrics

    package init(_ options: ServerOptions, _ metrics: ServerMetrics) {
        let own = CheckSender.isLoopback(options.host) ? ["localhost", "127.0.0.1", "::1", options.host] : []
        hosts = own.isEmpty ? nil : Set((own + options.allowedHosts).map { ExactText($0.lowercased()) })
        origins = Set(options.allowedOrigins.map { ExactText($0.lowercased()) })
        servesPages = options.servesPages
        self.metrics = metrics
    }

    package static func isLoopback(_ host: String) -> Bool {
        host == "localhost" || host == "::1" || host.hasPrefix("127.")
    }

    package func handle(
        _ request: Request, context: ServerContext, next: (Request, ServerContext) async throws -> Response
    ) async throws -> Response {
        let origin: String?
        do {
            try checkHost(of: request)
            origin = try allowedOrigin(of: request)
        } catch let error as APIError {
            metrics.count(path: "refused", status: Int(error.status.code), seconds: 0)
            return context.connection.closing(after: error.response)
        }
        guard let origin else { return try await next(request, context) }
        var response = isPreflight(request) ? preflight : try await next(request, context)
        response.headers[.accessControlAllowOrigin] = origin
        response.headers[.vary] = "Origin"
        return response
    }

    // MARK: Host

    /// Throws where the request has no host or several (RFC 9112, section 3.2), or calls the server by a foreign name.
    private func checkHost(of request: Request) throws {
        guard let authority = request.head.authority, !authority.isEmpty,
            !request.headers.contains(where: { $0.name.canonicalName == "host" }),
            let name = CheckSender.name(ofHost: authority)
        else { throw APIError.invalid("the header Host is missing, is there twice, or is not a host") }
        guard let hosts, !hosts.contains(ExactText(name)) else { return }
        throw APIError.forbidden(
            "this server is not \(name): it listens on this machine alone; "
                + (servesPages ? "ask localhost" : "allow the name with --allow-host, or ask localhost")
        )
    }

    /// The name in `name:port`, in small letters; `nil` if it is none.
    private static func name(ofHost authority: String) -> String? {
        let isAddress = authority.utf8.first == UInt8(ascii: "[")
        let name = isAddress ? authority.dropFirst().prefix { $0 != "]" } : authority.prefix { $0 != ":" }
        let isHost = authority.utf8.allSatisfy { byte in
            (0x21...0x7E).contains(byte) && !"/?#@\\\"<>".utf8.contains(byte)
        }
        return isHost && !name.isEmpty && name.utf8.count <= 255 ? name.lowercased() : nil
    }

    // MARK: Origin

    /// The page's origin if it is allowed, `nil` if no page sent the request. Throws where it is not allowed.
    private func allowedOrigin(of request: Request) throws -> String? {
        guard let origin = request.headers[.origin] else { return nil }
        if servesPages, let own = request.head.authority, origin.lowercased().isExactly("http://\(own.lowercased())") {
            return origin
        }
        guard origins.contains(ExactText(origin.lowercased())) else {
            throw APIError.forbidden(
                "web pages of \(origin) may not use this server"
                    + (servesPages ? "" : "; allow them with --allow-origin when it is started"))
        }
        return origin
    }

    /// Whether a browser asks if it may send a request.
    private func isPreflight(_ request: Request) -> Bool {
        request.method == .options && request.headers[.accessControlRequestMethod] != nil
    }

    private var preflight: Response {
        Response(
            status: .noContent,
            headers: [
                .accessControlAllowMethods: "GET, HEAD, POST",
                .accessControlAllowHeaders: "authorization, content-type",
                .accessControlMaxAge: "600",
            ])
    }
}
