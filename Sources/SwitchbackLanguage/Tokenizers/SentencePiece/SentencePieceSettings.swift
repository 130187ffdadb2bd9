import Foundation
import Switchback
import SwitchbackFormats

/// What a folder says of a `tokenizer.model` beside it: which tokens are marks, and which are put around a text.
struct SentencePieceSettings {
    private(set) var added: [SpecialTokens.Added]
    private(set) var before: [Int] = []
    private(set) var after: [Int] = []

    /// The tokenizers of Transformers whose numbers are those of the file.
    private enum Kind: String, CaseIterable {
        case llama = "LlamaTokenizer"
        case gemma = "GemmaTokenizer"
        case t5 = "T5Tokenizer"
        /// A file by itself, to which nothing is added.
        case plain = "PreTrainedTokenizerFast"
    }

    init(_ folder: String, _ file: SentencePieceFile) throws {
        func fields(_ name: String) throws -> ConfigurationFields? {
            let path = Folder.join(folder, name)
            return FileManager.default.fileExists(atPath: path) ? try ConfigurationFields(file: path) : nil
        }
        let settings = try fields("tokenizer_config.json")
        let kind = try SentencePieceSettings.kind(settings, fields("config.json"))
        added = file.pieces.enumerated().filter { $1.use == .control }.map { number, piece in
            SpecialTokens.Added(number: number, text: String(decoding: piece.text, as: UTF8.self))
        }
        if kind == .t5 {
            let count = try settings?.integer("extra_ids", minimum: 0, default: 100) ?? 100
            guard count <= 1 << 16 else {
                throw InputError(folder, at: "field extra_ids", "it is \(count), and at most \(1 << 16) are read")
            }
            // The first of them has the highest number.
            for index in 0..<count {
                add(SpecialTokens.Added(number: file.pieces.count + count - 1 - index, text: "<extra_id_\(index)>"))
            }
        }
        if let decoder = try settings?.object("added_tokens_decoder") {
            for name in decoder.names {
                guard let number = Int(name), let token = try decoder.object(name) else {
                    throw decoder.problem(name, "the number of a token and an object are needed")
                }
                add(try SpecialTokens.Added(token.setting("id", to: .integer(number))))
            }
        }
        let named = try settings.map(ChatTemplate.specialTokens) ?? [:]
        let (begins, ends) = (kind == .llama || kind == .gemma, kind == .t5)
        func number(_ name: String, _ usual: String) -> [Int] {
            added.first { $0.text.isExactly(named[name] ?? usual) }.map { [$0.number] } ?? []
        }
        if try settings?.bool("add_bos_token", default: begins) ?? begins {
            before = number("bos_token", kind == .gemma ? "<bos>" : "<s>")
        }
        if try settings?.bool("add_eos_token", default: ends) ?? ends { after = number("eos_token", "</s>") }
    }

    private mutating func add(_ token: SpecialTokens.Added) {
        added.removeAll { $0.number == token.number }
        added.append(token)
    }

    private static func kind(
        _ settings: ConfigurationFields?, _ configuration: ConfigurationFields?
    ) throws -> Kind {
        guard let settings, settings["tokenizer_class"] != nil else {
            switch try configuration?.string("model_type", default: "") ?? "" {
            case "": return .plain
            case "t5": return .t5
            case "gemma", "gemma2", "gemma3_text": return .gemma
            default: return .llama
            }
        }
        let name = try settings.string("tokenizer_class")
        guard
            let kind = Kind(
                rawValue: name.hasSuffix("Fast") && name != Kind.plain.rawValue ? String(name.dropLast(4)) : name)
        else {
            let known = Kind.allCases.map(\.rawValue).joined(separator: ", ")
            throw settings.problem(
                "tokenizer_class", "it is \(name); with tokenizer.model, supported are \(known)",
                remedy: "tokenizer.json is read for more kinds")
        }
        return kind
    }
}
