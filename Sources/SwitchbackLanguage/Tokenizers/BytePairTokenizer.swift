import Foundation
import Switchback
import SwitchbackFormats

/// Byte-level byte-pair encoding, as GPT-2, Llama 3 and Qwen have it: text is cut into words, and in each word bytes
/// are merged to ever longer tokens. Any text can be written in it.
public struct BytePairTokenizer: Tokenizer {
    /// The text of each token.
    private let tokens: [[UInt8]]
    /// The token of each byte; some models have not learned all.
    private let ofByte: [Int32?]
    private let merges: BytePairMerges
    /// In the order of their ranks; what a file lists.
    private let mergeList: [(Int, Int)]
    private let scanner: WordScanner
    let settings: Settings
    private let special: SpecialTokens
    /// Tokens by their bytes, where words that are tokens are not assembled from merges.
    private let whole: [[UInt8]: Int32]

    /// What words are cut by.
    var pattern: WordScanner.Pattern { scanner.pattern }

    struct Settings: Equatable {
        /// Whether text is brought to Unicode's composed form first.
        var normalizesToNFC = false
        /// Whether a space is put before a text that does not begin with one.
        var addsPrefixSpace = false
        /// Whether digits are cut from other text before words are.
        var digits = Digits.inWords
        /// Whether a word that is a token is one, whatever the merges would make of it.
        var ignoresMerges = false

        enum Digits { case inWords, apart, single }
    }

    /// - Parameters:
    ///   - tokens: the bytes of each; those of single bytes are what a text is put together of.
    ///   - merges: pairs of tokens whose bytes together are a token, the first to be merged first.
    /// - Throws: `InputError` if the result of a merge is not a token.
    init(
        tokens: [[UInt8]], merges mergeList: [(Int, Int)], pattern: WordScanner.Pattern,
        settings: Settings = Settings(),
        special: SpecialTokens = SpecialTokens([]), file: String
    ) throws {
        let numbers = Dictionary(tokens.enumerated().map { ($1, $0) }) { first, _ in first }
        ofByte = (0..<256).map { numbers[[UInt8($0)]].map { Int32($0) } }
        let missing = ofByte.count { $0 == nil }
        if missing > 0 {
            Diagnostics.warn(
                "\(file): \(missing.counted("byte")) of 256 have no token, and are left out of what is read, as in Transformers"
            )
        }
        var merges = BytePairMerges()
        for (a, b) in mergeList {
            guard let result = numbers[tokens[a] + tokens[b]] else {
                throw InputError(
                    file, at: "field model.merges",
                    "\(ByteAlphabet.text(of: tokens[a])) \(ByteAlphabet.text(of: tokens[b])) makes no token")
            }
            merges.append(a, b, into: result)
        }
        self.tokens = tokens
        self.merges = merges
        self.mergeList = mergeList
        scanner = WordScanner(pattern: pattern)
        self.settings = settings
        self.special = special
        whole = settings.ignoresMerges ? numbers.mapValues(Int32.init) : [:]
    }

    public var vocabularySize: Int { max(tokens.count, special.limit) }

    public var endOfText: Int? { special.endOfText }

    public func encode(_ text: String, addingSpecialTokens: Bool) -> [Int] {
        let result = encode(special.split(text))
        return addingSpecialTokens ? special.before + result + special.after : result
    }

    public func encode(_ text: String, reading: [ReadableTokens]) -> [Int] {
        encode(special.split(text, reading: reading))
    }

    private func encode(_ parts: [SpecialTokens.Part]) -> [Int] {
        var known: [[UInt8]: [Int]] = [:]
        var result: [Int] = []
        for part in parts {
            switch part {
            case .token(let token): result.append(token)
            case .text(let text): encode(text, &known, into: &result)
            }
        }
        return result
    }

    public func isSpecial(_ token: Int) -> Bool { special.isSpecial(token) }

    public func specialToken(_ text: String) -> Int? { special.number(of: text) }

    private func encode(_ text: Substring, _ known: inout [[UInt8]: [Int]], into result: inout [Int]) {
        let text = settings.normalizesToNFC ? text.composed : String(text)
        if settings.digits == .inWords { return encode(segment: text, &known, into: &result) }
        for segment in text.cutAtDigits(single: settings.digits == .single) {
            encode(segment: segment, &known, into: &result)
        }
    }

    private func encode(segment: String, _ known: inout [[UInt8]: [Int]], into result: inout [Int]) {
        var text = segment
        if settings.addsPrefixSpace && !text.utf8.starts(with: " ".utf8) { text = " " + text }
        scanner.forEachWord(of: text) { word in
            let word = Array(word)
            if let tokens = known[word] {
                result += tokens
            } else {
                let tokens = encode(word)
                known[word] = tokens
                result += tokens
            }
        }
    }

    private func encode(_ word: [UInt8]) -> [Int] {
        if let token = whole[word] { return [Int(token)] }
        return merges.apply(to: word.compactMap { ofByte[Int($0)] }).map(Int.init)
    }

    /// A token that the merges do not make of its bytes, if there is one: texts with it depend on `ignoresMerges`.
    var unmergedToken: Int? {
        tokens.indices.first { number in
            let bytes = tokens[number]
            return !bytes.isEmpty && special.bytes(of: number) == nil
                && merges.apply(to: bytes.compactMap { ofByte[Int($0)] }) != [Int32(number)]
        }
    }

    public func bytes(of token: Int) -> [UInt8] {
        special.bytes(of: token) ?? (tokens.indices.contains(token) ? tokens[token] : [])
    }
}

// MARK: - As a file

extension BytePairTokenizer {
    public var file: JSON {
        let names = tokens.map { ByteAlphabet.text(of: $0) }
        let vocabulary = names.enumerated().filter { !$1.isEmpty }.map { (name: $1, value: JSON.integer($0)) }
        let merges = mergeList.map { JSON.string("\(names[$0.0]) \(names[$0.1])") }
        return .object([
            ("version", .string("1.0")),
            ("added_tokens", special.json),
            ("normalizer", BytePairTokenizer.normalizer(settings)),
            ("pre_tokenizer", BytePairTokenizer.preTokenizer(pattern, settings)),
            ("post_processor", special.template),
            ("decoder", BytePairTokenizer.byteLevel(addsPrefixSpace: true, cutsWords: true)),
            (
                "model",
                .object([
                    ("type", .string("BPE")), ("ignore_merges", .bool(settings.ignoresMerges)),
                    ("vocab", .object(vocabulary)), ("merges", .array(merges)),
                ])
            ),
        ])
    }

    /// The `normalizer` of a `tokenizer.json` that prepares text in this way.
    static func normalizer(_ settings: Settings) -> JSON {
        settings.normalizesToNFC ? .object([("type", .string("NFC"))]) : .null
    }

    /// The `pre_tokenizer` of a `tokenizer.json` that prepares and cuts text in this way.
    static func preTokenizer(_ pattern: WordScanner.Pattern, _ settings: Settings) -> JSON {
        let words = byteLevel(addsPrefixSpace: settings.addsPrefixSpace, cutsWords: pattern == .gpt2)
        let split: JSON = .object([
            ("type", .string("Split")), ("pattern", .object([("Regex", .string(pattern.expression))])),
            ("behavior", .string("Isolated")), ("invert", .bool(false)),
        ])
        let digits: JSON = .object([
            ("type", .string("Digits")), ("individual_digits", .bool(settings.digits == .single)),
        ])
        let parts = (settings.digits == .inWords ? [] : [digits]) + (pattern == .gpt2 ? [] : [split]) + [words]
        return parts.count == 1 ? words : .object([("type", .string("Sequence")), ("pretokenizers", .array(parts))])
    }

    private static func byteLevel(addsPrefixSpace: Bool, cutsWords: Bool) -> JSON {
        .object([
            ("type", .string("ByteLevel")), ("add_prefix_space", .bool(addsPrefixSpace)), ("trim_offsets", .bool(true)),
            ("use_regex", .bool(cutsWords)),
        ])
    }

    /// The `tokenizer.json` of a tokenizer of this kind; `nil` where it is put together otherwise.
    init?(_ file: TokenizerFile) throws {
        let model = file.model
        for option in ["dropout", "continuing_subword_prefix", "end_of_word_suffix"] {
            switch model[option] {
            case nil, .string(""): break
            default: return nil
            }
        }
        guard try !model.bool("byte_fallback", default: false), let (pattern, settings) = try file.byteLevelSettings()
        else { return nil }
        let vocabulary = try file.vocabulary
        let special = try SpecialTokens(file)
        let tokens = try vocabulary.pieces.enumerated().map { number, piece -> [UInt8] in
            guard let piece else { return [] }
            let name = String(decoding: piece, as: UTF8.self)
            if let bytes = ByteAlphabet.bytes(of: name) { return bytes }
            guard special.bytes(of: number) != nil else {
                throw model.problem("vocab", "the token '\(name)' is not in the alphabet of byte-level BPE")
            }
            return []
        }
        try self.init(
            tokens: tokens, merges: try file.mergeList(vocabulary.numbers), pattern: pattern, settings: settings,
            special: special, file: model.path)
    }
}

extension String {
    /// The text cut where numbers begin and end, or around each of their characters.
    fileprivate func cutAtDigits(single: Bool) -> [String] {
        var parts: [String.UnicodeScalarView] = []
        var last: TextClass?
        for scalar in unicodeScalars {
            let isNumber = TextClass(scalar) == .number
            if last == nil || isNumber != (last == .number) || (single && isNumber) { parts.append(.init()) }
            parts[parts.count - 1].append(scalar)
            last = isNumber ? .number : .other
        }
        return parts.map(String.init)
    }
}
