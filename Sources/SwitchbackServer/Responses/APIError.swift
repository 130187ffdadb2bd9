import Foundation
import Hummingbird
import Switchback

/// An error response in OpenAI's format.
package struct APIError: Error, Sendable {
    package let status: HTTPResponse.Status
    package let message: String
    /// OpenAI's name for the kind of error.
    let type: String
    /// The field of the request that is to blame.
    package var param: String?
    var code: String?
    /// After how many seconds the client may try again.
    var retryAfter: Int?
    var headers = HTTPFields()

    /// A request that cannot be answered as it is.
    package static func invalid(_ message: String, param: String? = nil, code: String? = nil) -> APIError {
        APIError(
            status: .badRequest, message: message, type: "invalid_request_error", param: param, code: code)
    }

    package static func unauthorized(_ message: String) -> APIError {
        APIError(
            status: .unauthorized, message: message, type: "authentication_error", code: "invalid_api_key")
    }

    static func forbidden(_ message: String) -> APIError {
        APIError(status: .forbidden, message: message, type: "permission_error", code: "forbidden")
    }

    package static func notFound(_ message: String, param: String? = nil, code: String? = nil) -> APIError {
        APIError(status: .notFound, message: message, type: "invalid_request_error", param: param, code: code)
    }

    /// Somebody else has changed what a request is about.
    package static func conflict(_ message: String) -> APIError {
        APIError(status: .conflict, message: message, type: "conflict")
    }

    static func methodNotAllowed(_ method: String, allowed: [String]) -> APIError {
        var error = APIError(
            status: .methodNotAllowed,
            message: "\(method) cannot be used here; \(allowed.joined(separator: ", ")) can",
            type: "invalid_request_error")
        error.headers[.allow] = allowed.joined(separator: ", ")
        return error
    }

    package static func unsupportedMediaType(
        _ kind: String, wanted: String = "JSON, with the header Content-Type: application/json"
    ) -> APIError {
        APIError(
            status: .unsupportedMediaType,
            message: "the body is sent as \(kind.shortened); send \(wanted)",
            type: "invalid_request_error")
    }

    static func tooLarge(limit: Int) -> APIError {
        APIError(
            status: .contentTooLarge, message: "the body has more than the \(limit) bytes that are allowed",
            type: "invalid_request_error", code: "body_too_large")
    }

    static func bodyTooSlow(seconds: Double) -> APIError {
        APIError(
            status: .requestTimeout, message: "the body was not complete after \(seconds.plain) seconds",
            type: "invalid_request_error", code: "body_too_slow")
    }

    static func tooManyRequests(waiting: Int) -> APIError {
        APIError(
            status: .tooManyRequests, message: "\(waiting) requests are already waiting; try again later",
            type: "rate_limit_error", code: "queue_full", retryAfter: 1)
    }

    static func busy(seconds: Double) -> APIError {
        APIError(
            status: .serviceUnavailable, message: "the request had to wait for more than \(seconds.plain) seconds",
            type: "server_error", code: "busy", retryAfter: 5)
    }

    static func timeout(seconds: Double) -> APIError {
        APIError(
            status: .gatewayTimeout, message: "the answer was not complete after \(seconds.plain) seconds",
            type: "server_error", code: "timeout")
    }

    static var outOfMemory: APIError {
        APIError(
            status: .serviceUnavailable,
            message: "the requests being answered take all memory that is set aside for them",
            type: "server_error", code: "busy", retryAfter: 5)
    }

    /// Nobody is there to read this, unless the connection broke on the way.
    static var clientLeft: APIError {
        APIError(
            status: .requestTimeout, message: "the client left before the answer was complete",
            type: "invalid_request_error", code: "client_left")
    }

    static var stopping: APIError {
        APIError(
            status: .serviceUnavailable, message: "the server is stopping", type: "server_error", code: "stopping",
            retryAfter: 5)
    }

    /// Something that is no fault of the request.
    static func failed(_ error: any Error) -> APIError {
        APIError(status: .internalServerError, message: "\(error)", type: "server_error")
    }
}

extension APIError {
    /// The response for an error: errors about the request's content are the client's.
    package init(_ error: any Error) {
        switch error {
        case let error as APIError: self = error
        case let error as InputError:
            self = .invalid("\(error)", param: APIError.param(of: error))
        case let error as any HTTPResponseError:
            self.init(
                status: error.status, message: error.status.reasonPhrase.lowercased(),
                type: error.status.code < 500 ? "invalid_request_error" : "server_error")
        default: self = .failed(error)
        }
    }

    /// The field that an error is about, by its name in the request.
    private static func param(of error: InputError) -> String? {
        guard let place = error.place, place.hasPrefix("field ") else { return nil }
        return String(place.dropFirst("field ".count))
    }

    struct Body: Encodable {
        struct Detail: Encodable {
            let message, type: String
            let param, code: String?

            private enum CodingKeys: CodingKey { case message, type, param, code }

            // OpenAI's form has `null`, not nothing.
            func encode(to encoder: any Encoder) throws {
                var container = encoder.container(keyedBy: CodingKeys.self)
                try container.encode(message, forKey: .message)
                try container.encode(type, forKey: .type)
                try container.encode(param, forKey: .param)
                try container.encode(code, forKey: .code)
            }
        }

        let error: Detail
    }

    var body: Body { Body(error: Body.Detail(message: message, type: type, param: param, code: code)) }

    package var response: Response {
        var response = Response(json: body, status: status)
        response.headers.append(contentsOf: headers)
        if let retryAfter { response.headers[.retryAfter] = "\(retryAfter)" }
        return response
    }
}

extension Double {
    /// Without decimals that say nothing.
    fileprivate var plain: String { self == rounded() ? "\(Int(self))" : "\(self)" }
}
