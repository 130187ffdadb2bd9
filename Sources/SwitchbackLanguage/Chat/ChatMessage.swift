import Switchback
import SwitchbackFormats

/// One message of a conversation.
public struct ChatMessage: Sendable {
    public enum Role: String, Sendable, CaseIterable {
        /// How the assistant should behave; before all others.
        case system
        case user
        case assistant
        /// What a function gave that the assistant called.
        case tool
    }

    public var role: Role
    public var content: String
    /// What else the message has, in OpenAI's form: `tool_calls`, `name`, `reasoning_content`.
    public var members: [(name: String, value: JSON)]
    /// Whether the message is learned where a model is tuned on it; of the assistant's, all are unless it is said.
    public var isLearned = true

    public init(_ role: Role, _ content: String, members: [(name: String, value: JSON)] = []) {
        self.role = role
        self.content = content
        self.members = members
    }

    /// Whether it says or calls anything.
    var hasContent: Bool { !content.isEmpty || members.contains { $0.name == "tool_calls" } }

    /// The message as a template sees it. Its role is one of few words, and comes from no one.
    ///
    /// - Parameter number: its place in the conversation.
    func value(number: Int) -> JinjaValue {
        var entries: [(key: JinjaValue, value: JinjaValue)] = []
        let origin = JinjaText.Origin.message(number)
        let reasoning = ChatMessage.reasoningNames.lazy.compactMap { name in
            members.first { $0.name == name }?.value
        }.first
        // The newest templates know a thought by this name, older ones by another.
        if let reasoning { entries.append((.string("thinking"), JinjaValue(reasoning, origin: origin))) }
        entries.append((.string("role"), .string(role.rawValue)))
        entries.append((.string("content"), .text(JinjaText(content, origin: origin))))
        for (name, value) in members { entries.append((.string(name), JinjaValue(value, origin: origin))) }
        if let reasoning { entries.append((.string("reasoning_content"), JinjaValue(reasoning, origin: origin))) }
        return .dictionary(JinjaDictionary(entries))
    }

    private static let reasoningNames = ["reasoning_content", "thinking", "reasoning"]
}

extension ChatMessage: Equatable {
    public static func == (a: ChatMessage, b: ChatMessage) -> Bool {
        a.role == b.role && a.content.isExactly(b.content) && a.isLearned == b.isLearned
            && "\(JSON.object(a.members))".isExactly("\(JSON.object(b.members))")
    }
}

extension ChatMessage {
    /// The messages of a list in OpenAI's form: objects with `role` and `content`, which is text or a list of parts of
    /// which each is text; null beside `tool_calls`.
    ///
    /// - Parameters:
    ///   - fields: holds the list.
    ///   - name: under which it does.
    /// - Throws: `InputError` over a list that is missing or empty, a role that is not known, and content that is not
    ///   text.
    public static func list(_ fields: ConfigurationFields, _ name: String = "messages") throws -> [ChatMessage] {
        guard fields[name] != nil else {
            throw fields.problem(name, "it is missing", remedy: "give a list of messages")
        }
        let entries = try fields.entries(name)
        if entries.isEmpty { throw fields.problem(name, "the list is empty") }
        return try entries.map { try ChatMessage($0) }
    }

    /// Names under which other programs know a role.
    private static let otherNames = ["developer": "system", "function": "tool"]
    /// Members that are read apart.
    private static let ownMembers = ["role", "content", "weight"]

    private init(_ fields: ConfigurationFields) throws {
        let name = try fields.string("role")
        let wanted = ChatMessage.otherNames[name] ?? name
        guard let role = Role.allCases.first(where: { $0.rawValue.isExactly(wanted) }) else {
            let names = Role.allCases.map(\.rawValue)
            let hint = name.nearest(in: names).map { "; did you mean \($0)?" } ?? ""
            throw fields.problem(
                "role", "there is no role \(name); the roles are \(names.joined(separator: ", "))\(hint)")
        }
        self.role = role
        members = fields.names.compactMap { name in
            ChatMessage.ownMembers.contains(name) ? nil : fields[name].map { (name, $0) }
        }.map { ($0.0, $0.0 == "tool_calls" ? $0.1.withArgumentsAsObjects : $0.1) }
        content = try ChatMessage.content(fields)
        isLearned = try ChatMessage.weight(fields)
    }

    private static func content(_ fields: ConfigurationFields) throws -> String {
        switch fields["content"] {
        case .string(let text): return text
        case .array(let parts):
            return try parts.enumerated().map { index, part in
                let part = try ConfigurationFields(part, path: fields.path, prefix: "content[\(index)].")
                try part.requireOnly("type", ["text"], default: "text")
                return try part.string("text")
            }.joined()
        case nil where fields["tool_calls"] != nil: return ""
        default: throw fields.problem("content", "text is needed")
        }
    }

    /// OpenAI's `weight` of a message in training data: 0 leaves it out.
    private static func weight(_ fields: ConfigurationFields) throws -> Bool {
        let weight = try fields.integer("weight", minimum: 0, default: 1)
        guard weight <= 1 else { throw fields.problem("weight", "it is \(weight), and only 0 and 1 are possible") }
        return weight == 1
    }
}

extension JSON {
    /// Calls with `arguments` that are a text, as OpenAI's interface has them, as the object that templates expect.
    fileprivate var withArgumentsAsObjects: JSON {
        switch self {
        case .array(let calls): .array(calls.map(\.withArgumentsAsObjects))
        case .object(let members):
            .object(
                members.map { name, value in
                    switch (name, value) {
                    case ("function", _): (name, value.withArgumentsAsObjects)
                    case ("arguments", .string(let text)): (name, JSON.object(in: text) ?? value)
                    default: (name, value)
                    }
                })
        default: self
        }
    }

    /// The object that a text holds; `nil` if it is none.
    private static func object(in text: String) -> JSON? {
        let value = try? JSON(text: text)
        guard case .object? = value else { return nil }
        return value
    }
}
