/// Which neighboring tokens become one, and in which order (Sennrich et al., "Neural Machine Translation of Rare Words
/// with Subword Units", 2016).
struct BytePairMerges: Sendable {
    private struct Merge {
        let rank: UInt32
        let result: Int32
    }

    private var merges: [UInt64: Merge] = [:]

    private static func key(_ a: Int32, _ b: Int32) -> UInt64 {
        UInt64(UInt32(bitPattern: a)) << 32 | UInt64(UInt32(bitPattern: b))
    }

    /// Adds a merge that ranks behind all others.
    mutating func append(_ a: Int, _ b: Int, into result: Int) {
        let key = BytePairMerges.key(Int32(a), Int32(b))
        if merges[key] == nil { merges[key] = Merge(rank: UInt32(merges.count), result: Int32(result)) }
    }

    /// Merges neighbors until no pair is left that can be: of those at hand always the one with the lowest rank, the
    /// leftmost first.
    func apply(to tokens: [Int32]) -> [Int32] {
        if tokens.count < 2 { return tokens }
        var word = LinkedTokens(tokens)
        var queue = PriorityQueue<UInt64>()
        func offer(_ left: Int32) {
            guard let right = word.next(left) else { return }
            guard let merge = merges[BytePairMerges.key(word.tokens[Int(left)], word.tokens[Int(right)])] else {
                return
            }
            queue.insert(UInt64(merge.rank) << 32 | UInt64(left))
        }
        for i in 0..<Int32(tokens.count - 1) { offer(i) }
        while let entry = queue.removeSmallest() {
            let left = Int32(entry & 0xFFFF_FFFF)
            // The entry is out of date if its tokens have been merged with others since.
            guard word.tokens[Int(left)] >= 0, let right = word.next(left),
                let merge = merges[BytePairMerges.key(word.tokens[Int(left)], word.tokens[Int(right)])],
                merge.rank == UInt32(entry >> 32)
            else { continue }
            word.merge(left, right, into: merge.result)
            offer(left)
            if let before = word.previous(left) { offer(before) }
        }
        return word.tokens.filter { $0 >= 0 }
    }
}

/// Tokens that know their neighbors; −1 where one was merged into its left neighbor.
private struct LinkedTokens {
    private(set) var tokens: [Int32]
    private var before, after: [Int32]

    init(_ tokens: [Int32]) {
        self.tokens = tokens
        before = (0..<Int32(tokens.count)).map { $0 - 1 }
        after = (0..<Int32(tokens.count)).map { $0 + 1 }
    }

    func next(_ i: Int32) -> Int32? { after[Int(i)] < tokens.count ? after[Int(i)] : nil }
    func previous(_ i: Int32) -> Int32? { before[Int(i)] >= 0 ? before[Int(i)] : nil }

    mutating func merge(_ left: Int32, _ right: Int32, into token: Int32) {
        tokens[Int(left)] = token
        tokens[Int(right)] = -1
        after[Int(left)] = after[Int(right)]
        if let next = next(left) { before[Int(next)] = left }
    }
}
