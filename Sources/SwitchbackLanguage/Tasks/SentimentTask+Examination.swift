import Switchback
import SwitchbackTraining

/// What `switchback doctor sentiment` looks at.
extension SentimentTask: ExaminedTask {
    public func answers(to batch: Batch) -> Tensor { classifier(batch.sentences) }

    public func shufflingTargets(of batch: Batch, by generator: Generator) -> Batch {
        Batch(sentences: batch.sentences, labels: batch.labels.withRowsShuffled(by: generator))
    }

    public func blankingInputs(of batch: Batch, from first: Int) -> Batch {
        let blank = batch.sentences.first ?? ""
        return Batch(
            sentences: batch.sentences.prefix(first) + batch.sentences.dropFirst(first).map { _ in blank },
            labels: batch.labels)
    }

    private var counts: [Int] {
        classifier.classes.map { name in training.labels.count { $0 == name } }
    }

    public var chance: Chance? { Chance(counts: counts) }
    /// With what naive Bayes knows.
    public var beginsTrained: Bool { true }

    public func dataChecks() -> [DoctorCheck] {
        var first: [String: Int] = [:]
        var conflicts: [(String, String)] = []
        for (number, sentence) in training.sentences.enumerated() {
            if let other = first[sentence.lowercased()] {
                if training.labels[other] != training.labels[number] {
                    conflicts.append((training.place(other), training.place(number)))
                }
            } else {
                first[sentence.lowercased()] = number
            }
        }
        var words = WordNumbers()
        let copies = NearCopies(training.sentences.map { words($0) })
        let shared = validation.sentences.enumerated().compactMap { number, sentence in
            copies.first(like: words(sentence)).map {
                (training: training.place($0), heldOut: validation.place(number))
            }
        }
        return [
            DoctorCheck.classes(classifier.classes, counts: counts),
            DoctorCheck.conflicts(conflicts, of: training.sentences.count),
            DoctorCheck.leaks(shared, of: validation.sentences.count, "sentence", likeness: ", but for a word at most"),
        ].compactMap { $0 }
    }

    public func exactCopies() -> DoctorCheck? {
        let shared = ExactCopies.pairs(training.sentences, validation.sentences).map {
            (training: training.place($0), heldOut: validation.place($1))
        }
        return .leaks(shared, of: validation.sentences.count, "sentence")
    }
}
