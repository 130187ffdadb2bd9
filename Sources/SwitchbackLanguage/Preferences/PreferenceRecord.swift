import Switchback
import SwitchbackFormats

/// A question with two answers in one of the forms in which data sets have them.
///
/// | form | fields |
/// | --- | --- |
/// | conversations | `prompt`, `chosen` and `rejected`, lists of messages; `tools` |
/// | the same without a prompt | `chosen` and `rejected`, lists of messages that begin alike |
/// | texts | `prompt` (or `question`), `chosen` and `rejected`: what a user asks, and what the assistant answers; `system` |
///
/// A text can stand beside lists; and lists may begin with the prompt once more, as UltraFeedback's do.
struct PreferenceRecord {
    let chosen, rejected: ChatData.Entry

    /// Throws `InputError` over a pair of no known form.
    init(_ fields: ConfigurationFields) throws {
        let context = ChatTemplate.Context(tools: try fields.array("tools").map { .array($0) })
        let answers = try ["chosen", "rejected"].map { try PreferenceRecord.messages(fields, $0, .assistant) }
        let prompt = try PreferenceRecord.prompt(fields, answers)
        let entries = try zip(["chosen", "rejected"], answers).map { name, messages in
            let answer = Array(messages.starts(with: prompt) ? messages.dropFirst(prompt.count) : messages[...])
            guard answer.contains(where: { $0.role == .assistant && $0.isLearned && $0.hasContent }) else {
                throw fields.problem(name, "it has no message of the assistant after the prompt")
            }
            let given = prompt.map { message in
                var message = message
                message.isLearned = false
                return message
            }
            return ChatData.Entry(messages: given + answer, context: context)
        }
        (chosen, rejected) = (entries[0], entries[1])
    }

    /// What both answers answer: the prompt, or the messages with which both lists begin.
    private static func prompt(_ fields: ConfigurationFields, _ answers: [[ChatMessage]]) throws -> [ChatMessage] {
        for name in ["prompt", "question"] where fields[name] != nil {
            let system = try fields.string("system", default: "")
            return (system.isEmpty ? [] : [ChatMessage(.system, system)]) + (try messages(fields, name, .user))
        }
        var shared = zip(answers[0], answers[1]).prefix { $0 == $1 }.map(\.0)
        while shared.last?.role == .assistant { shared.removeLast() }
        guard !shared.isEmpty else {
            throw fields.problem(
                "prompt", "it is missing",
                remedy: "give it, or chosen and rejected as lists of messages that begin with the same question")
        }
        return shared
    }

    /// A list of messages, or a text as the only message of a role.
    private static func messages(
        _ fields: ConfigurationFields, _ name: String, _ role: ChatMessage.Role
    ) throws -> [ChatMessage] {
        switch fields[name] {
        case .string(let text): return [ChatMessage(role, text)]
        case .array: return try ChatMessage.list(fields, name)
        case nil: throw fields.problem(name, "it is missing", remedy: "give prompt, chosen and rejected")
        default: throw fields.problem(name, "a text or a list of messages is needed")
        }
    }
}
