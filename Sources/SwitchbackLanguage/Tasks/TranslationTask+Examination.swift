import Switchback
import SwitchbackTraining

/// What `switchback doctor translate` looks at.
extension TranslationTask: ExaminedTask {
    public func answers(to batch: Batch) -> Tensor { translator.model.encode(batch.source, padding: batch.padding) }

    public func shufflingTargets(of batch: Batch, by generator: Generator) -> Batch {
        Batch(
            source: batch.source, target: batch.target.withRowsShuffled(by: generator), padding: batch.padding,
            tokens: batch.tokens)
    }

    public func blankingInputs(of batch: Batch, from first: Int) -> Batch {
        Batch(
            source: batch.source.withRowsBlanked(from: first), target: batch.target, padding: batch.padding,
            tokens: batch.tokens)
    }

    public var chance: Chance? { nil }
    /// It first learns the language that it translates into.
    public var learnsFromInputsSoon: Bool { false }

    public func dataChecks() -> [DoctorCheck] {
        let copies = NearCopies(training.map { $0.source + [-1] + $0.target })
        let shared = validation.enumerated().compactMap { number, pair in
            copies.first(like: pair.source + [-1] + pair.target).map {
                (training: "train line \($0 + 1)", heldOut: "val line \(number + 1)")
            }
        }
        let empty = training.firstIndex { $0.source.isEmpty || $0.target.count <= 2 }
        let lines = empty.map {
            DoctorCheck(
                .values, .failed, "line \($0 + 1) of the training text is empty in one of the languages",
                remedy: "remove it from both files: the lines after it may be shifted apart")
        }
        return [
            lines ?? DoctorCheck(.values, .passed, "no line is empty"),
            DoctorCheck.leaks(shared, of: validation.count, "sentence", likeness: ", but for a token at most"),
        ]
    }

    public func exactCopies() -> DoctorCheck? {
        func both(_ pairs: [Pair]) -> [[Int]] { pairs.map { $0.source + [-1] + $0.target } }
        let shared = ExactCopies.pairs(both(training), both(validation)).map {
            (training: "train line \($0 + 1)", heldOut: "val line \($1 + 1)")
        }
        return .leaks(shared, of: validation.count, "sentence")
    }
}
