import Switchback
import SwitchbackFormats

/// A conversation in one of the forms in which data sets have them.
///
/// | form | fields |
/// | --- | --- |
/// | OpenAI's | `messages` with `role` and `content`, and `tools` |
/// | ShareGPT's | `conversations` with `from` and `value`; `system` before them |
/// | Alpaca's | `instruction`, `input`, `output`; `system` before them |
/// | question and answer | `prompt` and `completion`, or `question` and `answer` |
struct ChatRecord {
    let messages: [ChatMessage]
    let tools: JSON?

    /// Throws `InputError` over a conversation of no known form.
    init(_ fields: ConfigurationFields) throws {
        tools = try fields.array("tools").map { .array($0) }
        if fields["messages"] != nil {
            messages = try ChatMessage.list(fields)
        } else if fields["conversations"] != nil {
            messages = try ChatRecord.system(fields) + ChatRecord.shareGPT(fields)
        } else if fields["instruction"] != nil {
            messages = try ChatRecord.system(fields) + ChatRecord.alpaca(fields)
        } else if let names = ChatRecord.pairs.first(where: { fields[$0.question] != nil && fields[$0.answer] != nil })
        {
            messages = [
                ChatMessage(.user, try fields.string(names.question)),
                ChatMessage(.assistant, try fields.string(names.answer)),
            ]
        } else {
            throw fields.problem(
                "messages", "it is missing",
                remedy: "give messages, conversations, instruction with output, or prompt with completion")
        }
    }

    private static let pairs = [
        (question: "prompt", answer: "completion"), (question: "prompt", answer: "response"),
        (question: "question", answer: "answer"),
    ]

    private static func system(_ fields: ConfigurationFields) throws -> [ChatMessage] {
        let text = try fields.string("system", default: "")
        return text.isEmpty ? [] : [ChatMessage(.system, text)]
    }

    /// ShareGPT's names of roles.
    private static let roles: [String: ChatMessage.Role] = [
        "system": .system, "human": .user, "user": .user, "gpt": .assistant, "assistant": .assistant,
        "model": .assistant,
        "chatgpt": .assistant, "tool": .tool, "observation": .tool,
    ]

    private static func shareGPT(_ fields: ConfigurationFields) throws -> [ChatMessage] {
        try fields.entries("conversations").map { turn in
            let name = try turn.string("from")
            guard let role = roles[name] else {
                let names = roles.keys.sorted()
                let hint = name.nearest(in: names).map { "; did you mean \($0)?" } ?? ""
                throw turn.problem(
                    "from", "there is no role \(name); there are \(names.joined(separator: ", "))\(hint)")
            }
            return ChatMessage(role, try turn.string("value"))
        }
    }

    /// What is to be done, what with, and the answer; turns before it under `history`.
    private static func alpaca(_ fields: ConfigurationFields) throws -> [ChatMessage] {
        let history = try (fields.array("history") ?? []).flatMap { value -> [ChatMessage] in
            guard case .array(let pair) = value, pair.count == 2, case .string(let question) = pair[0],
                case .string(let answer) = pair[1]
            else { throw fields.problem("history", "pairs of a question and an answer are needed") }
            return [ChatMessage(.user, question), ChatMessage(.assistant, answer)]
        }
        let input = try fields.string("input", default: "")
        let instruction = try fields.string("instruction")
        return history + [
            ChatMessage(.user, input.isEmpty ? instruction : "\(instruction)\n\(input)"),
            ChatMessage(.assistant, try fields.string("output")),
        ]
    }
}
