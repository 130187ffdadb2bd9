import Foundation
import Switchback
import SwitchbackFormats

/// The older form of a byte-level BPE tokenizer: `vocab.json` and `merges.txt`, with what is special about it in
/// `tokenizer_config.json`, `special_tokens_map.json` and `added_tokens.json`.
struct VocabularyAndMerges {
    private let folder: String

    /// `nil` if the folder has no such files.
    init?(_ folder: String) {
        self.folder = folder
        guard exists("vocab.json"), exists("merges.txt") else { return nil }
    }

    /// The ways to cut words and to mark texts, by the names that Transformers has for them.
    private enum Kind: String, CaseIterable {
        case gpt2 = "GPT2Tokenizer"
        case roberta = "RobertaTokenizer"
        case bart = "BartTokenizer"
        case qwen2 = "Qwen2Tokenizer"

        var marksTexts: Bool { self == .roberta || self == .bart }

        /// The special tokens that a model has without its files saying so.
        var specialTokens: [String] {
            marksTexts ? ["<s>", "</s>", "<unk>", "<pad>", "<mask>"] : ["<|endoftext|>"]
        }
    }

    /// The same tokenizer as a `tokenizer.json`.
    func tokenizerFile() throws -> TokenizerFile {
        let settings = try fields("tokenizer_config.json")
        let kind = try kind(settings)
        let path = Folder.join(folder, "vocab.json")
        try TokenizerFile.checkSize(path)
        let vocabulary = try ConfigurationFields(file: path)
        let merges = try mergeList(vocabulary)
        let added = try addedTokens(kind, vocabulary, settings)
        let addsPrefixSpace = try settings?.bool("add_prefix_space", default: false) ?? false
        let preparation = BytePairTokenizer.Settings(
            normalizesToNFC: kind == .qwen2, addsPrefixSpace: addsPrefixSpace)
        var root: [(name: String, value: JSON)] = [
            ("added_tokens", .array(added)), ("normalizer", BytePairTokenizer.normalizer(preparation)),
            ("pre_tokenizer", BytePairTokenizer.preTokenizer(kind == .qwen2 ? .qwen : .gpt2, preparation)),
        ]
        if let marks = try marks(kind, vocabulary, settings) { root.append(("post_processor", marks)) }
        return TokenizerFile(
            root: try ConfigurationFields(.object(root), path: folder),
            model: try ConfigurationFields(
                .object([("vocab", vocabulary.json), ("merges", .array(merges))]), path: path))
    }

    private func exists(_ name: String) -> Bool {
        FileManager.default.fileExists(atPath: Folder.join(folder, name))
    }

    private func fields(_ name: String) throws -> ConfigurationFields? {
        try exists(name) ? ConfigurationFields(file: Folder.join(folder, name)) : nil
    }

    private func kind(_ settings: ConfigurationFields?) throws -> Kind {
        guard let settings, settings["tokenizer_class"] != nil else {
            switch try fields("config.json")?.string("model_type", default: "") {
            case "roberta": return .roberta
            case "qwen2", "qwen3": return .qwen2
            default: return .gpt2
            }
        }
        let name = try settings.string("tokenizer_class")
        guard let kind = Kind(rawValue: name.hasSuffix("Fast") ? String(name.dropLast(4)) : name) else {
            let known = Kind.allCases.map(\.rawValue).joined(separator: ", ")
            throw settings.problem(
                "tokenizer_class", "it is \(name); of vocab.json with merges.txt, supported are \(known)",
                remedy: "tokenizer.json is read for more kinds")
        }
        return kind
    }

    /// The lines of `merges.txt` behind its version, each checked to be two tokens that make a third.
    private func mergeList(_ vocabulary: ConfigurationFields) throws -> [JSON] {
        let path = Folder.join(folder, "merges.txt")
        let tokens = Set(vocabulary.names.map { Array($0.utf8) })
        var merges: [JSON] = []
        for (position, line) in try TextFile.lines(path).enumerated()
        where !line.isEmpty && !line.hasPrefix("#version") {
            let pair = line.utf8.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false).map(Array.init)
            guard pair.count == 2, pair.allSatisfy(tokens.contains), tokens.contains(pair[0] + pair[1]) else {
                throw InputError(
                    path, at: "line \(position + 1)", "it is not two tokens of vocab.json that make a third one")
            }
            merges.append(.string(String(line)))
        }
        guard !merges.isEmpty else { throw InputError(path, "there are no merges in it") }
        return merges
    }

    // MARK: Special tokens

    /// The entries of `added_tokens`, by their numbers: those that files list, and the special ones of the vocabulary.
    private func addedTokens(
        _ kind: Kind, _ vocabulary: ConfigurationFields, _ settings: ConfigurationFields?
    ) throws -> [JSON] {
        var entries: [String: JSON] = [:]
        for text in kind.specialTokens where vocabulary[text] != nil {
            entries[text] = VocabularyAndMerges.entry(text, try vocabulary.integer(text, minimum: 0))
        }
        for source in [try fields("special_tokens_map.json"), settings] {
            for text in try source.map(ChatTemplate.specialTokens)?.values.sorted() ?? []
            where entries[text] == nil && vocabulary[text] != nil {
                entries[text] = VocabularyAndMerges.entry(text, try vocabulary.integer(text, minimum: 0))
            }
        }
        let listed = try fields("added_tokens.json")
        for text in listed?.names ?? [] {
            entries[text] = VocabularyAndMerges.entry(text, try listed?.integer(text, minimum: 0) ?? 0)
        }
        if let decoder = try settings?.object("added_tokens_decoder") {
            for name in decoder.names {
                guard let number = Int(name), let token = try decoder.object(name) else {
                    throw decoder.problem(name, "the number of a token and an object are needed")
                }
                entries[try token.string("content")] = token.setting("id", to: .integer(number)).json
            }
        }
        return entries.sorted { $0.key < $1.key }.map(\.value)
    }

    private static func entry(_ text: String, _ number: Int) -> JSON {
        .object([("id", .integer(number)), ("content", .string(text)), ("special", .bool(true))])
    }

    /// The `post_processor` that puts tokens around a text; `nil` if there are none.
    private func marks(
        _ kind: Kind, _ vocabulary: ConfigurationFields, _ settings: ConfigurationFields?
    ) throws -> JSON? {
        func pair(_ text: String) throws -> JSON {
            .array([.string(text), .integer(try vocabulary.integer(text, minimum: 0))])
        }
        let named = try settings.map(ChatTemplate.specialTokens) ?? [:]
        if kind.marksTexts {
            return .object([
                ("type", .string("RobertaProcessing")), ("cls", try pair(named["cls_token"] ?? "<s>")),
                ("sep", try pair(named["sep_token"] ?? "</s>")),
            ])
        }
        guard let settings, try settings.bool("add_bos_token", default: false) else { return nil }
        let first: JSON = .object([("id", .string(named["bos_token"] ?? "<|endoftext|>"))])
        return .object([
            ("type", .string("TemplateProcessing")), ("single", .array([.object([("SpecialToken", first)])])),
        ])
    }
}
