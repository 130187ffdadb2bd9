import Foundation
import Switchback
import SwitchbackFormats

/// Gathers the tokens of a text: in memory while they are few, then in a file without a name, which is mapped in the
/// end and goes with the program, so that a text may be larger than memory.
package struct TokenWriter {
    /// How many tokens are kept in memory.
    package static let usualLimit = 1 << 24

    private let vocabularySize: Int
    private let limit: Int
    private var tokens: [Int32] = []
    private var file: NamelessFile?

    package init(vocabularySize: Int, limit: Int = usualLimit) {
        (self.vocabularySize, self.limit) = (vocabularySize, limit)
    }

    /// The bytes of tokens in a file.
    static func bytes(of tokens: some Sequence<Int>, width: Int) -> [UInt8] {
        tokens.flatMap { token in (0..<width).map { UInt8(truncatingIfNeeded: token >> (8 * $0)) } }
    }

    package mutating func append(_ more: [Int]) throws {
        if file == nil && tokens.count + more.count <= limit {
            tokens += more.map(Int32.init)
            return
        }
        let width = TokenSequence.width(vocabularySize: vocabularySize)
        if file == nil {
            file = try NamelessFile()
            for start in stride(from: 0, to: tokens.count, by: 1 << 16) {
                let part = tokens[start..<min(start + (1 << 16), tokens.count)]
                try file?.append(Self.bytes(of: part.map { Int($0) }, width: width))
            }
            tokens = []
        }
        try file?.append(Self.bytes(of: more, width: width))
    }

    /// All that were appended.
    package func sequence() throws -> TokenSequence {
        guard let file else { return TokenSequence(tokens.lazy.map { Int($0) }) }
        return try TokenSequence(file: file.path, vocabularySize: vocabularySize)
    }
}

/// A temporary file, which is removed with this object: a mapping of it stays.
private final class NamelessFile {
    let path: String
    private let handle: FileHandle

    init() throws {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent(
            "switchback-\(UUID().uuidString).tokens")
        path = url.path
        let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL, 0o600)
        guard descriptor >= 0 else { throw InputError(path, cannot: "written", errno) }
        handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    }

    deinit { unlink(path) }

    func append(_ bytes: [UInt8]) throws {
        do {
            try handle.write(contentsOf: Data(bytes))
        } catch {
            throw InputError(
                path, cannot: "written", error)
        }
    }
}
