import Foundation
import Switchback

/// Formats a conversation as the text that a model reads.
///
/// What people write cannot pass for a mark: a special token in a message is read as plain characters.
public struct ChatTemplate: Sendable, Equatable {
    public enum Style: String, CaseIterable, Codable, Sendable {
        /// For any tokenizer: `User:`, what was said, and a line `---`, each on lines of their own.
        case plain
        /// Between `<|im_start|>` and `<|im_end|>`, as Qwen has it.
        case chatml
        /// Between `<|start_header_id|>` and `<|eot_id|>`.
        case llama3
    }

    public let style: Style
    /// The system message of a conversation that has none.
    public var defaultSystem: String?
    /// The start of every system message; one is then added to conversations without.
    var systemPreamble: String?
    /// Whether what earlier answers have before `</think>` is omitted.
    var dropsThoughts = false

    public init(_ style: Style) { self.style = style }

    /// A conversation as a model reads it.
    public struct Encoded: Sendable, Equatable {
        public fileprivate(set) var tokens: [Int] = []
        /// Whether each token is one that the assistant wrote, the mark of the answer's end included.
        public fileprivate(set) var isAnswer: [Bool] = []
    }

    /// The tokens of a conversation.
    ///
    /// - Parameter awaitingAnswer: whether the beginning of an answer is added.
    /// - Throws: `InputError` where the tokenizer lacks a mark of the style, or does not know a character.
    public func encode(
        _ messages: [ChatMessage], with tokenizer: any Tokenizer, awaitingAnswer: Bool
    ) throws -> Encoded {
        var result = Encoded()
        // The plain style has no mark of its own at the beginning: the tokenizer's, if it has one.
        if style == .plain { result.tokens = try tokenizer.encode("", addingSpecialTokens: true) }
        result.isAnswer = result.tokens.map { _ in false }
        for part in parts(messages, awaitingAnswer: awaitingAnswer) {
            let tokens: [Int]
            switch part.content {
            case .text(let text): tokens = try tokenizer.encodeLiterally(text)
            case .mark(let name): tokens = [try mark(name, of: tokenizer)]
            }
            result.tokens += tokens
            result.isAnswer += tokens.map { _ in part.isAnswer }
        }
        return result
    }

    /// Throws `InputError` if the tokenizer lacks a mark of the style.
    public func check(_ tokenizer: any Tokenizer) throws {
        for name in style.marks { _ = try mark(name, of: tokenizer) }
    }

    private func mark(_ name: String, of tokenizer: any Tokenizer) throws -> Int {
        guard let token = tokenizer.specialToken(name) else {
            throw InputError(
                "tokenizer", "it has no token \(name), which the chat template \(style.rawValue) needs",
                remedy: "choose the template plain")
        }
        return token
    }

    /// Adds what ends an answer to the options.
    public func addEnds(to options: inout GenerationOptions, of tokenizer: any Tokenizer) {
        options.stopWords += style == .plain ? [Style.plainEnd.trimmingCharacters(in: .newlines)].map { "\n" + $0 } : []
        options.endTokens.formUnion(style.answerEnds.compactMap(tokenizer.specialToken))
    }

    // MARK: The parts of a conversation

    /// A piece of the text: one mark, or characters.
    private struct Part {
        enum Content {
            case mark(String)
            case text(String)
        }

        let content: Content
        var isAnswer = false

        static func mark(_ name: String, isAnswer: Bool = false) -> Part {
            Part(content: .mark(name), isAnswer: isAnswer)
        }
        static func text(_ text: String, isAnswer: Bool = false) -> Part {
            Part(content: .text(text), isAnswer: isAnswer)
        }
    }

    private func parts(_ messages: [ChatMessage], awaitingAnswer: Bool) -> [Part] {
        let messages = prepared(messages)
        let parts = messages.flatMap { message in
            let isAnswer = message.role == .assistant
            return header(message.role) + [.text(message.content, isAnswer: isAnswer)] + end(isAnswer)
        }
        return (style == .llama3 ? [.mark("<|begin_of_text|>")] : []) + parts
            + (awaitingAnswer ? header(.assistant) : [])
    }

    /// The messages as they are written: with a system message where the style has one of its own, and trimmed.
    private func prepared(_ messages: [ChatMessage]) -> [ChatMessage] {
        var messages = messages
        if messages.first?.role != .system, let system = defaultSystem ?? systemPreamble.map({ _ in "" }) {
            messages.insert(ChatMessage(.system, system), at: 0)
        }
        for index in messages.indices {
            if style != .chatml {
                messages[index].content = messages[index].content.trimmingCharacters(in: .whitespacesAndNewlines)
            }
            if dropsThoughts && messages[index].role == .assistant {
                messages[index].content = messages[index].content.withoutThoughts
            }
        }
        if let systemPreamble, messages.first?.role == .system {
            messages[0].content = systemPreamble + messages[0].content
        }
        return messages
    }

    private func header(_ role: ChatMessage.Role) -> [Part] {
        switch style {
        case .plain: [.text("\(role.rawValue.capitalized):\n")]
        case .chatml: [.mark("<|im_start|>"), .text("\(role.rawValue)\n")]
        case .llama3: [.mark("<|start_header_id|>"), .text(role.rawValue), .mark("<|end_header_id|>"), .text("\n\n")]
        }
    }

    private func end(_ isAnswer: Bool) -> [Part] {
        switch style {
        case .plain: [.text(Style.plainEnd, isAnswer: isAnswer)]
        case .chatml: [.mark("<|im_end|>", isAnswer: isAnswer), .text("\n")]
        case .llama3: [.mark("<|eot_id|>", isAnswer: isAnswer)]
        }
    }
}

extension ChatTemplate.Style {
    /// The end of a message in the plain template.
    static let plainEnd = "\n---\n"

    /// The special tokens that the style needs.
    fileprivate var marks: [String] {
        switch self {
        case .plain: []
        case .chatml: ["<|im_start|>", "<|im_end|>"]
        case .llama3: ["<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"]
        }
    }

    /// The special tokens that end an answer, where the tokenizer has them.
    fileprivate var answerEnds: [String] {
        switch self {
        case .plain: []
        case .chatml: ["<|im_end|>"]
        case .llama3: ["<|eot_id|>", "<|eom_id|>", "<|end_of_text|>"]
        }
    }
}

extension String {
    /// What follows the last `</think>`, without line ends before it; all, if there is none.
    fileprivate var withoutThoughts: String {
        guard let end = ranges(of: "</think>").last?.upperBound else { return self }
        return String(self[end...].drop { $0.isNewline })
    }
}
