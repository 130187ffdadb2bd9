/// Finds sequences of words or tokens that are the same as one of many, but for one of their elements.
///
/// Two sequences of which one has an element more than the other, or another one at a place, are the same where that
/// element is left out of both: so each is known by all sequences that it becomes without one element (the deletions of
/// SymSpell).
struct NearCopies {
    private let sequences: [[Int]]
    /// The first sequence that becomes a hash value.
    private var known: [UInt64: Int] = [:]

    /// Shorter sequences differ in one word by chance, and longer ones in more: they are compared as they are.
    private static let lengths = 8...128

    init(_ sequences: [[Int]]) {
        self.sequences = sequences
        for (number, sequence) in sequences.enumerated() {
            for hash in Self.hashes(sequence) where known[hash] == nil { known[hash] = number }
        }
    }

    /// The number of a sequence that is the same; `nil` if there is none.
    func first(like sequence: [Int]) -> Int? {
        Self.hashes(sequence).lazy.compactMap { known[$0] }.first { Self.areAlike(sequences[$0], sequence) }
    }

    /// Whether no more than one element is left of each without what they begin and end with alike.
    private static func areAlike(_ a: [Int], _ b: [Int]) -> Bool {
        if a == b { return true }
        guard lengths.contains(a.count), lengths.contains(b.count), abs(a.count - b.count) <= 1 else { return false }
        let start = zip(a, b).prefix { $0 == $1 }.count
        let end = zip(a.dropFirst(start).reversed(), b.dropFirst(start).reversed()).prefix { $0 == $1 }.count
        return max(a.count, b.count) - start - end <= 1
    }

    private static let base: UInt64 = 0x9E37_79B9_7F4A_7C15

    /// Of a sequence, and of it without each of its elements.
    private static func hashes(_ sequence: [Int]) -> [UInt64] {
        func add(_ hash: UInt64, _ element: Int) -> UInt64 { hash &* base &+ UInt64(bitPattern: Int64(element + 1)) }
        let whole = sequence.reduce(1, add)
        guard lengths.contains(sequence.count) else { return [whole] }
        // What follows an element, and by how much it moves what stands before it.
        var (rests, shifts): ([UInt64], [UInt64]) = ([0], [1])
        for element in sequence.dropFirst().reversed() {
            rests.append(rests[rests.count - 1] &+ UInt64(bitPattern: Int64(element + 1)) &* shifts[shifts.count - 1])
            shifts.append(shifts[shifts.count - 1] &* base)
        }
        var (hashes, start) = ([whole], UInt64(1))
        for (place, element) in sequence.enumerated() {
            let after = sequence.count - 1 - place
            hashes.append(start &* shifts[after] &+ rests[after])
            start = add(start, element)
        }
        return hashes
    }
}

/// Gives words numbers, the same ones to the same words.
struct WordNumbers {
    private var numbers: [Substring: Int] = [:]

    /// The numbers of a sentence's words, without regard to case and what stands between them.
    mutating func callAsFunction(_ sentence: String) -> [Int] {
        sentence.lowercased().split { !$0.isLetter && !$0.isNumber }.map { word in
            if let number = numbers[word] { return number }
            numbers[word] = numbers.count
            return numbers.count - 1
        }
    }
}
