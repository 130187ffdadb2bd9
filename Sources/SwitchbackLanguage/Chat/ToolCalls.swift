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

    /// What an answer says, and the functions that it calls. What is no call stays text.
    public func parse(_ answer: String) -> (content: String, calls: [ToolCall]) {
        switch self {
        case .object:
            let text = answer.trimmingCharacters(in: .whitespacesAndNewlines)
            guard let call = ToolCall(json: text) else { return (answer, []) }
            return ("", [call])
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

extension ToolCall {
    /// A call as a model writes it; `nil` if it is none.
    fileprivate init?(json text: String) {
        guard let value = try? Array(text.utf8).withUnsafeBytes({ try JSON(parsing: $0) }),
            let fields = try? ConfigurationFields(value, path: "answer"), let name = try? fields.string("name")
        else { return nil }
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
