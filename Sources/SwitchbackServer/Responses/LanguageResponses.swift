import Foundation
import SwitchbackLanguage

// What OpenAI's interface answers, as its reference has it.

struct Usage: Encodable {
    /// What is to be said of the prompt's tokens.
    struct PromptDetails: Encodable {
        let cachedTokens: Int
    }

    let promptTokens, completionTokens, totalTokens: Int
    let promptTokensDetails: PromptDetails

    /// - Parameter perPrompt: how many texts continue the same prompt, which counts once.
    init(_ summaries: [GenerationSummary], perPrompt: Int) {
        promptTokens = summaries.reduce(0) { $0 + $1.promptTokens } / perPrompt
        completionTokens = summaries.reduce(0) { $0 + $1.tokens }
        totalTokens = promptTokens + completionTokens
        let first = stride(from: 0, to: summaries.count, by: perPrompt)
        promptTokensDetails = PromptDetails(cachedTokens: first.reduce(0) { $0 + summaries[$1].cachedTokens })
    }
}

/// The common fields of a language model's responses.
struct AnswerHead: Sendable {
    let id: String
    let created: Int
    let model: String

    init(prefix: String, model: String) {
        id = prefix + UUID().uuidString.lowercased().replacing("-", with: "")
        created = Int(Date().timeIntervalSince1970)
        self.model = model
    }
}

/// An answer, or a chunk of one, in one of the two forms of the interface.
struct GenerationAnswer: Encodable {
    struct Message: Encodable {
        var role: String?
        var content: String?
        var toolCalls: [Call]?
        /// Whether a missing content is said: beside calls it is null, and in a piece absent.
        var isWhole = false

        private enum CodingKeys: CodingKey { case role, content, toolCalls }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encodeIfPresent(role, forKey: .role)
            if isWhole || content != nil { try container.encode(content, forKey: .content) }
            try container.encodeIfPresent(toolCalls, forKey: .toolCalls)
        }
    }

    /// A function that the assistant calls, or a further piece of its arguments: then without name and id.
    struct Call: Encodable {
        struct Function: Encodable {
            var name: String?
            var arguments: String
        }

        /// Its place among the calls of an answer.
        let index: Int
        var id, type: String?
        var function: Function

        /// A call that begins.
        init(_ name: String, index: Int) {
            self.index = index
            id = "call_" + UUID().uuidString.lowercased().replacing("-", with: "").prefix(24)
            type = "function"
            function = Function(name: name, arguments: "")
        }

        init(moreArguments: String, index: Int) {
            self.index = index
            function = Function(arguments: moreArguments)
        }
    }

    struct Choice: Encodable {
        var index = 0
        /// Of a completion.
        var text: String?
        /// Of a chat, whole.
        var message: Message?
        /// Of a chat, a piece.
        var delta: Message?
        var logprobs: LogProbabilities?
        var finishReason: String?

        private enum CodingKeys: CodingKey { case index, text, message, delta, logprobs, finishReason }

        // `finish_reason` is null, not absent, as long as there is none.
        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(index, forKey: .index)
            try container.encodeIfPresent(text, forKey: .text)
            try container.encodeIfPresent(message, forKey: .message)
            try container.encodeIfPresent(delta, forKey: .delta)
            try container.encodeIfPresent(logprobs, forKey: .logprobs)
            try container.encode(finishReason, forKey: .finishReason)
        }
    }

    let id, object: String
    let created: Int
    let model: String
    let choices: [Choice]
    var usage: Usage?

    init(_ head: AnswerHead, object: String, choices: [Choice], usage: Usage? = nil) {
        id = head.id
        self.object = object
        created = head.created
        model = head.model
        self.choices = choices
        self.usage = usage
    }
}

extension Continuation.Ending {
    /// OpenAI's word for it; there is none for an answer that was broken off.
    package var finishReason: String? {
        switch self {
        case .length: "length"
        case .stop: "stop"
        case .cancelled: nil
        }
    }
}
