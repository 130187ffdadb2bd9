import Foundation
import Switchback
import SwitchbackFormats

/// A function that the assistant calls.
public struct ToolCall: Sendable, Equatable {
    public let name: String
    /// A JSON object.
    public let arguments: String

    public init(name: String, arguments: String) {
        self.name = name
        self.arguments = arguments
    }
}

/// How a model writes the functions that it calls, which its chat template tells.
public enum ToolCallForm: Sendable {
    /// A JSON object with `name` and `arguments` between `<tool_call>` and `</tool_call>`, as Hermes and Qwen have it.
    case tagged
    /// The whole answer is a JSON object with `name` and `parameters`, as Llama 3.1 has it.
    case object
    /// The whole answer is a list of such objects behind the mark `[TOOL_CALLS]`, as Mistral has it.
    case list

    /// What an answer says, and the functions that it calls. What is no call stays text.
    public func parse(_ answer: String) -> (content: String, calls: [ToolCall]) {
        switch self {
        case .object:
            let text = answer.trimmingCharacters(in: .whitespacesAndNewlines)
            guard let call = ToolCall(json: text) else { return (answer, []) }
            return ("", [call])
        case .list:
            let text = answer.trimmingCharacters(in: .whitespacesAndNewlines)
            // The mark is a special token, which is no text, or it is one.
            let mark = "[TOOL_CALLS]"
            guard let calls = ToolCall.list(json: text.hasPrefix(mark) ? String(text.dropFirst(mark.count)) : text)
            else {
                return (answer, [])
            }
            return ("", calls)
        case .tagged:
            var (content, calls, rest) = ("", [ToolCall](), answer[...])
            while let start = rest.firstRange(of: "<tool_call>") {
                let body = rest[start.upperBound...]
                let end = body.firstRange(of: "</tool_call>")
                guard let call = ToolCall(json: String(body[..<(end?.lowerBound ?? body.endIndex)])) else { break }
                content += rest[..<start.lowerBound]
                calls.append(call)
                rest = end.map { body[$0.upperBound...] } ?? ""
            }
            content += rest
            return (calls.isEmpty ? content : content.trimmingCharacters(in: .whitespacesAndNewlines), calls)
        }
    }
}

extension ToolCallForm {
    /// Answers that are a call of one of some functions, with arguments as its parameters describe them.
    ///
    /// - Parameter functions: their names, and the schemas of their parameters.
    /// - Throws: `InputError` over a schema that cannot be kept.
    public func grammar(of functions: [(name: String, parameters: ConfigurationFields?)]) throws -> Grammar {
        let (opening, closing) =
            switch self {
            case .tagged: ("<tool_call>\n", "\n</tool_call>")
            case .object: ("", "")
            case .list: ("[", "]")
            }
        return try Grammar.jsonCalls(
            of: functions, argumentsName: self == .object ? "parameters" : "arguments", opening, closing)
    }
}

extension ToolCall {
    /// A list of calls as a model writes it; `nil` if it is none.
    fileprivate static func list(json text: String) -> [ToolCall]? {
        guard case .array(let values)? = try? JSON(text: text), !values.isEmpty else { return nil }
        let calls = values.compactMap { ToolCall($0) }
        return calls.count == values.count ? calls : nil
    }

    /// A call as a model writes it; `nil` if it is none.
    fileprivate init?(json text: String) {
        guard let value = try? JSON(text: text) else { return nil }
        self.init(value)
    }

    private init?(_ value: JSON) {
        guard let fields = try? ConfigurationFields(value, path: "answer"), let name = try? fields.string("name") else {
            return nil
        }
        switch fields["arguments"] ?? fields["parameters"] {
        case nil: arguments = "{}"
        // Some models write the arguments as a text that holds JSON.
        case .string(let text): arguments = text
        case .object(let members): arguments = JSON.object(members).line
        default: return nil
        }
        self.name = name
    }
}
