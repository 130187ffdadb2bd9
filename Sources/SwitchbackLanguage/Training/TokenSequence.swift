import Foundation
import Switchback
import SwitchbackFormats

/// A long text as tokens: in memory, or in a mapped file, so that a text larger than memory can be trained on.
///
/// Files are those of nanoGPT (`train.bin`): nothing but the tokens, little-endian, two bytes each, or four where the
/// vocabulary has more than 65,536 tokens.
public struct TokenSequence: @unchecked Sendable {
    private enum Memory {
        case array([Int32])
        /// The file is only ever read.
        case narrow(MappedFile)
        case wide(MappedFile)
    }

    private let memory: Memory
    public let count: Int

    public init(_ tokens: some Sequence<Int>) {
        let array = tokens.map(Int32.init)
        memory = .array(array)
        count = array.count
    }

    /// A file of tokens. Throws `InputError` if it cannot be read or holds numbers that are not tokens.
    public init(file path: String, vocabularySize: Int) throws {
        let file = try MappedFile(path)
        let width = TokenSequence.width(vocabularySize: vocabularySize)
        guard file.bytes.count % width == 0 else {
            throw InputError(
                path, "its \(file.bytes.count) bytes are not a whole number of tokens of \(width) bytes",
                remedy: "the file is cut short, or was made for another vocabulary")
        }
        count = file.bytes.count / width
        memory = width == 2 ? .narrow(file) : .wide(file)
        // A stretch at a time, whose memory is given back: the file may be larger than memory.
        for start in stride(from: 0, to: count, by: 1 << 20) {
            let stretch = start..<min(start + (1 << 20), count)
            if let bad = stretch.first(where: { self[$0] >= vocabularySize || self[$0] < 0 }) {
                throw InputError(
                    path, at: "token \(bad)", "\(self[bad]) is not a token of a vocabulary of \(vocabularySize)",
                    remedy: "the file was made for another vocabulary")
            }
            file.forget(stretch.lowerBound * width..<stretch.upperBound * width)
        }
    }

    /// The bytes of a token in a file.
    static func width(vocabularySize: Int) -> Int { vocabularySize <= 1 << 16 ? 2 : 4 }

    public subscript(position: Int) -> Int {
        switch memory {
        case .array(let array): return Int(array[position])
        case .narrow(let file):
            let bytes = UnsafeRawBufferPointer(file.bytes)
            return Int(UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: 2 * position, as: UInt16.self)))
        case .wide(let file):
            let bytes = UnsafeRawBufferPointer(file.bytes)
            return Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4 * position, as: UInt32.self)))
        }
    }

    public subscript(range: Range<Int>) -> [Int] { range.map { self[$0] } }

    /// Windows of `length` tokens that begin at `starts`, and the tokens that follow each: int64 [N, length] twice.
    public func windows(at starts: [Int], length: Int) -> (tokens: Tensor, targets: Tensor) {
        let shape: Shape = [starts.count, length]
        let tokens = starts.flatMap { self[$0..<$0 + length] }
        let targets = starts.flatMap { self[$0 + 1..<$0 + length + 1] }
        return (Tensor(tokens, shape: shape), Tensor(targets, shape: shape))
    }
}
