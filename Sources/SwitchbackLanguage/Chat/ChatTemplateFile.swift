import Foundation
import Switchback
import SwitchbackFormats

// Chat templates in the folder of a model: `chat_template` in `tokenizer_config.json`, or the file
// `chat_template.jinja`. Templates are programs in Jinja; they are not run, but told by their marks.

extension ChatTemplate {
    /// The template for a model: of a style that was requested, or the one that the model's folder has, or the plain
    /// one.
    public static func choose(_ style: Style?, for folder: String) throws -> ChatTemplate {
        if let style {
            // The folder's own says more than its style.
            if let own = try? load(folder), own.style == style { return own }
            return ChatTemplate(style)
        }
        if let own = try load(folder) { return own }
        Diagnostics.warn("\(folder) has no chat template: the template plain is used")
        return ChatTemplate(.plain)
    }

    /// The template of a folder; `nil` if it has none.
    ///
    /// Throws `InputError` over a template of a style that is not known here, and names it.
    public static func load(_ folder: String) throws -> ChatTemplate? {
        let separate = Checkpoint.path(folder, "chat_template.jinja")
        if FileManager.default.fileExists(atPath: separate) {
            return try ChatTemplate(jinja: try TextFile.read(separate), place: separate)
        }
        let path = Checkpoint.path(folder, settingsName)
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        let fields = try ConfigurationFields(file: path)
        switch fields["chat_template"] {
        case nil: return nil
        case .string(let text): return try ChatTemplate(jinja: text, place: path)
        case .array(let list):
            let templates = try list.map { try ConfigurationFields($0, path: path, prefix: "chat_template.") }
            guard let usual = try templates.first(where: { try $0.string("name") == "default" }) else {
                throw fields.problem("chat_template", "there are several, and none has the name default")
            }
            return try ChatTemplate(jinja: usual.string("template"), place: path)
        default: throw fields.problem("chat_template", "text is needed")
        }
    }

    private static let settingsName = "tokenizer_config.json"

    /// - Parameters:
    ///   - jinja: the program.
    ///   - place: the file that it comes from.
    init(jinja: String, place: String) throws {
        if jinja == Style.plain.jinja {
            self.init(.plain)
        } else if jinja.contains("<|im_start|>") && jinja.contains("<|im_end|>") && !jinja.contains("<|im_sep|>") {
            self.init(.chatml)
            defaultSystem = jinja.literal(after: "<|im_start|>system\\n", before: "<|im_end|>")
            dropsThoughts = jinja.contains("</think>")
        } else if jinja.contains("<|start_header_id|>") && jinja.contains("<|eot_id|>") {
            self.init(.llama3)
            if let knowledge = jinja.literal(after: "Cutting Knowledge Date: ", before: "\\n") {
                let date = jinja.contains("strftime_now") ? ChatTemplate.today : "26 Jul 2024"
                systemPreamble = "Cutting Knowledge Date: \(knowledge)\nToday Date: \(date)\n\n"
            }
        } else {
            let known = Style.allCases.map(\.rawValue).joined(separator: ", ")
            throw InputError(
                place, at: "field chat_template",
                "it is of \(ChatTemplate.foreignStyle(jinja)); known ones are \(known)",
                remedy: "choose one of these with --template, and fine-tune the model with it")
        }
    }

    /// As `strftime` writes it with `%d %b %Y`.
    private static var today: String {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.dateFormat = "dd MMM yyyy"
        return formatter.string(from: Date())
    }

    /// What a style is called that is not known here.
    private static func foreignStyle(_ jinja: String) -> String {
        let marks = [
            ("<|im_sep|>", "Phi 4's style"), ("<start_of_turn>", "Gemma's style"),
            ("[INST]", "the style of Llama 2 and Mistral"),
            ("<|START_OF_TURN_TOKEN|>", "Command R's style"), ("<｜User｜>", "DeepSeek's style"),
            ("<|end|>", "Phi's style"), ("<|user|>", "Zephyr's style"), ("GPT4 Correct", "OpenChat's style"),
            ("### Instruction", "Alpaca's style"), ("USER:", "Vicuna's style"),
        ]
        return marks.first { jinja.contains($0.0) }?.1 ?? "a style that has no name here"
    }

    /// Writes the template into a folder; whatever else `tokenizer_config.json` says in the folder that a model comes
    /// from is kept.
    func save(to folder: String, from source: String?) throws {
        let path = source.map { Checkpoint.path($0, ChatTemplate.settingsName) }
        var members: [(name: String, value: JSON)] = []
        if let path, FileManager.default.fileExists(atPath: path), case .object(let found) = try JSON(file: path) {
            members = found
        }
        // A template that came with the model says more than ours: it stays unless another style was chosen.
        let kept = source.flatMap { try? ChatTemplate.load($0) }?.style == style
        if let source, kept {
            let separate = Checkpoint.path(source, "chat_template.jinja")
            if FileManager.default.fileExists(atPath: separate) {
                try AtomicFile.write(TextFile.read(separate), to: Checkpoint.path(folder, "chat_template.jinja"))
            }
        } else {
            members.removeAll { $0.name == "chat_template" }
            members.append(("chat_template", .string(style.jinja)))
        }
        try AtomicFile.write("\(JSON.object(members))\n", to: Checkpoint.path(folder, ChatTemplate.settingsName))
    }
}

extension ChatTemplate.Style {
    /// The style as a program in Jinja, for other programs that read the folder.
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

extension String {
    /// The first text, not empty and within one literal of a program, that stands between two others.
    fileprivate func literal(after start: String, before end: String) -> String? {
        ranges(of: start).lazy.compactMap { range in
            let rest = self[range.upperBound...]
            guard let stop = rest.firstRange(of: end)?.lowerBound, stop > rest.startIndex else { return nil }
            let text = rest[..<stop]
            // A quotation mark at once would be the end of the literal.
            return text.first == "'" || text.first == "\"" || text.contains("{{") ? nil : String(text)
        }.first
    }
}
