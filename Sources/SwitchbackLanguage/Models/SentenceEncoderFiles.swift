import Foundation
import Switchback
import SwitchbackFormats

/// What the folder of a model of `sentence-transformers` says beside the encoder.
struct SentenceEncoderFiles {
    private let folder: String

    init(_ folder: String) { self.folder = folder }

    /// A part of the model, and the folder that its settings lie in.
    struct Module {
        enum Kind: String, CaseIterable {
            case transformer = "Transformer"
            case pooling = "Pooling"
            case normalize = "Normalize"
        }

        let kind: Kind
        let path: String
    }

    private func fields(_ name: String) throws -> ConfigurationFields? {
        let path = Folder.join(folder, name)
        return FileManager.default.fileExists(atPath: path) ? try ConfigurationFields(file: path) : nil
    }

    /// The parts that `modules.json` lists; none if there is no such file.
    func modules() throws -> [Module] {
        let path = Folder.join(folder, "modules.json")
        guard FileManager.default.fileExists(atPath: path) else { return [] }
        guard case .array(let list) = try JSON(file: path) else { throw InputError(path, "it is not a list") }
        return try list.map { entry in
            let fields = try ConfigurationFields(entry, path: path)
            let type = try fields.string("type")
            guard let kind = Module.Kind.allCases.first(where: { type.hasSuffix(".\($0.rawValue)") }) else {
                let names = Module.Kind.allCases.map(\.rawValue).joined(separator: ", ")
                throw fields.problem("type", "it is \(type); supported are \(names)")
            }
            return Module(kind: kind, path: try fields.string("path", default: ""))
        }
    }

    /// How the vectors of tokens become one.
    func pooling(_ modules: [Module]) throws -> SentencePooling {
        let own = modules.first { $0.kind == .pooling }?.path ?? ""
        let place = own.isEmpty ? "1_Pooling" : own
        guard !place.hasPrefix("/"), !place.split(separator: "/").contains("..") else {
            throw InputError(Folder.join(folder, "modules.json"), at: "field path", "\(place) is not inside the folder")
        }
        guard let fields = try fields(Folder.join(place, "config.json")) else {
            guard own.isEmpty else {
                throw InputError(
                    Folder.join(folder, place), "there is no config.json in it, which says how vectors are pooled")
            }
            return .mean
        }
        guard try fields.bool("include_prompt", default: true) || prompt().isEmpty else {
            throw fields.problem("include_prompt", "it is false, and what is written before a sentence counts here")
        }
        return try SentencePooling(fields)
    }

    /// How many tokens are read: what `sentence_bert_config.json` says or, in files since version 6, `tokenizer_config.json`;
    /// as many as the model can if `nil`.
    func length() throws -> Int? {
        if let own = try fields("sentence_bert_config.json"), own["max_seq_length"] != nil {
            return try own.integer("max_seq_length")
        }
        // Where nobody knows, the file has a number beyond any integer.
        return try fields("tokenizer_config.json")?["model_max_length"]?.wholeNumber.flatMap { $0 > 0 ? $0 : nil }
    }

    /// What is written before every sentence where nothing else is asked for.
    func prompt() throws -> String {
        guard let own = try fields("config_sentence_transformers.json"), own["default_prompt_name"] != nil else {
            return ""
        }
        let name = try own.string("default_prompt_name")
        guard let prompts = try own.object("prompts"), prompts[name] != nil else {
            throw own.problem("default_prompt_name", "there is no prompt \(name) among the prompts")
        }
        return try prompts.string(name)
    }
}
