import Switchback

/// A line of a diagnosis' file: it has one of these, or what the training began with together.
struct DiagnosisLine: Codable {
    var record: StepRecord?
    var failure: TrainingFailure?
    var facts: TrainingFacts?
    var validation: ValidationRecord?
    var finding: Verdict?
    var links: [Graph.LayerLink]?
}

// MARK: What can be

extension DiagnosisLine {
    /// Whether a training can have written it: sums and products of its counts stay within `Int`.
    var isPossible: Bool {
        let isEmpty =
            record == nil && failure == nil && facts == nil && validation == nil && finding == nil && links == nil
        return !isEmpty && counts.allSatisfy(TrainingState.counts.contains) && shapes.allSatisfy(Self.isPossible)
            && record?.output?.counts.allSatisfy(Self.labels.contains) ?? true
    }

    /// How often a class can be among the labels of a batch.
    private static let labels = 0..<1 << 32

    private var counts: [Int] {
        let numbers = [
            record?.step, record?.input?.notFinite, record?.output?.classes, record?.optimizer?.foreign, failure?.step,
            facts?.stepCount, facts?.warmupSteps, facts?.trainedElements, facts?.allElements, validation?.step,
            finding?.onset,
        ]
        let places = (failure?.birth?.rows ?? []) + (failure?.entry?.place ?? [])
        return numbers.compactMap { $0 } + places + (finding?.consequences.compactMap(\.onset) ?? [])
    }

    private var shapes: [[Int]] {
        [
            record?.input?.shape, record?.output?.predictionShape, record?.output?.targetShape, failure?.birth?.shape,
            failure?.entry?.shape,
        ].compactMap { $0 }
    }

    private static func isPossible(_ shape: [Int]) -> Bool {
        shape.allSatisfy(TrainingState.counts.contains)
            && shape.reduce(1) { $0 * Double($1) } < Double(TrainingState.counts.upperBound)
    }
}
