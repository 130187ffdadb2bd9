import Switchback
import SwitchbackFormats

/// A function that the assistant calls.
public struct ToolCall: Sendable, Equatable {
    public let name: String
    /// A JSON object, unless the model was cut off in the midst of it or wrote none.
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
