import Switchback
import SwitchbackFormats

/// Byte-pair encoding over characters (Sennrich et al., 2016), with what is done about those that are no tokens.
struct BytePairModel: PieceModel {
    let vocabulary: PieceVocabulary
    private let merges: BytePairMerges
    private let unknown: Int?
    /// Whether characters without tokens are written as the tokens of their bytes.
    private let writesBytes: Bool
    /// Whether unknown characters beside each other are one token.
    private let joinsUnknown: Bool
    /// Whether a word that is a token is one, whatever the merges would make of it.
    private let ignoresMerges: Bool
    /// What pieces that go on within a word begin with, and what the last of a word ends with.
    private let prefix, suffix: [UInt8]

    func encode(_ word: [Unicode.Scalar]) throws -> [Int] {
        if ignoresMerges, let token = vocabulary.numbers[word.utf8Bytes] { return [token] }
        var tokens: [Int32] = []
        var lastIsUnknown = false
        for (index, scalar) in word.enumerated() {
            let own = Array(String(scalar).utf8)
            let piece = (index > 0 ? prefix : []) + own + (index == word.count - 1 ? suffix : [])
            if let token = vocabulary.numbers[piece] {
                tokens.append(Int32(token))
                lastIsUnknown = false
            } else if writesBytes, let bytes = vocabulary.bytes(own) {
                tokens += bytes.map(Int32.init)
                lastIsUnknown = false
            } else if let unknown {
                if !(joinsUnknown && lastIsUnknown) { tokens.append(Int32(unknown)) }
                lastIsUnknown = true
            } else {
                throw InputError("text", "the character '\(scalar)' is not a token, and there are none for bytes")
            }
        }
        return merges.apply(to: tokens).map(Int.init)
    }

    /// The `model` of a `tokenizer.json`.
    init(_ file: TokenizerFile) throws {
        let model = file.model
        if try model.number("dropout", default: 0) != 0 {
            throw model.problem("dropout", "it is set, and only merges that always happen are supported")
        }
        vocabulary = try file.vocabulary
        prefix = Array(try model.string("continuing_subword_prefix", default: "").utf8)
        suffix = Array(try model.string("end_of_word_suffix", default: "").utf8)
        var merges = BytePairMerges()
        for (a, b) in try file.mergeList(vocabulary.numbers) {
            let (first, second) = (vocabulary[a] ?? [], vocabulary[b] ?? [])
            guard second.starts(with: prefix), let result = vocabulary.numbers[first + second.dropFirst(prefix.count)]
            else {
                let names = [first, second].map { String(decoding: $0, as: UTF8.self) }.joined(separator: " ")
                throw model.problem("merges", "\(names) makes no token of the vocabulary")
            }
            merges.append(a, b, into: result)
        }
        self.merges = merges
        writesBytes = try model.bool("byte_fallback", default: false)
        unknown = try file.unknown(in: vocabulary)
        joinsUnknown = try model.bool("fuse_unk", default: false)
        ignoresMerges = try model.bool("ignore_merges", default: false)
    }
}
