import Switchback
import SwitchbackFormats
import SwitchbackLanguage

/// The functions that a request offers, and what it says of their choice.
struct OfferedTools: Sendable {
    /// For the chat template, in OpenAI's form; `nil` where none is offered.
    let list: JSON?
    /// How the model writes calls, if it is offered any.
    let form: ToolCallForm?
    /// What the answer has to be where a function must be called.
    let grammar: Grammar?
    /// Whether an answer can have several calls.
    let allowsSeveral: Bool

    /// - Parameters:
    ///   - template: the model's.
    ///   - model: its name, for errors.
    /// - Throws: `InputError` over tools that are none, and where the template has no place for them.
    init(_ fields: ConfigurationFields, _ template: ChatTemplate, model: String) throws {
        let tools = try fields.array("tools") ?? []
        let functions = try tools.enumerated().map { index, tool in
            let entry = try fields.element(tool, "tools[\(index)]")
            guard let function = try entry.object("function") else {
                throw entry.problem("function", "it is missing", remedy: "describe a function by name and parameters")
            }
            return (name: try function.string("name"), parameters: try function.object("parameters"))
        }
        let choice = try Choice(fields)
        allowsSeveral = try fields.bool("parallel_tool_calls", default: true)
        guard choice.allowsCalls, !tools.isEmpty else {
            if choice.demandsCalls { throw fields.problem("tool_choice", "there are no tools to choose from") }
            (list, form, grammar) = (nil, nil, nil)
            return
        }
        guard let form = template.toolCallForm else {
            throw fields.problem("tools", "the chat template of the model \(model) has no place for them")
        }
        let callable = functions.filter { choice.allows($0.name) }
        if callable.isEmpty { throw fields.problem("tool_choice", "there is no such function among the tools") }
        (list, self.form) = (.array(tools), form)
        grammar = choice.demandsCalls ? try form.grammar(of: callable) : nil
    }

    /// What an answer says, and the functions that it calls.
    func parse(_ answer: String) -> (content: String, calls: [ToolCall]) {
        guard let (content, calls) = form?.parse(answer) else { return (answer, []) }
        return (content, allowsSeveral ? calls : Array(calls.prefix(1)))
    }

    private enum Choice {
        case none, automatic, required
        case one(String)

        init(_ fields: ConfigurationFields) throws {
            switch fields["tool_choice"] {
            case nil: self = .automatic
            case .string(let word):
                switch word {
                case "none": self = .none
                case "auto": self = .automatic
                case "required": self = .required
                default: throw fields.problem("tool_choice", "auto, none, required or a function is needed")
                }
            default:
                guard let function = try fields.object("tool_choice")?.object("function") else {
                    throw fields.problem("tool_choice", "auto, none, required or a function is needed")
                }
                self = .one(try function.string("name"))
            }
        }

        var allowsCalls: Bool { if case .none = self { false } else { true } }

        var demandsCalls: Bool {
            switch self {
            case .none, .automatic: false
            case .required, .one: true
            }
        }

        func allows(_ name: String) -> Bool {
            if case .one(let wanted) = self { wanted.isExactly(name) } else { true }
        }
    }
}
