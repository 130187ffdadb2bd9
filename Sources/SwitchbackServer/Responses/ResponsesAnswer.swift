import Foundation
import SwitchbackFormats
import SwitchbackLanguage

/// The answer to a request to `/v1/responses`: what has come of it, as the reference of OpenAI has it.
struct ResponsesAnswer {
    /// A part of the answer.
    enum Item {
        case message(id: String, text: String)
        case call(id: String, GenerationAnswer.Call)
    }

    private let head: AnswerHead
    private let repeated: [(name: String, value: JSON)]
    private(set) var items: [Item] = []
    private(set) var finishReason: String?
    private var usage: Usage?

    init(_ head: AnswerHead, _ request: ResponsesRequest) {
        self.head = head
        repeated = request.repeated
    }

    /// Adds a piece of the message that the answer begins with, which may be the first; returns the message's id.
    mutating func add(text: String) -> String {
        if case .message(let id, let before)? = items.first {
            items[0] = .message(id: id, text: before + text)
            return id
        }
        let id = ResponsesAnswer.makeID("msg_")
        items.append(.message(id: id, text: text))
        return id
    }

    mutating func add(_ call: GenerationAnswer.Call) -> Item {
        let item = Item.call(id: ResponsesAnswer.makeID("fc_"), call)
        items.append(item)
        return item
    }

    mutating func finish(_ reason: String?, _ usage: Usage) { (finishReason, self.usage) = (reason, usage) }

    private static func makeID(_ prefix: String) -> String {
        prefix + UUID().uuidString.lowercased().replacing("-", with: "")
    }

    // MARK: As JSON

    private var status: String {
        switch (usage, finishReason) {
        case (nil, _): "in_progress"
        case (_, "length"): "incomplete"
        default: "completed"
        }
    }

    var json: JSON {
        let isCut = status == "incomplete"
        let details: JSON = isCut ? .object([("reason", .string("max_output_tokens"))]) : .null
        let own: [(name: String, value: JSON)] = [
            ("id", .string(head.id)), ("object", .string("response")), ("created_at", .integer(head.created)),
            ("status", .string(status)), ("background", .bool(false)), ("error", .null),
            ("incomplete_details", details),
            ("model", .string(head.model)), ("output", .array(items.map { $0.json(isDone: !isCut) })),
            ("previous_response_id", .null), ("reasoning", .object([("effort", .null), ("summary", .null)])),
            ("store", .bool(false)), ("truncation", .string("disabled")),
            ("usage", usage.map(\.responsesJSON) ?? .null),
        ]
        return .object(own + repeated)
    }
}

extension ResponsesAnswer.Item {
    var id: String {
        switch self {
        case .message(let id, _), .call(let id, _): id
        }
    }

    /// - Parameter isDone: whether it is whole.
    func json(isDone: Bool) -> JSON {
        switch self {
        case .message(let id, let text):
            ResponsesAnswer.Item.message(id, isDone ? "completed" : "incomplete", [ResponsesAnswer.Item.part(text)])
        case .call(let id, let call): ResponsesAnswer.Item.call(id, call, call.function.arguments, "completed")
        }
    }

    /// The item before anything of it has come.
    var openingJSON: JSON {
        switch self {
        case .message(let id, _): ResponsesAnswer.Item.message(id, "in_progress", [])
        case .call(let id, let call): ResponsesAnswer.Item.call(id, call, "", "in_progress")
        }
    }

    static func part(_ text: String) -> JSON {
        .object([
            ("type", .string("output_text")), ("text", .string(text)), ("annotations", .array([])),
            ("logprobs", .array([])),
        ])
    }

    private static func message(_ id: String, _ status: String, _ parts: [JSON]) -> JSON {
        .object([
            ("type", .string("message")), ("id", .string(id)), ("status", .string(status)),
            ("role", .string("assistant")), ("content", .array(parts)),
        ])
    }

    private static func call(
        _ id: String, _ call: GenerationAnswer.Call, _ arguments: String, _ status: String
    ) -> JSON {
        .object([
            ("type", .string("function_call")), ("id", .string(id)), ("call_id", .string(String(call.id))),
            ("name", .string(call.function.name)), ("arguments", .string(arguments)), ("status", .string(status)),
        ])
    }
}

extension Usage {
    fileprivate var responsesJSON: JSON {
        .object([
            ("input_tokens", .integer(promptTokens)),
            ("input_tokens_details", .object([("cached_tokens", .integer(promptTokensDetails.cachedTokens))])),
            ("output_tokens", .integer(completionTokens)),
            ("output_tokens_details", .object([("reasoning_tokens", .integer(0))])),
            ("total_tokens", .integer(totalTokens)),
        ])
    }
}
