import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import Switchback

/// Requests to a hub.
struct HubConnection: Sendable {
    private let client: HTTPClient
    private let settings: HubSettings
    /// The model that is asked for, in messages.
    private let model: HubModel

    /// An answer whose body has not been read yet.
    struct Answer {
        let status: Int
        /// Those of the hub itself, where it sent elsewhere for the contents.
        let hubHeaders: HTTPHeaders
        let headers: HTTPHeaders
        fileprivate let body: HTTPClientResponse.Body

        /// Calls a function with the pieces of the body, as they come. Throws `Interrupted`, and what the function throws.
        func forEachPiece(_ receive: (ByteBuffer) throws -> Void) async throws {
            var pieces = body.makeAsyncIterator()
            while true {
                let piece: ByteBuffer?
                do {
                    piece = try await pieces.next()
                } catch {
                    throw Interrupted(problem: HubConnection.sentence(error))
                }
                guard let piece else { return }
                try receive(piece)
            }
        }
    }

    /// A failure that may pass: the connection broke off, or the hub is busy.
    struct Interrupted: Error {
        let problem: String
    }

    /// How long a connection may take, and how long nothing may come, in seconds.
    private static let connecting: Int64 = 15
    private static let idle: Int64 = 60
    private static let mostRedirects = 8

    /// Runs `body` with a connection, which is closed at its end.
    static func open<Result>(
        _ settings: HubSettings, _ model: HubModel, _ body: (HubConnection) async throws -> Result
    ) async throws -> Result {
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        configuration.timeout = .init(connect: .seconds(connecting), read: .seconds(idle))
        configuration.connectionPool.retryConnectionEstablishment = false
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        do {
            let result = try await body(HubConnection(client: client, settings: settings, model: model))
            try? await client.shutdown()
            return result
        } catch {
            try? await client.shutdown()
            throw error
        }
    }

    /// Asks for what is at an address, from the byte `start` on, and goes where it is sent: contents lie on other machines,
    /// which are not told the token.
    ///
    /// Throws `Interrupted`, or an `InputError` that says what to do.
    func get(_ address: String, from start: Int = 0) async throws -> Answer {
        var address = address
        var hubHeaders: HTTPHeaders?
        for _ in 0...HubConnection.mostRedirects {
            var request = HTTPClientRequest(url: address)
            request.headers.add(name: "User-Agent", value: "switchback")
            if start > 0 { request.headers.add(name: "Range", value: "bytes=\(start)-") }
            if let token = settings.token, isHub(address) {
                request.headers.add(name: "Authorization", value: "Bearer \(token)")
            }
            let response = try await answer(to: request)
            let status = Int(response.status.code)
            hubHeaders = hubHeaders ?? response.headers
            guard [301, 302, 303, 307, 308].contains(status), let location = response.headers.first(name: "Location")
            else {
                try check(status, response.headers, address)
                return Answer(
                    status: status, hubHeaders: hubHeaders ?? response.headers, headers: response.headers,
                    body: response.body)
            }
            address = try next(location, after: address)
        }
        throw InputError(settings.endpoint, "it sends from one address to another without an end")
    }

    private func answer(to request: HTTPClientRequest) async throws -> HTTPClientResponse {
        do {
            return try await client.execute(request, deadline: .distantFuture)
        } catch {
            throw Interrupted(problem: HubConnection.sentence(error))
        }
    }

    /// Where an answer sends: to http or https, and not from https to http.
    private func next(_ location: String, after address: String) throws -> String {
        guard let base = URL(string: address), let url = URL(string: location, relativeTo: base)?.absoluteURL,
            url.scheme == "https" || (url.scheme == "http" && base.scheme == "http"), url.host != nil
        else { throw InputError(settings.endpoint, "it sends to \(location), which is no safe address") }
        return url.absoluteString
    }

    /// Whether an address is the hub's own.
    private func isHub(_ address: String) -> Bool {
        guard let hub = URL(string: settings.endpoint), let url = URL(string: address) else { return false }
        return hub.scheme == url.scheme && hub.host == url.host && hub.port == url.port
    }

    /// Throws over an answer that is none.
    private func check(_ status: Int, _ headers: HTTPHeaders, _ address: String) throws {
        let code = headers.first(name: "X-Error-Code") ?? ""
        let page = "\(settings.endpoint)/\(model.path)"
        switch (status, code) {
        case (200..<300, _), (416, _): return
        case (_, "GatedRepo"):
            throw InputError(
                "model \(model)", "one has to agree to its terms first",
                remedy: settings.token == nil
                    ? "agree at \(page), and give a token in HF_TOKEN or with --token-file" : "agree at \(page)")
        case (404, "RevisionNotFound"):
            throw InputError("model \(model)", "there is no revision \(model.revision)")
        case (401, _), (403, _), (404, "RepoNotFound"):
            throw InputError(
                "model \(model)", "\(settings.endpoint) has no such model, or it is private",
                remedy: settings.token == nil
                    ? "check the name; for a private model, give a token in HF_TOKEN or with --token-file"
                    : "check the name, and whether the token may read it")
        case (404, _): throw InputError("model \(model)", "\(address) is not there")
        case (408, _), (429, _), (500..., _): throw Interrupted(problem: "it answers with status \(status)")
        default: throw InputError(settings.endpoint, "it answers with status \(status) to \(address)")
        }
    }

    /// What broke off, in words.
    private static func sentence(_ error: any Error) -> String {
        guard let error = error as? HTTPClientError else {
            let code = (error as? IOError)?.errnoCode
            let reason = code.map { String(cString: strerror($0)).lowercased() } ?? "\(error)".shortened
            return error is NIOConnectionError ? "no connection can be made" : "the connection failed: \(reason)"
        }
        return switch error {
        case .connectTimeout: "it does not answer"
        case .readTimeout: "nothing came for \(idle) seconds"
        case .remoteConnectionClosed: "the connection was closed"
        default: error.shortDescription.lowercased()
        }
    }
}
