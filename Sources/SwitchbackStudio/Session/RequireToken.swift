import Hummingbird
import SwitchbackServer

/// Requires the studio's token of all that is asked for below `/api`, where other machines can reach the studio. The
/// pages themselves hold nothing of anybody's.
///
/// A browser has the token in a cookie, which the page `/login` gets for it; programs send it as an API key.
struct RequireToken: RouterMiddleware {
    typealias Context = ServerContext

    let token: StudioToken

    static let cookie = "switchback-studio"
    static let sessionPath = "/api/v1/session"

    func handle(
        _ request: Request, context: ServerContext, next: (Request, ServerContext) async throws -> Response
    ) async throws -> Response {
        let path = request.uri.path
        if !path.hasPrefix("/api") || path == RequireToken.sessionPath || isKnown(request) {
            return try await next(request, context)
        }
        throw APIError.unauthorized(
            "the studio's token is needed; open /login, or send it as 'Authorization: Bearer TOKEN'")
    }

    private func isKnown(_ request: Request) -> Bool {
        // Either is enough: a cookie of an earlier token hides no right key.
        let given = [request.cookies[RequireToken.cookie]?.value, request.bearerToken.map(String.init)]
        return given.contains { RequireKey.isEqual(($0 ?? "").utf8, token.text.utf8) }
    }
}

/// Where the page `/login` sends the token.
struct SessionRoutes: Sendable {
    /// `nil` where none is needed.
    let token: StudioToken?
    private let queue = WorkQueue("session", threads: 1, limit: 16)

    init(token: StudioToken?) { self.token = token }

    func stop() { queue.stop() }

    private struct Opened: Encodable, Sendable { let isOpen = true }

    func add(to router: some RouterMethods<some RequestContext>) {
        let token = token?.text
        router.post(RouterPath(RequireToken.sessionPath)) { request, _ in
            var response = await queue.answer(request) { fields in
                let given = try fields.string("token")
                guard RequireKey.isEqual(given.utf8, (token ?? given).utf8) else {
                    throw APIError.unauthorized("the token is wrong")
                }
                return Opened()
            }
            if response.status == .ok, let token {
                // A month. Pages of other origins send it with no request.
                response.headers[.setCookie] =
                    "\(RequireToken.cookie)=\(token); Path=/; HttpOnly; SameSite=Strict; Max-Age=2592000"
            }
            return response
        }
    }
}
