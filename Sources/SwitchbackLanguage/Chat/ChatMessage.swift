import Switchback
import SwitchbackFormats

/// One message of a conversation.
public struct ChatMessage: Sendable, Equatable {
    public enum Role: String, Sendable, CaseIterable {
        /// How the assistant should behave; before all others.
        case system
        case user
        case assistant
    }

    public var role: Role
    public var content: String

    public init(_ role: Role, _ content: String) {
        self.role = role
        self.content = content
    }
}

extension ChatMessage {
    /// The messages of a list in OpenAI's form: objects with `role` and `content`, which is text or a list of parts of
    /// which each is text.
    ///
    /// - Parameter fields: holds the list under the name `messages`.
    /// - Throws: `InputError` over a list that is missing or empty, a role that is not known, a system message that is
    ///   not the first, and content that is not text.
    public static func list(_ fields: ConfigurationFields) throws -> [ChatMessage] {
        guard let values = try fields.array("messages") else {
            throw fields.problem("messages", "it is missing", remedy: "give a list of messages")
        }
        if values.isEmpty { throw fields.problem("messages", "the list is empty") }
        return try values.enumerated().map { index, value in
            let entry = try ConfigurationFields(value, path: fields.path, prefix: "messages[\(index)].")
            let message = try ChatMessage(entry)
            if message.role == .system && index > 0 {
                throw entry.problem("role", "a system message can only come first")
            }
            return message
        }
    }

    private init(_ fields: ConfigurationFields) throws {
        let name = try fields.string("role")
        // OpenAI's newer name for the same.
        let wanted = name.isExactly("developer") ? "system" : name
        guard let role = Role.allCases.first(where: { $0.rawValue.isExactly(wanted) }) else {
            let names = Role.allCases.map(\.rawValue)
            let hint = name.nearest(in: names).map { "; did you mean \($0)?" } ?? ""
            throw fields.problem(
                "role", "there is no role \(name); the roles are \(names.joined(separator: ", "))\(hint)")
        }
        self.role = role
        switch fields["content"] {
        case .string(let text): content = text
        case .array(let parts):
            content = try parts.enumerated().map { index, part in
                let part = try ConfigurationFields(part, path: fields.path, prefix: "content[\(index)].")
                try part.requireOnly("type", ["text"], default: "text")
                return try part.string("text")
            }.joined()
        default: throw fields.problem("content", "text is needed")
        }
    }
}
