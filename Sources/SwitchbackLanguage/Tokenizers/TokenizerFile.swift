import Foundation
import Switchback
import SwitchbackFormats

/// A `tokenizer.json` of the `tokenizers` package, read part by part.
struct TokenizerFile {
    let root, model: ConfigurationFields

    init(_ path: String) throws {
        try TokenizerFile.checkSize(path)
        root = try ConfigurationFields(file: path)
        guard let model = try root.object("model") else { throw root.problem("model", "it is missing") }
        self.model = model
    }

    init(root: ConfigurationFields, model: ConfigurationFields) {
        (self.root, self.model) = (root, model)
    }

    /// No tokenizer has more tokens, or a larger file.
    static let mostTokens = 1 << 22
    private static let largest = 1 << 28

    /// Throws if a file is larger than that of any tokenizer.
    static func checkSize(_ path: String) throws {
        let size = try MappedFile(path).count
        guard size <= largest else {
            throw InputError(path, "it has \(size) bytes, and the file of a tokenizer at most \(largest)")
        }
    }

    /// The pieces of tokens by their numbers, some of which may be those of no token.
    var vocabulary: PieceVocabulary {
        get throws {
            guard case .object(let members) = model["vocab"], !members.isEmpty else {
                throw model.problem("vocab", "an object of tokens and their numbers is needed")
            }
            // Vocabularies have holes where tokens were taken out, but are not mostly holes.
            let limit = min(2 * members.count + 65_536, TokenizerFile.mostTokens)
            var pieces: [[UInt8]?] = []
            for (name, value) in members {
                guard case .integer(let number) = value, (0..<limit).contains(number),
                    number >= pieces.count || pieces[number] == nil
                else {
                    throw model.problem(
                        "vocab", "the number of '\(name)' is not one of 0 to \(limit - 1), or occurs twice")
                }
                if number >= pieces.count { pieces += Array(repeating: nil, count: number + 1 - pieces.count) }
                pieces[number] = Array(name.utf8)
            }
            return PieceVocabulary(pieces: pieces)
        }
    }

    /// The token of unknown characters, if there is one.
    func unknown(in vocabulary: PieceVocabulary) throws -> Int? {
        model["unk_token"] == nil ? nil : vocabulary.numbers[Array(try model.string("unk_token").utf8)]
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

    /// How a byte-level tokenizer prepares and cuts text, if this is one whose words are cut by a known pattern.
    func byteLevelSettings() throws -> (WordScanner.Pattern, BytePairTokenizer.Settings)? {
        var settings = BytePairTokenizer.Settings()
        settings.ignoresMerges = try model.bool("ignore_merges", default: false)
        if let normalizer = try root.object("normalizer") {
            guard try normalizer.string("type").isExactly("NFC") else { return nil }
            settings.normalizesToNFC = true
        }
        guard let cutting = try root.object("pre_tokenizer") else { return nil }
        let isSequence = try cutting.string("type").isExactly("Sequence")
        var pattern: WordScanner.Pattern?
        var isByteLevel = false
        for part in try isSequence ? cutting.entries("pretokenizers") : [cutting] {
            if isByteLevel { return nil }
            switch try part.string("type") {
            case "ByteLevel":
                isByteLevel = true
                settings.addsPrefixSpace = try part.bool("add_prefix_space", default: true)
                guard try part.bool("use_regex", default: true) else { continue }
                if pattern != nil { return nil }
                pattern = .gpt2
            case "Split":
                guard pattern == nil, let found = try known(part) else { return nil }
                pattern = found
            case "Digits" where pattern == nil && settings.digits == .inWords:
                settings.digits = try part.bool("individual_digits", default: false) ? .single : .apart
            default: return nil
            }
        }
        guard isByteLevel, let pattern else { return nil }
        return (pattern, settings)
    }

    private func known(_ part: ConfigurationFields) throws -> WordScanner.Pattern? {
        let expression = try part.object("pattern").flatMap { $0["Regex"] == nil ? nil : try $0.string("Regex") }
        guard try part.string("behavior", default: "Isolated").isExactly("Isolated"),
            try !part.bool("invert", default: false)
        else { return nil }
        return WordScanner.Pattern.allCases.first { $0.expression == expression }
    }
}

/// Reading and writing tokenizers.
public enum Tokenizers {
    /// The tokenizer of a `tokenizer.json` or `tokenizer.model`, or of a folder that holds one, or else `vocab.json` and
    /// `merges.txt`.
    ///
    /// Throws `InputError` if the file cannot be read, or says something that is not known here: it is never
    /// overlooked.
    public static func load(_ path: String) throws -> any Tokenizer {
        if let model = sentencePieceModel(path) { return try SentencePieceTokenizer(model) }
        return try load(contents(of: path))
    }

    static func load(_ contents: TokenizerFile) throws -> any Tokenizer {
        switch try contents.model.string("type", default: "BPE") {
        case "BPE":
            if let bytes = try BytePairTokenizer(contents) { return bytes }
            return try PipelineTokenizer(contents, model: BytePairModel(contents))
        case "Unigram": return try PipelineTokenizer(contents, model: UnigramModel(contents))
        case "WordPiece": return try WordPieceTokenizer(contents)
        case "WordLevel": return try CharacterTokenizer(contents)
        case let kind:
            throw contents.model.problem("type", "it is \(kind); supported are BPE, Unigram, WordPiece, WordLevel")
        }
    }

    /// The `tokenizer.model` that a path names, or that is all a folder has.
    private static func sentencePieceModel(_ path: String) -> String? {
        if path.hasSuffix(".model") || path.hasSuffix(".spm") { return path }
        let whole = Folder.join(path, "tokenizer.json")
        return FileManager.default.fileExists(atPath: whole) ? nil : SentencePieceTokenizer.path(in: path)
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

    /// Writes `tokenizer.json`, or `tokenizer.model` for a tokenizer that was read from one, into a folder.
    public static func save(_ tokenizer: any Tokenizer, to folder: String) throws {
        if let model = tokenizer.modelFile {
            return try AtomicFile.write(to: Folder.join(folder, SentencePieceTokenizer.names[0])) {
                try $0.append(model)
            }
        }
        if case .null = tokenizer.file {
            throw InputError(folder, "a tokenizer of several files cannot be written there")
        }
        try AtomicFile.write("\(tokenizer.file)\n", to: Folder.join(folder, "tokenizer.json"))
    }
}
