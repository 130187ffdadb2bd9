import Foundation
import Switchback
import SwitchbackFormats

// Chat templates in the folder of a model: the file `chat_template.jinja`, or `chat_template` in
// `tokenizer_config.json`.

extension ChatTemplate {
    /// The template for a model: of a style that was requested, or the model's own, or the plain one.
    public static func choose(_ style: Style?, for checkpoint: Checkpoint) throws -> ChatTemplate {
        if let style { return ChatTemplate(style) }
        if let own = try checkpoint.chatTemplate() { return own }
        Diagnostics.warn("\(checkpoint.folder) has no chat template: the template plain is used")
        return ChatTemplate(.plain)
    }

    /// The template of a folder, or of a GGUF file; `nil` if it has none.
    ///
    /// Throws `InputError` over a template that cannot be read.
    public static func load(_ path: String) throws -> ChatTemplate? {
        let folder = try SavedAdapters(path)?.base ?? path
        if GGUFModel.isFile(folder) { return try GGUFModel(folder).chatTemplate() }
        let settings = Checkpoint.path(folder, settingsName)
        let fields = try FileManager.default.fileExists(atPath: settings) ? ConfigurationFields(file: settings) : nil
        let tokens = try fields.map(specialTokens) ?? [:]
        let separate = Checkpoint.path(folder, programName)
        if FileManager.default.fileExists(atPath: separate) {
            return try ChatTemplate(jinja: try TextFile.read(separate), place: separate, tokens: tokens)
        }
        guard let fields else { return nil }
        switch fields["chat_template"] {
        case nil: return nil
        case .string(let text): return try ChatTemplate(jinja: text, place: settings, tokens: tokens)
        case .array(let list):
            let templates = try list.map { try ConfigurationFields($0, path: settings, prefix: "chat_template.") }
            func named(_ name: String) throws -> String? {
                try templates.first { try $0.string("name").isExactly(name) }?.string("template")
            }
            guard let usual = try named("default") else {
                throw fields.problem("chat_template", "there are several, and none has the name default")
            }
            return try ChatTemplate(
                jinja: usual, place: settings, toolJinja: try named("tool_use"), tokens: tokens)
        default: throw fields.problem("chat_template", "text is needed")
        }
    }

    static let settingsName = "tokenizer_config.json"
    static let programName = "chat_template.jinja"

    /// The special tokens that `tokenizer_config.json` names: texts, or objects with one.
    static func specialTokens(_ fields: ConfigurationFields) throws -> [String: String] {
        let names = ["bos_token", "eos_token", "unk_token", "pad_token", "sep_token", "cls_token", "mask_token"]
        var tokens: [String: String] = [:]
        for name in names {
            switch fields[name] {
            case .string(let text): tokens[name] = text
            case .object: tokens[name] = try fields.object(name)?.string("content")
            default: break
            }
        }
        return tokens
    }

    /// Writes the template into a folder, with the texts of the special tokens that it can name; whatever else
    /// `tokenizer_config.json` says there is kept.
    func save(to folder: String) throws {
        let path = Checkpoint.path(folder, ChatTemplate.settingsName)
        var members: [(name: String, value: JSON)] = []
        if FileManager.default.fileExists(atPath: path), case .object(let found) = try JSON(file: path) {
            members = found
        }
        let separate = Checkpoint.path(folder, ChatTemplate.programName)
        if FileManager.default.fileExists(atPath: separate) { try FileManager.default.removeItem(atPath: separate) }
        members.removeAll { $0.name == "chat_template" }
        for (name, text) in tokens.sorted(by: { $0.key < $1.key }) where !members.contains(where: { $0.name == name }) {
            members.append((name, .string(text)))
        }
        members.append(("chat_template", chatTemplateField))
        try AtomicFile.write("\(JSON.object(members))\n", to: path)
    }

    private var chatTemplateField: JSON {
        guard let toolJinja else { return .string(jinja) }
        let pairs = [("default", jinja), ("tool_use", toolJinja)]
        return .array(pairs.map { .object([("name", .string($0.0)), ("template", .string($0.1))]) })
    }
}
