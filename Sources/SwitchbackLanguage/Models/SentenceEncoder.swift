import Foundation
import Switchback
import SwitchbackFormats

/// Turns sentences into vectors that lie close where meanings do (Reimers and Gurevych, "Sentence-BERT", 2019): an encoder
/// whose vectors of tokens become one, as the folder of a model of `sentence-transformers` says.
///
/// ```swift
/// let encoder = try SentenceEncoder("path/to/minilm")
/// let vectors = try encoder.embed(["A cat sits.", "A dog runs."])
/// ```
public struct SentenceEncoder {
    public let model: TextEncoder
    public let pooling: SentencePooling
    /// Whether vectors are made one long.
    public let normalizes: Bool
    /// How many tokens of a sentence are read.
    public let length: Int
    /// What is written before every sentence, such as `query: `; mostly nothing.
    public let prompt: String
    /// To how many numbers vectors may be cut; any if `nil`.
    public let shorterWidths: [Int]?
    package let tokenizer: any Tokenizer

    /// Reads a folder: the encoder, its tokenizer, and what `modules.json`, the pooling's `config.json`,
    /// `sentence_bert_config.json`, `config_sentence_transformers.json` and `tokenizer_config.json` say; without these,
    /// the mean of the tokens is taken.
    ///
    /// Throws `InputError` where a file cannot be used, or asks for what is not there.
    public init(_ folder: String) throws {
        let checkpoint = try Checkpoint(folder)
        model = try checkpoint.encoder()
        tokenizer = try checkpoint.tokenizer(fitting: model.vocabularySize)
        let files = SentenceEncoderFiles(folder)
        let parts = try files.modules()
        (pooling, normalizes) = (try files.pooling(parts), parts.contains { $0.kind == .normalize })
        (length, prompt) = (min(try files.length() ?? .max, model.contextLength), try files.prompt())
        let widths = try checkpoint.configuration.integers("matryoshka_dimensions")
        shorterWidths = widths.isEmpty ? nil : widths
    }

    /// The tokens of a sentence, with the marks around it; `embed` reads `length` of them.
    public func tokens(of sentence: String) throws -> [Int] {
        try tokenizer.encode(prompt + sentence, addingSpecialTokens: true)
    }

    /// The marks before and behind every text.
    package func marks() throws -> (before: [Int], after: [Int]) {
        let marks = try tokenizer.encode("", addingSpecialTokens: true)
        let letter = try tokenizer.encode("a", addingSpecialTokens: true)
        let before = zip(marks, letter).prefix { $0 == $1 }.count
        return (Array(marks.prefix(before)), Array(marks.dropFirst(before)))
    }

    /// The vectors of sentences, [sentences, width].
    ///
    /// Of sentences longer than `length`, the beginning is read. Throws `InputError` over a character that the tokenizer
    /// does not know.
    public func embed(_ sentences: [String]) throws -> Tensor {
        try embed(tokens: sentences.map(readTokens))
    }

    /// The vectors of sentences whose tokens are known, with the marks around them: at most `length` each.
    public func embed(tokens rows: [[Int]]) -> Tensor {
        guard !rows.isEmpty else { return Tensor([Float](), shape: [0, model.width]) }
        return noGrad {
            let (features, mask) = model.features(of: rows)
            let pooled = pooling(features, mask.unsqueeze(2))
            return normalizes ? pooled.oneLong : pooled
        }
    }

    /// Whether vectors may be cut to so many numbers.
    public func canShorten(to count: Int) -> Bool {
        (1...model.width).contains(count) && (count == model.width || shorterWidths?.contains(count) != false)
    }

    /// Vectors cut to their first numbers, [N, width] → [N, count], and one long again where all are: for models that were
    /// trained to have the most in those (Kusupati et al., "Matryoshka Representation Learning", 2022).
    public func shortened(_ vectors: Tensor, to count: Int) -> Tensor {
        let cut = vectors.narrow(dim: 1, start: 0, length: count)
        return normalizes ? cut.oneLong : cut
    }

    /// A sentence with the marks around it, of which only the text is cut.
    private func readTokens(_ sentence: String) throws -> [Int] {
        let whole = try tokens(of: sentence)
        if whole.count <= length { return whole.isEmpty ? [model.paddingToken ?? 0] : whole }
        let after = try marks().after
        return Array(whole.prefix(max(0, length - after.count)) + after)
    }
}

extension Tensor {
    /// Rows divided by their lengths, [N, width].
    fileprivate var oneLong: Tensor { self / square().sum(dim: 1, keepDim: true).sqrt().clamp(min: 1e-12) }
}
