import Switchback
import SwitchbackTraining

/// What `switchback doctor classify` looks at.
extension ClassificationTask: ExaminedTask {
    public func answers(to batch: Example) throws -> Tensor { try classifier.scores(batch.input) }

    public func shufflingTargets(of batch: Example, by generator: Generator) -> Example {
        Example(input: batch.input, target: batch.target.withRowsShuffled(by: generator))
    }

    public func blankingInputs(of batch: Example, from first: Int) -> Example {
        Example(input: batch.input.withRowsBlanked(from: first), target: batch.target)
    }

    private var counts: [Int] {
        (data.training?.classes ?? []).reduce(into: [Int](repeating: 0, count: data.classNames.count)) {
            $0[$1] += 1
        }
    }

    public var chance: Chance? { Chance(counts: counts) }

    public func dataChecks() throws -> [DoctorCheck] {
        guard let training = data.training else { return [] }
        let report = try ClassificationReport(data)
        let heldOut = report.parts.filter { $0.split != .train }.reduce(0) { $0 + $1.examples }
        let shared = report.duplicates.map { (training: $0.training, heldOut: $0.heldOut) }
        let conflicts = DoctorCheck.conflicts(report.conflicts.map { ($0.first, $0.second) }, of: training.count)
        return [
            try values(training), DoctorCheck.classes(data.classNames, counts: counts), conflicts,
            DoctorCheck.leaks(shared, of: heldOut, report.noun),
        ].compactMap { $0 }
    }

    private func values(_ training: ClassificationExamples) throws -> DoctorCheck {
        let size = 1024
        if training.imagePaths != nil {
            // Files are decoded as they are read; some tell of all.
            let chosen = Array(stride(from: 0, to: training.count, by: max(1, training.count / 256)))
            let inputs = try training.examples(at: chosen).input
            return ValueCheck.check([inputs]) { _, row in training.place(chosen[row], in: .train) }
        }
        let inputs = try stride(from: 0, to: training.count, by: size).map {
            try training.examples(at: Array($0..<min($0 + size, training.count))).input
        }
        return ValueCheck.check(inputs) { batch, row in training.place(batch * size + row, in: .train) }
    }
}
