import Foundation
import Switchback
import SwitchbackFormats

/// A `tokenizer.json` of the `tokenizers` package, read part by part.
struct TokenizerFile {
    let root, model: ConfigurationFields

    init(_ path: String) throws {
        root = try ConfigurationFields(file: path)
        guard let model = try root.object("model") else { throw root.problem("model", "it is missing") }
        self.model = model
    }

    init(root: ConfigurationFields, model: ConfigurationFields) {
        (self.root, self.model) = (root, model)
    }

    /// The tokens with their numbers, which are checked to run from 0 without a gap, or to have only gaps that special
    /// tokens fill.
    var vocabulary: [(name: String, number: Int)] {
        get throws {
            guard case .object(let members) = model["vocab"], !members.isEmpty else {
                throw model.problem("vocab", "an object of tokens and their numbers is needed")
            }
            var taken = Set<Int>()
            let pairs = try members.map { name, value -> (name: String, number: Int) in
                guard case .integer(let number) = value, (0..<members.count).contains(number),
                    taken.insert(number).inserted
                else {
                    throw model.problem(
                        "vocab", "the number of '\(name)' is not one of 0 to \(members.count - 1), or occurs twice")
                }
                return (name, number)
            }
            return pairs.sorted { $0.number < $1.number }
        }
    }

    /// The pairs of tokens that are merged, the first ones first.
    func mergeList(_ numbers: [[UInt8]: Int]) throws -> [(Int, Int)] {
        guard let list = try model.array("merges"), !list.isEmpty else {
            throw model.problem("merges", "there are none, so no word can be put together")
        }
        return try list.enumerated().map { position, entry in
            let names: [[UInt8]]
            switch entry {
            case .string(let text): names = text.utf8.split(separator: UInt8(ascii: " ")).map(Array.init)
            case .array(let pair):
                names = pair.compactMap { if case .string(let text) = $0 { Array(text.utf8) } else { nil } }
            default: names = []
            }
            guard names.count == 2, let a = numbers[names[0]], let b = numbers[names[1]] else {
                throw model.problem("merges", "entry \(position + 1) is not a pair of tokens of the vocabulary")
            }
            return (a, b)
        }
    }

    /// The regular expression of a pre-tokenizer that splits by one.
    var preTokenizerPattern: String? {
        get throws {
            guard let cutting = try root.object("pre_tokenizer"), try cutting.string("type") == "Split" else {
                return nil
            }
            return try cutting.object("pattern")?.string("Regex")
        }
    }

    /// How a byte-level tokenizer prepares and cuts text.
    func byteLevelSettings() throws -> (WordScanner.Pattern, BytePairTokenizer.Settings) {
        var settings = BytePairTokenizer.Settings()
        settings.ignoresMerges = try model.bool("ignore_merges", default: false)
        if let normalizer = try root.object("normalizer") {
            try normalizer.requireOnly("type", ["NFC"], default: "NFC")
            settings.normalizesToNFC = true
        }
        guard let cutting = try root.object("pre_tokenizer") else {
            throw root.problem("pre_tokenizer", "it is missing, and byte-level BPE needs one")
        }
        let parts =
            try cutting.string("type") == "Sequence"
            ? (cutting.array("pretokenizers") ?? []).map {
                try ConfigurationFields($0, path: root.path, prefix: "pre_tokenizer.pretokenizers.")
            } : [cutting]
        var pattern: WordScanner.Pattern?
        var isByteLevel = false
        for part in parts {
            switch try part.string("type") {
            case "ByteLevel":
                isByteLevel = true
                settings.addsPrefixSpace = try part.bool("add_prefix_space", default: true)
                if try part.bool("use_regex", default: true) { pattern = .gpt2 }
            case "Split": pattern = try known(part)
            case "Digits" where pattern == nil:
                settings.digits = try part.bool("individual_digits", default: false) ? .single : .apart
            case "Digits": throw part.problem("type", "it is Digits, which can only come before Split")
            case let kind: throw part.problem("type", "it is \(kind); supported are ByteLevel, Digits, Split")
            }
        }
        guard isByteLevel, let pattern else {
            throw root.problem("pre_tokenizer", "only byte-level BPE with words cut by a known pattern can be read")
        }
        return (pattern, settings)
    }

    private func known(_ part: ConfigurationFields) throws -> WordScanner.Pattern {
        let expression = try part.object("pattern")?.string("Regex")
        guard try part.string("behavior") == "Isolated", try !part.bool("invert", default: false),
            let pattern = WordScanner.Pattern.allCases.first(where: { $0.expression == expression })
        else {
            throw part.problem(
                "pattern",
                "the expression \(expression ?? "") is not one of GPT-2's, Llama 3's, Qwen's or GPT-4o's, isolated")
        }
        return pattern
    }
}

/// Reading and writing tokenizers.
public enum Tokenizers {
    /// The tokenizer of a `tokenizer.json`, or of a folder that holds one, or else `vocab.json` and `merges.txt`.
    ///
    /// Throws `InputError` if the file cannot be read, or says something that is not known here: it is never
    /// overlooked.
    public static func load(_ path: String) throws -> any Tokenizer {
        let contents = try contents(of: path)
        switch try contents.model.string("type", default: "BPE") {
        case "BPE":
            return try SentencePieceTokenizer.reads(contents)
                ? SentencePieceTokenizer(contents) : BytePairTokenizer(contents)
        case "WordPiece": return try WordPieceTokenizer(contents)
        case "WordLevel": return try CharacterTokenizer(contents)
        case let kind:
            throw contents.model.problem("type", "it is \(kind); supported are BPE, WordPiece, WordLevel")
        }
    }

    private static func contents(of path: String) throws -> TokenizerFile {
        if GGUFModel.isFile(path) { return try GGUFModel(path).tokenizerFile() }
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue else {
            return try TokenizerFile(path)
        }
        let whole = Folder.join(path, "tokenizer.json")
        if !FileManager.default.fileExists(atPath: whole), let parts = VocabularyAndMerges(path) {
            return try parts.tokenizerFile()
        }
        return try TokenizerFile(whole)
    }

    /// Writes `tokenizer.json` into a folder.
    public static func save(_ tokenizer: any Tokenizer, to folder: String) throws {
        try AtomicFile.write(
            "\(tokenizer.file)\n", to: Folder.join(folder, "tokenizer.json"))
    }
}
