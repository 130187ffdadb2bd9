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
    /// How the vectors of tokens become one.
    public enum Pooling: String, Sendable, CaseIterable {
        case mean = "pooling_mode_mean_tokens"
        /// That of the first token.
        case first = "pooling_mode_cls_token"
        /// The largest number of each feature.
        case max = "pooling_mode_max_tokens"
    }

    public let model: TextEncoder
    public let pooling: Pooling
    /// Whether vectors are made one long.
    public let normalizes: Bool
    /// How many tokens of a sentence are read.
    public let length: Int
    private let tokenizer: any Tokenizer

    /// Reads a folder: the encoder, its tokenizer, and what `modules.json`, `1_Pooling/config.json` and
    /// `sentence_bert_config.json` say; without these, the mean of the tokens is taken.
    ///
    /// Throws `InputError` where a file cannot be used, or asks for what is not there.
    public init(_ folder: String) throws {
        let checkpoint = try Checkpoint(folder)
        model = try checkpoint.encoder()
        tokenizer = try checkpoint.tokenizer()
        guard tokenizer.vocabularySize <= model.vocabularySize else {
            throw InputError(
                folder, at: "tokenizer.json",
                "it has \(tokenizer.vocabularySize) tokens, and the model only \(model.vocabularySize)",
                remedy: "they belong to different models")
        }
        func file(_ name: String) throws -> JSON? {
            let path = Folder.join(folder, name)
            return FileManager.default.fileExists(atPath: path) ? try JSON(file: path) : nil
        }
        func fields(_ name: String) throws -> ConfigurationFields? {
            try file(name).map { try ConfigurationFields($0, path: Folder.join(folder, name)) }
        }
        let own = try fields("sentence_bert_config.json")?.integer("max_seq_length", default: .max)
        length = min(own ?? .max, model.contextLength)
        pooling = try fields("1_Pooling/config.json").map(SentenceEncoder.pooling) ?? .mean
        normalizes = try SentenceEncoder.normalizes(file("modules.json"), path: Folder.join(folder, "modules.json"))
    }

    private static func pooling(_ fields: ConfigurationFields) throws -> Pooling {
        let wanted = try fields.names.filter { $0.hasPrefix("pooling_mode_") }.filter {
            try fields.bool($0, default: false)
        }
        guard wanted.count == 1, let pooling = Pooling(rawValue: wanted[0]) else {
            let names = Pooling.allCases.map(\.rawValue).joined(separator: ", ")
            throw fields.problem(
                wanted.first ?? "pooling_mode_mean_tokens", "one of \(names) is needed, and there is \(wanted.count)")
        }
        return pooling
    }

    private static func normalizes(_ modules: JSON?, path: String) throws -> Bool {
        guard case .array(let list) = modules else { return false }
        let kinds = try list.map { try ConfigurationFields($0, path: path).string("type") }
        for kind in kinds where !["Transformer", "Pooling", "Normalize"].contains(where: { kind.hasSuffix(".\($0)") }) {
            throw InputError(path, at: "field type", "it is \(kind); supported are Transformer, Pooling and Normalize")
        }
        return kinds.contains { $0.hasSuffix(".Normalize") }
    }

    /// How many tokens a sentence has, the marks around it included; `embed` reads `length` of them.
    public func tokenCount(of sentence: String) throws -> Int {
        try tokenizer.encode(sentence, addingSpecialTokens: true).count
    }

    /// The vectors of sentences, [sentences, width].
    ///
    /// Of sentences longer than `length`, the beginning is read. Throws `InputError` over a character that the tokenizer
    /// does not know.
    public func embed(_ sentences: [String]) throws -> Tensor {
        guard !sentences.isEmpty else { return Tensor([Float](), shape: [0, model.width]) }
        let rows = try sentences.map(tokens)
        let longest = rows.map(\.count).max() ?? 1
        let padding = model.paddingToken ?? 0
        let shape: Shape = [rows.count, longest]
        let numbers = rows.flatMap { $0 + Array(repeating: padding, count: longest - $0.count) }
        let visible = rows.flatMap { row in (0..<longest).map { Float($0 < row.count ? 1 : 0) } }
        return noGrad {
            let mask = Tensor(visible, shape: shape)
            let pooled = pooled(model.features(Tensor(numbers, shape: shape), mask: mask), mask.unsqueeze(2))
            guard normalizes else { return pooled }
            return pooled / pooled.square().sum(dim: 1, keepDim: true).sqrt().clamp(min: 1e-12)
        }
    }

    /// - Parameter mask: [N, T, 1], 1 for tokens and 0 for padding.
    private func pooled(_ x: Tensor, _ mask: Tensor) -> Tensor {
        switch pooling {
        case .mean: (x * mask).sum(dim: 1) / mask.sum(dim: 1)
        case .first: x.select(dim: 1, index: 0)
        case .max: x.maskedFill(mask.eq(0), -Double.infinity).max(dim: 1).values
        }
    }

    /// A sentence with the marks around it, of which only the text is cut.
    private func tokens(_ sentence: String) throws -> [Int] {
        let whole = try tokenizer.encode(sentence, addingSpecialTokens: true)
        if whole.count <= length { return whole.isEmpty ? [model.paddingToken ?? 0] : whole }
        let marks = try tokenizer.encode("", addingSpecialTokens: true)
        let before = zip(marks, whole).prefix { $0 == $1 }.count
        let after = marks.count - before
        return Array(whole.prefix(max(0, length - after)) + whole.suffix(after))
    }
}
