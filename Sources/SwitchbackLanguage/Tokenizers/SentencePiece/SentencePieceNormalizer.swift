import SwitchbackFormats

/// How SentencePiece prepares a text: characters become what a table says, space is counted, and marked.
struct SentencePieceNormalizer: Sendable {
    private let map: CharacterMap?
    /// Pieces that are taken as they stand.
    private let fixed: PieceTrie
    private let file: Rules

    private struct Rules: Sendable {
        let addsSpace, isSpaceBehind, removesExtraSpace: Bool
        /// What is written for a space.
        let space: [UInt8]
    }

    /// What the character `▁` is in UTF-8.
    static let mark: [UInt8] = [0xE2, 0x96, 0x81]

    init(_ file: SentencePieceFile, map: CharacterMap?, fixed: PieceTrie) {
        (self.map, self.fixed) = (map, fixed)
        self.file = Rules(
            addsSpace: file.addsSpace, isSpaceBehind: file.isSpaceBehind, removesExtraSpace: file.removesExtraSpace,
            space: file.marksSpace ? Self.mark : [UInt8(ascii: " ")])
    }

    /// - Parameter isFirst: whether the text begins where the whole one does.
    func apply(_ text: [UInt8], isFirst: Bool) -> [UInt8] {
        var position = 0
        if file.removesExtraSpace {
            while position < text.count {
                let (written, length) = next(text, position)
                guard written.elementsEqual([UInt8(ascii: " ")]) else { break }
                position += length
            }
        }
        guard position < text.count else { return [] }
        let adds = file.addsSpace && isFirst
        var result = adds && !file.isSpaceBehind ? file.space : []
        var isAfterSpace = file.removesExtraSpace
        while position < text.count {
            let (written, length) = next(text, position)
            let kept = isAfterSpace ? written.drop { $0 == UInt8(ascii: " ") } : written
            for byte in kept { if byte == UInt8(ascii: " ") { result += file.space } else { result.append(byte) } }
            if !kept.isEmpty { isAfterSpace = file.removesExtraSpace && kept.last == UInt8(ascii: " ") }
            position += length
        }
        if file.removesExtraSpace {
            while result.suffix(file.space.count).elementsEqual(file.space) { result.removeLast(file.space.count) }
        }
        return adds && file.isSpaceBehind ? result + file.space : result
    }

    /// What is written for what stands at a place, and how long that is.
    private func next(_ text: [UInt8], _ position: Int) -> (text: ArraySlice<UInt8>, length: Int) {
        var end = position
        fixed.forEachPiece(in: text, at: position) { last, _ in end = last }
        if end > position { return (text[position..<end], end - position) }
        if let found = map?.longest(text[position...]) { return found }
        let length = UTF8.width(ofFirst: text[position])
        return (text[position..<position + length], length)
    }
}

extension UTF8 {
    /// How many bytes a character has, by its first.
    static func width(ofFirst byte: UInt8) -> Int { byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4 }
}
