import Foundation
import Switchback
import SwitchbackFormats

/// How a text is tokenized.
public enum TokenizerChoice: Sendable {
    /// One token for each character of the text.
    case characters
    /// Byte pairs, learned from the text.
    case bytePairs(vocabularySize: Int)
    /// The tokenizer of a folder or a `tokenizer.json`.
    case file(String)
    /// One that is there already.
    case loaded(any Tokenizer)

    /// `characters`, `bpe`, or a path.
    public init(_ name: String, vocabularySize: Int) {
        switch name {
        case "characters": self = .characters
        case "bpe": self = .bytePairs(vocabularySize: vocabularySize)
        default: self = .file(name)
        }
    }
}

/// A training text and a validation text, as tokens.
public struct TextData {
    public let tokenizer: any Tokenizer
    public let training, validation: TokenSequence

    public init(tokenizer: any Tokenizer, training: TokenSequence, validation: TokenSequence) {
        self.tokenizer = tokenizer
        self.training = training
        self.validation = validation
    }

    /// Reads a text file, a folder of them, or a folder that `prepare` or nanoGPT made (`train.bin`, `val.bin`).
    ///
    /// - Parameters:
    ///   - heldOut: which part of the text, its end, is kept for measuring.
    ///   - choice: leave it out for a prepared folder, which has its tokenizer, and for characters otherwise.
    public static func load(
        _ path: String, tokenizer choice: TokenizerChoice? = nil, heldOut: Double = 0.1
    ) throws -> TextData {
        if isPrepared(path) { return try loadPrepared(path, choice) }
        let pieces = TextPieces(try TextFiles(path).files)
        let count = try pieces.scalarCount()
        guard count > 0 else { throw InputError(path, "the text is empty") }
        let cut = trainingCount(of: count, heldOut)
        let tokenizer = try makeTokenizer(choice ?? .characters, all: pieces, cutAfter: cut)
        var training = TokenWriter(vocabularySize: tokenizer.vocabularySize)
        var validation = training
        try pieces.forEach(cutAfter: cut) { piece, _, isFirst in
            let tokens = try tokenizer.encode(piece, from: path)
            if isFirst { try training.append(tokens) } else { try validation.append(tokens) }
        }
        return TextData(
            tokenizer: tokenizer, training: try training.sequence(), validation: try validation.sequence())
    }

    /// How many characters of a text are trained on.
    private static func trainingCount(of count: Int, _ heldOut: Double) -> Int { Int(Double(count) * (1 - heldOut)) }

    /// Byte pairs are learned from the first part of a text; characters are those of all of it.
    private static func makeTokenizer(
        _ choice: TokenizerChoice, all pieces: TextPieces, cutAfter cut: Int
    ) throws -> any Tokenizer {
        switch choice {
        case .characters:
            return try CharacterTokenizer { add in try pieces.forEach { piece, _ in add(piece) } }
        case .bytePairs(let size):
            return try BytePairTokenizer.train(vocabularySize: size) { add in
                try pieces.forEach(cutAfter: cut) { piece, _, isFirst in if isFirst { add(piece) } }
            }
        case .file(let path): return try Tokenizers.load(path)
        case .loaded(let tokenizer): return tokenizer
        }
    }

    // MARK: Prepared folders

    private static func file(_ folder: String, _ name: String) -> String {
        Folder.join(folder, name)
    }

    private static func isPrepared(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: file(path, "train.bin"))
    }

    private static func loadPrepared(_ path: String, _ choice: TokenizerChoice?) throws -> TextData {
        let tokenizer: any Tokenizer
        switch choice {
        case nil: tokenizer = try Tokenizers.load(path)
        case .file(let file): tokenizer = try Tokenizers.load(file)
        case .loaded(let own): tokenizer = own
        case .characters, .bytePairs:
            throw InputError(path, "it holds tokens already, so no tokenizer can be made for it")
        }
        let size = tokenizer.vocabularySize
        return TextData(
            tokenizer: tokenizer, training: try TokenSequence(file: file(path, "train.bin"), vocabularySize: size),
            validation: try TokenSequence(file: file(path, "val.bin"), vocabularySize: size))
    }

    /// Writes tokens and tokenizer into a folder, which `load` then maps instead of reading: for texts larger than
    /// memory, which are read in pieces. The end of each file is what is measured by. A tokenizer that is made comes
    /// from the first file.
    public static func prepare(
        _ path: String, tokenizer choice: TokenizerChoice, heldOut: Double = 0.1, to folder: String
    ) throws -> (training: Int, validation: Int) {
        let files = try TextFiles(path).files
        let tokenizer = try makeTokenizer(choice, all: TextPieces([files[0]]), cutAfter: .max)
        try OutputFolder.make(folder)
        try Tokenizers.save(tokenizer, to: folder)
        let width = TokenSequence.width(vocabularySize: tokenizer.vocabularySize)
        var counts = (training: 0, validation: 0)
        try AtomicFile.write(to: file(folder, "train.bin")) { training in
            try AtomicFile.write(to: file(folder, "val.bin")) { validation in
                for name in files {
                    let pieces = TextPieces([name])
                    let cut = trainingCount(of: try pieces.scalarCount(), heldOut)
                    try pieces.forEach(cutAfter: cut) { piece, _, isFirst in
                        let tokens = try tokenizer.encode(piece, from: name)
                        let bytes = TokenWriter.bytes(of: tokens, width: width)
                        try bytes.withUnsafeBytes { try (isFirst ? training : validation).append($0) }
                        counts.training += isFirst ? tokens.count : 0
                        counts.validation += isFirst ? 0 : tokens.count
                    }
                }
            }
        }
        return counts
    }
}
