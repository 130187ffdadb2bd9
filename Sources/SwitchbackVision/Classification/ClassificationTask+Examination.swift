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
        let conflicts = try DoctorCheck.conflicts(training.conflicts, of: training.count)
        return [
            try values(training), DoctorCheck.classes(data.classNames, counts: counts), conflicts,
            DoctorCheck.leaks(shared, of: heldOut, training.areImages ? "image" : "example"),
        ].compactMap { $0 }
    }

    private func values(_ training: ClassificationExamples) throws -> DoctorCheck {
        let size = 1024
        if let paths = training.imagePaths {
            // Files are decoded as they are read; some tell of all.
            let chosen = Array(stride(from: 0, to: training.count, by: max(1, training.count / 256)))
            let inputs = try training.examples(at: chosen).input
            return ValueCheck.check([inputs]) { _, row in paths[chosen[row]] }
        }
        let inputs = try stride(from: 0, to: training.count, by: size).map {
            try training.examples(at: Array($0..<min($0 + size, training.count))).input
        }
        return ValueCheck.check(inputs) { batch, row in "train \(batch * size + row)" }
    }
}

extension ClassificationExamples {
    /// Pairs of examples in memory that have the same input and different classes; none of images in files, which are
    /// the same too rarely to read all.
    fileprivate var conflicts: [(String, String)] {
        get throws {
            if imagePaths != nil { return [] }
            var known: [[Float]: Int] = [:]
            return try (0..<count).compactMap { index in
                let input: [Float] = try self[index].input.toArray()
                guard let first = known[input] else {
                    known[input] = index
                    return nil
                }
                return classes[first] == classes[index] ? nil : ("train \(first)", "train \(index)")
            }
        }
    }
}
