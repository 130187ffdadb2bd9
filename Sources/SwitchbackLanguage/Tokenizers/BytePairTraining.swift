import Switchback

extension BytePairTokenizer {
    /// Learns a vocabulary from a text (Sennrich et al., 2016, algorithm 1): the most frequent pair of neighbors
    /// becomes a token, again and again. Ties go to the pair of the lower tokens, as in the `tokenizers` package.
    ///
    /// - Parameters:
    ///   - text: what the words are counted in.
    ///   - vocabularySize: how many tokens there should be, at least 257: each byte, the end of a text, and the merges.
    ///     There are fewer if the text has no more pairs.
    public static func train(on text: String, vocabularySize: Int) throws -> BytePairTokenizer {
        try train(vocabularySize: vocabularySize) { add in add(text) }
    }

    /// As above, from a text that comes in pieces which end between words.
    ///
    /// - Parameter forEachPiece: calls the function that it is given with each.
    static func train(
        vocabularySize: Int, _ forEachPiece: ((String) -> Void) throws -> Void
    ) throws -> BytePairTokenizer {
        guard vocabularySize > 256 else {
            throw InputError("vocabulary", "\(vocabularySize) tokens are not enough: the bytes and the end take 257")
        }
        var counts: [[UInt8]: Int] = [:]
        try forEachPiece { piece in
            WordScanner(pattern: .gpt2).forEachWord(of: piece) { counts[Array($0), default: 0] += 1 }
        }
        // Sorted, because the order of a dictionary changes from run to run.
        let words = counts.sorted { $0.key.lexicographicallyPrecedes($1.key) }
        var trainer = BytePairTrainer(words: words.map { ($0.key, $0.value) })
        trainer.learn(upTo: vocabularySize - 1)
        let end = SpecialTokens([(trainer.tokens.count, "<|endoftext|>")])
        return try BytePairTokenizer(
            tokens: trainer.tokens, merges: trainer.merges, pattern: .gpt2, special: end, file: "the trained vocabulary"
        )
    }
}

/// Counts pairs of neighboring tokens in words, and keeps the counts true while pairs are merged.
private struct BytePairTrainer {
    private(set) var tokens: [[UInt8]]
    private(set) var merges: [(Int, Int)] = []

    private struct Pair: Hashable {
        let a, b: Int32
    }

    /// The words as tokens, and how often each occurs.
    private var words: [[Int32]]
    private let weights: [Int]
    private var counts: [Pair: Int] = [:]
    /// The words in which a pair occurs, or once did.
    private var places: [Pair: Set<Int32>] = [:]
    private var queue = PriorityQueue<CountedPair>()

    init(words: [(bytes: [UInt8], count: Int)]) {
        // Bytes are numbered in the order of the characters that stand for them.
        let order = (0..<256).sorted { ByteAlphabet.scalars[$0] < ByteAlphabet.scalars[$1] }
        tokens = order.map { [UInt8($0)] }
        var number = [Int32](repeating: 0, count: 256)
        for (position, byte) in order.enumerated() { number[byte] = Int32(position) }
        self.words = words.map { $0.bytes.map { number[Int($0)] } }
        weights = words.map(\.count)
        for (i, word) in self.words.enumerated() { countPairs(of: word, Int32(i), weights[i]) }
        for (pair, count) in counts { queue.insert(CountedPair(count: count, a: pair.a, b: pair.b)) }
    }

    private mutating func countPairs(of word: [Int32], _ index: Int32, _ weight: Int) {
        for (a, b) in zip(word, word.dropFirst()) {
            counts[Pair(a: a, b: b), default: 0] += weight
            places[Pair(a: a, b: b), default: []].insert(index)
        }
    }

    mutating func learn(upTo limit: Int) {
        while tokens.count < limit, let best = queue.removeSmallest() {
            let pair = Pair(a: best.a, b: best.b)
            let count = counts[pair] ?? 0
            if count < best.count {
                if count > 0 { queue.insert(CountedPair(count: count, a: pair.a, b: pair.b)) }
                continue
            }
            merge(pair)
        }
    }

    private mutating func merge(_ pair: Pair) {
        let token = Int32(tokens.count)
        tokens.append(tokens[Int(pair.a)] + tokens[Int(pair.b)])
        merges.append((Int(pair.a), Int(pair.b)))
        var changes: [Pair: Int] = [:]
        for index in places.removeValue(forKey: pair) ?? [] {
            let old = words[Int(index)]
            let new = BytePairTrainer.merged(old, pair, token)
            words[Int(index)] = new
            let weight = weights[Int(index)]
            for (a, b) in zip(old, old.dropFirst()) { changes[Pair(a: a, b: b), default: 0] -= weight }
            for (a, b) in zip(new, new.dropFirst()) {
                changes[Pair(a: a, b: b), default: 0] += weight
                if a == token || b == token { places[Pair(a: a, b: b), default: []].insert(index) }
            }
        }
        for (changed, difference) in changes where difference != 0 {
            let count = (counts[changed] ?? 0) + difference
            counts[changed] = count > 0 ? count : nil
            if difference > 0 { queue.insert(CountedPair(count: count, a: changed.a, b: changed.b)) }
        }
        counts[pair] = nil
    }

    private static func merged(_ word: [Int32], _ pair: Pair, _ token: Int32) -> [Int32] {
        var result: [Int32] = []
        var i = 0
        while i < word.count {
            let matches = i + 1 < word.count && word[i] == pair.a && word[i + 1] == pair.b
            result.append(matches ? token : word[i])
            i += matches ? 2 : 1
        }
        return result
    }
}

/// A pair with its count: the most frequent comes first, of equally frequent ones that of the lower tokens.
private struct CountedPair: Comparable {
    let count: Int
    let a, b: Int32

    static func < (x: CountedPair, y: CountedPair) -> Bool {
        x.count != y.count ? x.count > y.count : (x.a, x.b) < (y.a, y.b)
    }
}
