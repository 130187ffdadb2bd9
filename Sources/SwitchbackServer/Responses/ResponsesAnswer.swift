import Foundation
import SwitchbackFormats
import SwitchbackLanguage

/// The answer to a request to `/v1/responses`: what has come of it, as the reference of OpenAI has it.
struct ResponsesAnswer {
    /// A part of the answer.
    struct Item {
        enum Content {
            case message(String)
            case call(id: String, name: String, arguments: String)
        }

        let id: String
        fileprivate(set) var content: Content
    }

    /// What happens to an item.
    struct Change {
        enum Kind {
            /// It was begun, and has nothing yet.
            case began
            /// It has more text, or more arguments.
            case added(String)
            case ended
        }

        let kind: Kind
        /// Its place in the answer.
        let index: Int
        /// As it is now.
        let item: Item
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

    /// Adds a piece of the text; returns what that changes.
    @discardableResult mutating func add(_ piece: GenerationAnswer.Choice) -> [Change] {
        finishReason = piece.finishReason ?? finishReason
        var changes: [Change] = []
        if let text = piece.delta?.content, !text.isEmpty {
            if case .message? = items.last?.content {} else { changes += begin(.message("")) }
            changes.append(append(text))
        }
        for call in piece.delta?.toolCalls ?? [] {
            if let name = call.function.name {
                changes += begin(.call(id: call.id ?? "", name: name, arguments: ""))
            }
            if !call.function.arguments.isEmpty { changes.append(append(call.function.arguments)) }
        }
        return piece.finishReason == nil ? changes : changes + end()
    }

    private mutating func begin(_ content: Item.Content) -> [Change] {
        let ended = end()
        let prefix = if case .message = content { "msg_" } else { "fc_" }
        items.append(Item(id: ResponsesAnswer.makeID(prefix), content: content))
        return ended + [change(.began)]
    }

    private mutating func append(_ more: String) -> Change {
        items[items.count - 1].content.append(more)
        return change(.added(more))
    }

    private func end() -> [Change] { items.isEmpty ? [] : [change(.ended)] }

    /// Of the last item.
    private func change(_ kind: Change.Kind) -> Change {
        Change(kind: kind, index: items.count - 1, item: items[items.count - 1])
    }

    mutating func finish(_ usage: Usage) { self.usage = usage }

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

    /// Whether an item is whole: where the answer is cut, the last one is not.
    func isDone(_ item: Int) -> Bool { finishReason != "length" || item < items.count - 1 }

    var json: JSON {
        let isCut = status == "incomplete"
        let details: JSON = isCut ? .object([("reason", .string("max_output_tokens"))]) : .null
        let own: [(name: String, value: JSON)] = [
            ("id", .string(head.id)), ("object", .string("response")), ("created_at", .integer(head.created)),
            ("status", .string(status)), ("background", .bool(false)), ("error", .null),
            ("incomplete_details", details),
            ("model", .string(head.model)),
            ("output", .array(items.indices.map { items[$0].json(isDone: isDone($0)) })),
            ("previous_response_id", .null), ("reasoning", .object([("effort", .null), ("summary", .null)])),
            ("store", .bool(false)), ("truncation", .string("disabled")),
            ("usage", usage.map(\.responsesJSON) ?? .null),
        ]
        return .object(own + repeated)
    }
}

extension ResponsesAnswer.Item.Content {
    fileprivate mutating func append(_ more: String) {
        switch self {
        case .message(let text): self = .message(text + more)
        case .call(let id, let name, let arguments): self = .call(id: id, name: name, arguments: arguments + more)
        }
    }
}

extension ResponsesAnswer.Item {
    /// - Parameter isDone: whether it is whole.
    func json(isDone: Bool) -> JSON {
        let status = isDone ? "completed" : "incomplete"
        switch content {
        case .message(let text): return message(status, [ResponsesAnswer.Item.part(text)])
        case .call(let id, let name, let arguments): return call(id, name, arguments, status)
        }
    }

    /// The item before anything of it has come.
    var openingJSON: JSON {
        switch content {
        case .message: message("in_progress", [])
        case .call(let id, let name, _): call(id, name, "", "in_progress")
        }
    }

    static func part(_ text: String) -> JSON {
        .object([
            ("type", .string("output_text")), ("text", .string(text)), ("annotations", .array([])),
            ("logprobs", .array([])),
        ])
    }

    private func message(_ status: String, _ parts: [JSON]) -> JSON {
        .object([
            ("type", .string("message")), ("id", .string(id)), ("status", .string(status)),
            ("role", .string("assistant")), ("content", .array(parts)),
        ])
    }

    private func call(_ callID: String, _ name: String, _ arguments: String, _ status: String) -> JSON {
        .object([
            ("type", .string("function_call")), ("id", .string(id)), ("call_id", .string(callID)),
            ("name", .string(name)), ("arguments", .string(arguments)), ("status", .string(status)),
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
