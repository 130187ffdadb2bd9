import Switchback
import SwitchbackFormats
import SwitchbackLanguage

/// The functions that a request offers, and what it says of their choice.
struct OfferedTools: Sendable {
    /// For the chat template, in OpenAI's form; `nil` where none is offered.
    let list: JSON?
    /// Tells calls from text in an answer; `nil` where nothing can be called.
    let reader: ToolCallReader?
    /// What the answer has to be: a call where a function must be called, and else what the request wants, or a call.
    let grammar: Grammar?

    /// - Parameters:
    ///   - template: the model's.
    ///   - model: its name, for errors.
    ///   - format: what an answer that calls nothing has to be, if it cannot be anything.
    /// - Throws: `InputError` over tools that are none, and where the template has no place for them.
    init(_ fields: ConfigurationFields, _ template: ChatTemplate, model: String, format: Grammar?) throws {
        let tools = try fields.array("tools") ?? []
        let functions = try tools.enumerated().map { index, tool in
            let entry = try fields.element(tool, "tools[\(index)]")
            guard let function = try entry.object("function") else {
                throw entry.problem("function", "it is missing", remedy: "describe a function by name and parameters")
            }
            return (name: try function.string("name"), parameters: try function.object("parameters"))
        }
        let choice = try Choice(fields)
        let allowsSeveral = try fields.bool("parallel_tool_calls", default: true)
        guard choice.allowsCalls, !tools.isEmpty else {
            if choice.demandsCalls { throw fields.problem("tool_choice", "there are no tools to choose from") }
            (list, reader, grammar) = (nil, nil, format)
            return
        }
        guard let form = template.toolCallForm else {
            throw fields.problem("tools", "the chat template of the model \(model) has no place for them")
        }
        let callable = functions.filter { choice.allows($0.name) }
        if callable.isEmpty { throw fields.problem("tool_choice", "there is no such function among the tools") }
        list = .array(zip(tools, functions).filter { choice.offers($1.name) }.map(\.0))
        reader = ToolCallReader(form, functions: callable.map(\.name), allowsSeveral: allowsSeveral)
        func calls() throws -> Grammar { try form.grammar(of: callable) }
        grammar = try choice.demandsCalls ? calls() : format.map { .either(try calls(), or: $0) }
    }

    private enum Choice {
        case none, automatic, required
        case one(String)
        /// Some of the functions, as if the others were not there.
        case some([String], isRequired: Bool)

        init(_ fields: ConfigurationFields) throws {
            switch fields["tool_choice"] {
            case nil: self = .automatic
            case .string(let word):
                switch word {
                case "none": self = .none
                case "auto": self = .automatic
                case "required": self = .required
                default: throw fields.problem("tool_choice", Choice.needed)
                }
            default:
                let choice = try fields.object("tool_choice")
                if let some = try choice?.object("allowed_tools") {
                    let mode = try some.string("mode", default: "auto")
                    guard ["auto", "required"].contains(where: mode.isExactly) else {
                        throw some.problem("mode", "auto or required is needed")
                    }
                    let names = try some.entries("tools").map { try Choice.name($0) }
                    self = .some(names, isRequired: mode == "required")
                } else if let choice {
                    self = .one(try Choice.name(choice))
                } else {
                    throw fields.problem("tool_choice", Choice.needed)
                }
            }
        }

        private static let needed = "auto, none, required, a function or allowed_tools is needed"

        private static func name(_ choice: ConfigurationFields) throws -> String {
            guard let function = try choice.object("function") else { throw choice.problem("function", needed) }
            return try function.string("name")
        }

        var allowsCalls: Bool { if case .none = self { false } else { true } }

        var demandsCalls: Bool {
            switch self {
            case .none, .automatic: false
            case .required, .one: true
            case .some(_, let isRequired): isRequired
            }
        }

        /// Whether the model is told of a function.
        func offers(_ name: String) -> Bool {
            if case .some(let names, _) = self { names.contains(where: name.isExactly) } else { true }
        }

        /// Whether it can be called.
        func allows(_ name: String) -> Bool {
            if case .one(let wanted) = self { wanted.isExactly(name) } else { offers(name) }
        }
    }
}
