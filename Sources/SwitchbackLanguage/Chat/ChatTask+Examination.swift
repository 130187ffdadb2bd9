import Switchback
import SwitchbackTraining

/// What `switchback doctor chat` looks at.
extension ChatTask: ExaminedTask {
    public func answers(to batch: Batch) -> Tensor { language.features(batch.tokens) }

    public func shufflingTargets(of batch: Batch, by generator: Generator) -> Batch {
        Batch(tokens: batch.tokens, targets: batch.targets.withRowsShuffled(by: generator), count: batch.count)
    }

    public func blankingInputs(of batch: Batch, from first: Int) -> Batch {
        Batch(tokens: batch.tokens.withRowsBlanked(from: first), targets: batch.targets, count: batch.count)
    }

    public var chance: Chance? { nil }
    public var beginsTrained: Bool { true }

    public func dataChecks() -> [DoctorCheck] {
        let copies = NearCopies(trainingNumbers.map { conversations[$0].tokens })
        let shared = validation.compactMap { number in
            copies.first(like: conversations[number].tokens).map {
                (training: "conversation \(trainingNumbers[$0] + 1)", heldOut: "conversation \(number + 1)")
            }
        }
        let likeness = ", but for a token at most"
        return [DoctorCheck.leaks(shared, of: validation.count, "conversation", likeness: likeness)]
    }

    public func exactCopies() -> DoctorCheck? {
        func tokens(_ numbers: [Int]) -> [[Int]] { numbers.map { conversations[$0].tokens } }
        let shared = ExactCopies.pairs(tokens(Array(trainingNumbers)), tokens(Array(validation))).map {
            (training: "conversation \(trainingNumbers[$0] + 1)", heldOut: "conversation \(validation[$1] + 1)")
        }
        return .leaks(shared, of: validation.count, "conversation")
    }
}
