import Switchback
import SwitchbackTraining

/// What `switchback doctor text` looks at.
extension LanguageTask: ExaminedTask {
    public func answers(to batch: Batch) -> Tensor { language.features(batch.tokens) }

    public func shufflingTargets(of batch: Batch, by generator: Generator) -> Batch {
        Batch(tokens: batch.tokens, targets: batch.targets.withRowsShuffled(by: generator))
    }

    public func blankingInputs(of batch: Batch, from first: Int) -> Batch {
        Batch(tokens: batch.tokens.withRowsBlanked(from: first), targets: batch.targets)
    }

    /// How many tokens are counted, evenly spread.
    private static let counted = 1 << 20

    public var chance: Chance? {
        var counts = [Int](repeating: 0, count: language.vocabularySize)
        for position in stride(from: 0, to: data.training.count, by: max(1, data.training.count / Self.counted)) {
            counts[data.training[position]] += 1
        }
        return Chance(counts: counts)
    }

    public func dataChecks() -> [DoctorCheck] {
        let passages = SharedPassages(data.training, data.validation)
        let sentence =
            "\(passages.shared.counted("passage")) of \(passages.count.grouped), of \(passages.length.counted("token")) each, "
            + "of the validation text \(passages.shared == 1 ? "stands" : "stand") in the training text word for word"
        guard passages.count > 0 else {
            return [DoctorCheck(.leaks, .skipped, "the validation text is shorter than a passage")]
        }
        if Double(passages.shared) <= 0.1 * Double(passages.count) {
            return [DoctorCheck(.leaks, .passed, sentence)]
        }
        return [
            DoctorCheck(
                .leaks, .failed, sentence,
                remedy: "remove what is repeated: the validation measures what was learned by heart")
        ]
    }
}

extension LanguageTask {
    public func exactCopies() -> DoctorCheck? { dataChecks().first { $0.name == .leaks } }
}

/// Passages of a text that stand in another one word for word.
struct SharedPassages {
    /// Of a passage, in tokens.
    let length = 40
    /// The passages that were looked for, evenly spread.
    let count: Int
    /// Those that were found.
    let shared: Int

    private static let limit = 400
    /// How many tokens of the training text are searched.
    private static let searched = 20_000_000

    init(_ training: TokenSequence, _ validation: TokenSequence) {
        let length = length
        let places = validation.count < length ? 0 : validation.count - length + 1
        let step = max(length, places / Self.limit)
        let starts = Array(stride(from: 0, to: places, by: step))
        // A rolling hash (Karp and Rabin, 1987) finds the places that may be the same; they are compared then.
        let top = (1..<length).reduce(UInt64(1)) { product, _ in product &* Self.base }
        func hash(_ tokens: TokenSequence, _ start: Int) -> UInt64 {
            (start..<start + length).reduce(0) { $0 &* Self.base &+ UInt64(tokens[$1] + 1) }
        }
        var wanted: [UInt64: [Int]] = [:]
        for start in starts { wanted[hash(validation, start), default: []].append(start) }
        var found: Set<Int> = []
        let end = min(training.count, Self.searched) - length
        if end >= 0 {
            var value = hash(training, 0)
            for start in 0...end {
                if start > 0 {
                    value =
                        (value &- UInt64(training[start - 1] + 1) &* top) &* Self.base
                        &+ UInt64(training[start + length - 1] + 1)
                }
                for place in wanted[value] ?? []
                where (0..<length).allSatisfy({ training[start + $0] == validation[place + $0] }) {
                    found.insert(place)
                }
            }
        }
        (count, shared) = (starts.count, found.count)
    }

    private static let base: UInt64 = 0x9E37_79B9_7F4A_7C15
}

extension AdaptationTask: ExaminedTask where Base: ExaminedTask {
    public func answers(to batch: Base.Batch) throws -> Tensor { try task.answers(to: batch) }

    public func shufflingTargets(of batch: Base.Batch, by generator: Generator) -> Base.Batch {
        task.shufflingTargets(of: batch, by: generator)
    }

    public func blankingInputs(of batch: Base.Batch, from first: Int) -> Base.Batch {
        task.blankingInputs(of: batch, from: first)
    }

    public var chance: Chance? { task.chance }
    public var beginsTrained: Bool { true }
    public func dataChecks() throws -> [DoctorCheck] { try task.dataChecks() }
    public func exactCopies() throws -> DoctorCheck? { try task.exactCopies() }
}
