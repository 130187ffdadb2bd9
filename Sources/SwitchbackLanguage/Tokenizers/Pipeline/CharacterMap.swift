import Foundation
import Switchback
import SwitchbackFormats

/// What becomes of characters, as SentencePiece writes it into its models: a double array (Aoe, "An Efficient Digital
/// Search Algorithm by Using a Double-Array Structure", 1989) of what is looked for, and the texts that take its place.
struct CharacterMap: Sendable {
    private let units: [UInt32]
    private let texts: [UInt8]

    /// No map of SentencePiece's is larger than a few hundred thousand bytes.
    private static let largest = 1 << 24

    /// Throws a sentence where the bytes are not such a map.
    init(_ bytes: [UInt8]) throws(Problem) {
        func word(_ position: Int) -> UInt32 {
            (0..<4).reduce(0) { $0 | UInt32(bytes[position + $1]) << UInt32(8 * $1) }
        }
        guard bytes.count >= 8, bytes.count <= CharacterMap.largest else {
            throw Problem(
                text: "a map of characters has 8 to \(CharacterMap.largest) bytes, and this one \(bytes.count)")
        }
        let size = Int(word(0))
        guard size % 4 == 0, size > 0, size <= bytes.count - 4 else {
            throw Problem(text: "its table takes \(size) bytes, and \(bytes.count - 4) follow")
        }
        units = (0..<size / 4).map { word(4 + 4 * $0) }
        texts = Array(bytes[(4 + size)...])
        guard texts.last == 0 else { throw Problem(text: "the last of its texts has no end") }
    }

    struct Problem: Error { let text: String }

    /// `precompiled_charsmap` of a `tokenizer.json`.
    init(_ fields: ConfigurationFields) throws {
        let name = "precompiled_charsmap"
        guard let data = Data(base64Encoded: try fields.string(name)) else {
            throw fields.problem(name, "it is not base64")
        }
        do {
            try self.init([UInt8](data))
        } catch { throw fields.problem(name, error.text) }
    }

    // MARK: Looking up

    /// The entries that a text begins with, the shortest first: their lengths, and where their texts begin.
    private func entries(_ bytes: some Collection<UInt8>) -> [(length: Int, text: Int)] {
        var found: [(length: Int, text: Int)] = []
        var node = offset(units[0])
        for (index, byte) in bytes.enumerated() {
            if byte == 0 { break }
            node ^= Int(byte)
            guard node < units.count, units[node] & 0x8000_00FF == UInt32(byte) else { break }
            let hasLeaf = units[node] >> 8 & 1 == 1
            node ^= offset(units[node])
            guard node < units.count else { break }
            if hasLeaf { found.append((index + 1, Int(units[node] & 0x7FFF_FFFF))) }
        }
        return found.filter { $0.text < texts.count }
    }

    private func offset(_ unit: UInt32) -> Int { Int((unit >> 10) << ((unit & (1 << 9)) >> 6)) }

    private func text(at start: Int) -> ArraySlice<UInt8> { texts[start...].prefix { $0 != 0 } }

    /// What the longest entry that bytes begin with becomes, and its length; `nil` if there is none.
    func longest(_ bytes: some Collection<UInt8>) -> (text: ArraySlice<UInt8>, length: Int)? {
        entries(bytes).last.map { (text(at: $0.text), $0.length) }
    }

    /// What a character becomes for the `tokenizers` package, which takes the shortest entry for the whole.
    private func shortest(_ bytes: [UInt8]) -> ArraySlice<UInt8>? { entries(bytes).first.map { text(at: $0.text) } }

    /// The text as the `tokenizers` package has it: short characters as a whole, others by their parts.
    func normalizeGraphemes(_ scalars: [Unicode.Scalar]) -> [Unicode.Scalar] {
        var result: [UInt8] = []
        for character in scalars.string {
            let bytes = Array(character.utf8)
            if bytes.count < 6, let text = shortest(bytes) {
                result += text
                continue
            }
            for scalar in character.unicodeScalars {
                let own = Array(String(scalar).utf8)
                result += shortest(own) ?? own[...]
            }
        }
        return Array(String(decoding: result, as: UTF8.self).unicodeScalars)
    }
}
