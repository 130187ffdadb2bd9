import SwitchbackFormats

/// Byte-pair encoding as SentencePiece has it: of all neighbors that together are a piece, those become one whose piece
/// has the highest score, the leftmost first.
struct ScoredPairModel: PieceModel {
    let vocabulary: PieceVocabulary
    /// Pieces that can come of a merge, or be there from the start.
    private let numbers: [[UInt8]: Int]
    private let scores: [Float]
    private let unused: Set<Int>
    private let fixed: PieceTrie
    private let longest: Int
    private let unknown: Int
    private let writesBytes: Bool

    init(_ file: SentencePieceFile, _ vocabulary: PieceVocabulary, fixed: PieceTrie, unknown: Int) {
        self.vocabulary = vocabulary
        let usable = file.pieces.enumerated().filter { [.normal, .userDefined, .unused].contains($1.use) }
        numbers = Dictionary(usable.map { ($1.text, $0) }) { first, _ in first }
        scores = file.pieces.map(\.score)
        unused = Set(usable.filter { $1.use == .unused }.map(\.offset))
        self.fixed = fixed
        longest = usable.map(\.element.text.count).max() ?? 0
        self.unknown = unknown
        writesBytes = file.writesBytes
    }

    /// Two neighbors that may become one, the highest score on top of the queue, then the leftmost.
    private struct Pair: Comparable {
        let score: Float
        let left, right, size: Int

        static func < (a: Pair, b: Pair) -> Bool { a.score != b.score ? a.score > b.score : a.left < b.left }
        static func == (a: Pair, b: Pair) -> Bool { a.score == b.score && a.left == b.left }
    }

    /// A part of the text, and its neighbors; empty where it was merged into the one on its left.
    private struct Symbol {
        var range: Range<Int>
        var before, after: Int
        let isFixed: Bool
    }

    func encode(_ word: [Unicode.Scalar]) throws -> [Int] {
        let bytes = word.utf8Bytes
        var symbols = symbols(bytes)
        var queue = PriorityQueue<Pair>()
        // How unused pieces, that may come in between, were put together.
        var parts: [[UInt8]: (Int, Int)] = [:]
        func offer(_ left: Int, _ right: Int) {
            guard left >= 0, right >= 0, !symbols[left].isFixed, !symbols[right].isFixed else { return }
            let range = symbols[left].range.lowerBound..<symbols[right].range.upperBound
            guard range.count <= longest, let number = numbers[Array(bytes[range])] else { return }
            queue.insert(Pair(score: scores[number], left: left, right: right, size: range.count))
            if unused.contains(number) {
                parts[Array(bytes[range])] = (symbols[left].range.count, symbols[right].range.count)
            }
        }
        for index in symbols.indices.dropFirst() { offer(index - 1, index) }
        while let pair = queue.removeSmallest() {
            let (left, right) = (symbols[pair.left].range, symbols[pair.right].range)
            guard !left.isEmpty, !right.isEmpty, left.count + right.count == pair.size else { continue }
            symbols[pair.left].range = left.lowerBound..<right.upperBound
            symbols[pair.right].range = right.upperBound..<right.upperBound
            symbols[pair.left].after = symbols[pair.right].after
            if symbols[pair.right].after >= 0 { symbols[symbols[pair.right].after].before = pair.left }
            offer(symbols[pair.left].before, pair.left)
            offer(pair.left, symbols[pair.left].after)
        }
        let ranges = symbols.map(\.range).filter { !$0.isEmpty }.flatMap { resolved($0, bytes, parts) }
        return tokens(ranges, bytes)
    }

    /// Characters, and whole pieces that are taken as they stand.
    private func symbols(_ bytes: [UInt8]) -> [Symbol] {
        var symbols: [Symbol] = []
        var start = 0
        while start < bytes.count {
            var end = start
            fixed.forEachPiece(in: bytes, at: start) { last, _ in end = last }
            let isFixed = end > start
            if !isFixed { end = start + UTF8.width(ofFirst: bytes[start]) }
            symbols.append(
                Symbol(range: start..<end, before: symbols.count - 1, after: symbols.count + 1, isFixed: isFixed))
            start = end
        }
        if let last = symbols.indices.last { symbols[last].after = -1 }
        return symbols
    }

    /// A piece that may not be used, in the parts that it was put together from.
    private func resolved(
        _ range: Range<Int>, _ bytes: [UInt8], _ parts: [[UInt8]: (Int, Int)]
    ) -> [Range<Int>] {
        var (open, done) = ([range], [Range<Int>]())
        while let next = open.popLast() {
            let piece = Array(bytes[next])
            guard let number = numbers[piece], unused.contains(number), let (left, _) = parts[piece] else {
                done.append(next)
                continue
            }
            open += [next.lowerBound + left..<next.upperBound, next.lowerBound..<next.lowerBound + left]
        }
        return done
    }

    private func tokens(_ ranges: [Range<Int>], _ bytes: [UInt8]) -> [Int] {
        var tokens: [Int] = []
        var lastIsUnknown = false
        for range in ranges {
            let number = vocabulary.numbers[Array(bytes[range])]
            let isUnknown = number == nil || number == unknown
            if let number, !isUnknown {
                tokens.append(number)
            } else if writesBytes, let own = vocabulary.bytes(bytes[range]) {
                tokens += own
            } else if !lastIsUnknown {
                tokens.append(unknown)
            }
            lastIsUnknown = isUnknown
        }
        return tokens
    }
}
