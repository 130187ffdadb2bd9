import Switchback
import SwitchbackFormats
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

    public func exactCopies() throws -> DoctorCheck? {
        guard let training = data.training else { return nil }
        let split = data.parts[.val] == nil ? DataSplit.test : .val
        let pairs =
            if let files = training.imagePaths, let others = data.heldOut.imagePaths {
                ExactCopies.pairs(ofFiles: files, others)
            } else {
                try ExactCopies.pairs(training.rowMarks(), data.heldOut.rowMarks())
            }
        let shared = pairs.map {
            (training: training.place($0, in: .train), heldOut: data.heldOut.place($1, in: split))
        }
        return .leaks(shared, of: data.heldOut.count, inputShapeNoun)
    }

    private var inputShapeNoun: String { data.inputShape.count == 3 ? "image" : "row" }

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

extension ClassificationExamples {
    /// A number for each input that next to no other one has.
    fileprivate func rowMarks() throws -> [UInt64] {
        let size = 1024
        return try stride(from: 0, to: count, by: size).flatMap { first -> [UInt64] in
            let input = try examples(at: Array(first..<min(first + size, count))).input
            let rows = input.shape[0]
            let width = input.count / max(1, rows)
            let numbers = input.to(.float32).toArray(as: Float.self)
            return (0..<rows).map { Checksum.fnv1a(numbers[$0 * width..<($0 + 1) * width]) }
        }
    }
}
