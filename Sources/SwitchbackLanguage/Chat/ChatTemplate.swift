import Foundation
import Switchback
import SwitchbackFormats

/// Formats a conversation as the text that a model reads: the program in Jinja that a model comes with, or one of a few
/// built in.
///
/// What people write cannot pass for a mark: a special token in a message is read as plain characters.
public struct ChatTemplate: Sendable {
    public enum Style: String, CaseIterable, Codable, Sendable {
        /// For any tokenizer: `User:`, what was said, and a line `---`, each on lines of their own.
        case plain
        /// Between `<|im_start|>` and `<|im_end|>`, as Qwen has it.
        case chatml
        /// Between `<|start_header_id|>` and `<|eot_id|>`.
        case llama3
    }

    /// The style, if it is one of those built in.
    public let style: Style?
    private let usual: JinjaTemplate
    /// What is used where tools are offered, if the model has a template of its own for that.
    private let withTools: JinjaTemplate?
    /// The special tokens that the program can name, such as `bos_token`.
    let tokens: [String: String]
    /// Whether the tokenizer's marks of a text's beginning come first; a model's own program writes them itself.
    private let addsBeginning: Bool

    /// A template that is built in.
    public init(_ style: Style) {
        self.style = style
        do {
            usual = try JinjaTemplate(style.jinja, place: "the template \(style.rawValue)")
        } catch { fail("ChatTemplate", "the built-in template is damaged: \(error)") }
        (withTools, tokens) = (nil, [:])
        addsBeginning = style == .plain
    }

    /// A program in Jinja.
    ///
    /// - Parameters:
    ///   - jinja: the program.
    ///   - place: the file that it comes from.
    ///   - toolJinja: another one for conversations with tools.
    ///   - tokens: the texts of special tokens by the names that the program has for them.
    /// - Throws: `InputError` where it is no program.
    package init(jinja: String, place: String, toolJinja: String? = nil, tokens: [String: String] = [:]) throws {
        style = Style.allCases.first { $0.jinja.isExactly(jinja) }
        usual = try JinjaTemplate(jinja, place: place)
        withTools = try toolJinja.map { try JinjaTemplate($0, place: place) }
        self.tokens = tokens
        addsBeginning = style == .plain
    }

    /// The program.
    public var jinja: String { usual.source }
    /// The program for conversations with tools, if there is another one.
    var toolJinja: String? { withTools?.source }

    /// How the model writes the functions that it calls; `nil` where its program has no place for them, or has another
    /// form than those that are known.
    public var toolCallForm: ToolCallForm? {
        let source = withTools?.source ?? usual.source
        guard source.contains("tools") else { return nil }
        if source.contains("<tool_call>") { return .tagged }
        // Newer ones of Mistral write each call apart: [TOOL_CALLS]name[ARGS]{…}.
        if source.contains("[TOOL_CALLS]") { return source.contains("[ARGS]") ? nil : .list }
        return source.contains("\"parameters\": ") ? .object : nil
    }

    /// What a conversation comes with beside its messages.
    public struct Context: Sendable {
        /// The functions that the model can call, a list in OpenAI's form.
        public var tools: JSON?
        /// Further variables of the program, such as `enable_thinking`.
        public var variables: [(name: String, value: JSON)] = []

        public init(tools: JSON? = nil, variables: [(name: String, value: JSON)] = []) {
            self.tools = tools
            self.variables = variables
        }
    }

    /// A conversation as a model reads it.
    public struct Encoded: Sendable, Equatable {
        public let tokens: [Int]
        /// Whether each token is one that the assistant wrote, the mark of the answer's end included.
        public let isAnswer: [Bool]
    }

    /// Whether the program has a variable of some name that a conversation does not set itself.
    public func reads(_ variable: String) -> Bool {
        let own = ["messages", "tools", "add_generation_prompt"]
        return !own.contains(variable)
            && (usual.names.contains(variable) || withTools?.names.contains(variable) == true)
    }

    /// The text of a conversation.
    ///
    /// - Parameter awaitingAnswer: whether the beginning of an answer is added.
    /// - Throws: `InputError` where the program does not accept the conversation.
    public func text(
        of messages: [ChatMessage], awaitingAnswer: Bool, _ context: Context = Context()
    ) throws -> String {
        try rendered(messages, awaitingAnswer: awaitingAnswer, context).string
    }

    func rendered(
        _ messages: [ChatMessage], awaitingAnswer: Bool, _ context: Context = Context()
    ) throws -> JinjaText {
        var variables: [String: JinjaValue] = tokens.mapValues { .string($0) }
        for (name, value) in context.variables { variables[name] = JinjaValue(value, origin: .data) }
        variables["messages"] = .list(messages.enumerated().map { $1.value(number: $0) })
        variables["tools"] = context.tools.map { JinjaValue($0, origin: .data) } ?? JinjaValue.none
        variables["documents"] = variables["documents"] ?? JinjaValue.none
        variables["add_generation_prompt"] = .bool(awaitingAnswer)
        let program = context.tools == nil ? usual : withTools ?? usual
        return try program.render(variables)
    }

    /// The tokens that a model reads before it answers a conversation.
    ///
    /// - Throws: `InputError` where the program does not accept the conversation, the tokenizer lacks a mark of the
    ///   style, or does not know a character.
    public func prompt(
        for messages: [ChatMessage], with tokenizer: any Tokenizer, _ context: Context = Context()
    ) throws -> [Int] {
        let text = try rendered(messages, awaitingAnswer: true, context)
        return try beginning(tokenizer) + tokens(of: text, messages, tokenizer)
    }

    /// The tokens of a conversation, and which of them a model learns. Throws as `prompt(for:with:_:)`.
    public func encode(
        _ messages: [ChatMessage], with tokenizer: any Tokenizer, _ context: Context = Context()
    ) throws -> Encoded {
        let text = try rendered(messages, awaitingAnswer: false, context)
        let tokens = try tokens(of: text, messages, tokenizer)
        let isAnswer = try answers(messages, text, context).tokens(tokens, of: text, tokenizer)
        let beginning = try beginning(tokenizer)
        return Encoded(tokens: beginning + tokens, isAnswer: beginning.map { _ in false } + isAnswer)
    }

    private func beginning(_ tokenizer: any Tokenizer) throws -> [Int] {
        try addsBeginning ? tokenizer.encode("", addingSpecialTokens: true) : []
    }

    private func tokens(
        of text: JinjaText, _ messages: [ChatMessage], _ tokenizer: any Tokenizer
    ) throws -> [Int] {
        try check(tokenizer)
        var reading: [ReadableTokens] = []
        for element in text.elements {
            reading += repeatElement(messages.readable(element.origin), count: UTF8.width(element.scalar))
        }
        return try tokenizer.encode(text.string, reading: reading)
    }

    private func answers(
        _ messages: [ChatMessage], _ text: JinjaText, _ context: Context
    ) throws -> ChatAnswers {
        if text.elements.contains(where: \.isGenerated) { return ChatAnswers(generatedIn: text, of: messages) }
        let questions = Array(messages.prefix { $0.role != .assistant })
        // Some programs accept no conversation without an answer; then answers begin with what the assistant said.
        let opening = try? rendered(questions, awaitingAnswer: true, context)
        let closed = try? rendered(questions, awaitingAnswer: false, context)
        var prompt = JinjaText()
        if let opening, let closed, opening.has(closed, at: 0) { prompt = opening[closed.count..<opening.count] }
        return ChatAnswers(of: messages, in: text, prompt: prompt, ending: try ending(messages, context))
    }

    /// What stands behind the last answer of a conversation.
    private func ending(_ messages: [ChatMessage], _ context: Context) throws -> JinjaText {
        guard let last = messages.lastIndex(where: { $0.role == .assistant }) else { return JinjaText() }
        let text = try rendered(Array(messages[...last]), awaitingAnswer: false, context)
        let end = text.elements.lastIndex { $0.origin == .message(last) } ?? text.count - 1
        return text[end + 1..<text.count]
    }

    /// Throws `InputError` if the tokenizer lacks a mark of a built-in style.
    public func check(_ tokenizer: any Tokenizer) throws {
        for name in style?.marks ?? [] where tokenizer.specialToken(name) == nil {
            throw InputError(
                "tokenizer", "it has no token \(name), which the chat template \(style?.rawValue ?? "") needs",
                remedy: "choose the template plain")
        }
    }

    /// Adds what ends an answer to the options: the special token behind an answer, or the text if there is none.
    public func addEnds(to options: inout GenerationOptions, of tokenizer: any Tokenizer) {
        options.endTokens.formUnion((style?.answerEnds ?? []).compactMap(tokenizer.specialToken))
        let messages = [ChatMessage(.user, "a"), ChatMessage(.assistant, "b")]
        guard let ending = try? ending(messages, Context()),
            let tokens = try? tokenizer.encode(ending.string)
        else { return }
        if let mark = tokens.first(where: tokenizer.isSpecial) {
            options.endTokens.insert(mark)
        } else {
            let word = ending.string.trimmingSuffix { $0.isNewline }
            if !word.allSatisfy(\.isWhitespace) { options.stopWords.append(String(word)) }
        }
    }
}

extension String {
    fileprivate func trimmingSuffix(_ isTrimmed: (Character) -> Bool) -> Substring {
        var result = self[...]
        while let last = result.last, isTrimmed(last) { result.removeLast() }
        return result
    }
}

extension [ChatMessage] {
    /// Which tokens are looked for in text of an origin: what the assistant said can hold a model's own marks, such as
    /// `<think>`, but no special tokens.
    fileprivate func readable(_ origin: JinjaText.Origin) -> ReadableTokens {
        switch origin {
        case .template: .all
        case .data: .none
        case .message(let number): self[number].role == .assistant ? .ordinary : .none
        }
    }
}

extension ChatTemplate.Style {
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

    /// The style as a program in Jinja.
    public var jinja: String {
        switch self {
        case .plain:
            """
            {% for message in messages %}{{ message['role'] | capitalize + ':\\n' + message['content'] | trim + '\\n---\\n' }}\
            {% endfor %}{% if add_generation_prompt %}{{ 'Assistant:\\n' }}{% endif %}
            """
        case .chatml:
            """
            {% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}\
            {% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}
            """
        case .llama3:
            """
            {{ '<|begin_of_text|>' }}{% for message in messages %}{{ '<|start_header_id|>' + message['role'] + \
            '<|end_header_id|>\\n\\n' + message['content'] | trim + '<|eot_id|>' }}{% endfor %}\
            {% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{% endif %}
            """
        }
    }
}
