import Foundation
import Switchback
import SwitchbackFormats

/// How a text becomes tokens.
public enum TokenizerChoice: Equatable, Sendable {
    /// One token for each character of the text.
    case characters
    /// Byte pairs, learned from the text.
    case bytePairs(vocabularySize: Int)
    /// The tokenizer of a folder or a `tokenizer.json`.
    case file(String)

    /// `characters`, `bpe`, or a path.
    public init(_ name: String, vocabularySize: Int) {
        switch name {
        case "characters": self = .characters
        case "bpe": self = .bytePairs(vocabularySize: vocabularySize)
        default: self = .file(name)
        }
    }
}

/// A text to train on and one to measure by, as tokens.
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
        let text = try TextFiles(path).text()
        let parts = split(text, heldOut: heldOut)
        let tokenizer = try makeTokenizer(choice ?? .characters, text: text, training: String(parts.training))
        return TextData(
            tokenizer: tokenizer, training: TokenSequence(try tokenizer.encode(String(parts.training), from: path)),
            validation: TokenSequence(try tokenizer.encode(String(parts.validation), from: path)))
    }

    /// The first part to train on, the last to measure by; cut between two characters.
    private static func split(_ text: String, heldOut: Double) -> (training: Substring, validation: Substring) {
        let scalars = text.unicodeScalars
        let cut = scalars.index(scalars.startIndex, offsetBy: Int(Double(scalars.count) * (1 - heldOut)))
        return (text[..<cut], text[cut...])
    }

    static func makeTokenizer(_ choice: TokenizerChoice, text: String, training: String) throws -> any Tokenizer {
        switch choice {
        case .characters: return CharacterTokenizer(charactersOf: text)
        case .bytePairs(let size): return try BytePairTokenizer.train(on: training, vocabularySize: size)
        case .file(let path): return try Tokenizers.load(path)
        }
    }

    // MARK: Prepared folders

    private static func file(_ folder: String, _ name: String) -> String {
        (folder as NSString).appendingPathComponent(name)
    }

    private static func isPrepared(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: file(path, "train.bin"))
    }

    private static func loadPrepared(_ path: String, _ choice: TokenizerChoice?) throws -> TextData {
        let tokenizer: any Tokenizer
        switch choice {
        case nil: tokenizer = try Tokenizers.load(path)
        case .file(let file): tokenizer = try Tokenizers.load(file)
        default:
            throw InputError(path, "it holds tokens already, so no tokenizer can be made for it")
        }
        let size = tokenizer.vocabularySize
        return TextData(
            tokenizer: tokenizer, training: try TokenSequence(file: file(path, "train.bin"), vocabularySize: size),
            validation: try TokenSequence(file: file(path, "val.bin"), vocabularySize: size))
    }

    /// Writes tokens and tokenizer into a folder, which `load` then maps instead of reading: for texts larger than
    /// memory. One file at a time is held; the end of each is what is measured by. A tokenizer that is made comes from the
    /// first file.
    public static func prepare(
        _ path: String, tokenizer choice: TokenizerChoice, heldOut: Double = 0.1, to folder: String
    ) throws -> (training: Int, validation: Int) {
        let files = try TextFiles(path).files
        let first = try TextFile.read(files[0])
        let tokenizer = try makeTokenizer(choice, text: first, training: first)
        try Checkpoint.makeFolder(folder)
        try Tokenizers.save(tokenizer, to: folder)
        let width = TokenSequence.width(vocabularySize: tokenizer.vocabularySize)
        var counts = (training: 0, validation: 0)
        try AtomicFile.write(to: file(folder, "train.bin")) { training in
            try AtomicFile.write(to: file(folder, "val.bin")) { validation in
                for name in files {
                    let parts = split(try TextFile.read(name), heldOut: heldOut)
                    counts.training += try append(parts.training, of: name, tokenizer, width, to: training)
                    counts.validation += try append(parts.validation, of: name, tokenizer, width, to: validation)
                }
            }
        }
        return counts
    }

    private static func append(
        _ text: Substring, of name: String, _ tokenizer: any Tokenizer, _ width: Int, to file: AtomicFile
    ) throws -> Int {
        let tokens = try tokenizer.encode(String(text), from: name)
        var bytes = [UInt8]()
        bytes.reserveCapacity(tokens.count * width)
        for token in tokens { for place in 0..<width { bytes.append(UInt8(truncatingIfNeeded: token >> (8 * place))) } }
        try bytes.withUnsafeBytes { try file.append($0) }
        return tokens.count
    }
}
