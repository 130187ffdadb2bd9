/// What the rules judge by.
struct Evidence {
    let records: [StepRecord]
    let failure: TrainingFailure?
    let facts: TrainingFacts
    let validations: [ValidationRecord]
    let loss: LossCourse

    init(_ diagnosis: Diagnosis) {
        records = diagnosis.records
        failure = diagnosis.failure
        facts = diagnosis.facts
        validations = diagnosis.validations
        loss = LossCourse(diagnosis.records, failed: diagnosis.failure != nil)
    }

    /// The layers that were measured last, in the order in which they are computed.
    var layers: [LayerRecord] { records.last?.layers ?? [] }
    var outputs: [OutputRecord] { records.compactMap(\.output) }
    var inputs: [InputRecord] { records.compactMap(\.input) }
    var optimizers: [OptimizerRecord] { records.compactMap(\.optimizer) }

    /// Whether the training does not do what it should: only then are signs of illness that healthy networks bear as
    /// well more than that.
    var isIll: Bool { loss.isLongEnough && !loss.isLearning && !isContest }

    /// Whether another network is trained against this one, as in a GAN: the better it is, the higher is this one's loss,
    /// and what is well stands still.
    var isContest: Bool {
        loss.direction != .lost && !optimizers.isEmpty
            && optimizers.allSatisfy { $0.absent.isEmpty && $0.opponents ?? 0 > 0 }
    }

    /// By how much of themselves a step changes the weights of most layers, in each record.
    ///
    /// Of steps whose loss and gradient are numbers: others make of the weights what they are themselves.
    var updates: [Double] { records.filter { $0.loss.isFinite && $0.gradient.isFinite }.compactMap(\.usualUpdate) }
    var largestUpdate: Double? { updates.map { $0.isNaN ? .infinity : $0 }.max() }

    /// The first step from which on `holds` is true of most records to the end; `nil` if it is not true in the end.
    func onset(where holds: (StepRecord) -> Bool?) -> Int? {
        let judged = records.compactMap { record in holds(record).map { (record.step, $0) } }
        let tail = judged.suffix(3)
        guard !tail.isEmpty, 2 * tail.count(where: \.1) > tail.count else { return nil }
        return judged.first(where: \.1)?.0
    }
}

extension StepRecord {
    /// The measurements of a layer.
    subscript(layer: String) -> LayerRecord? { layers.first { $0.layer == layer } }

    /// By how much of themselves the weights of most layers changed.
    var usualUpdate: Double? {
        let updates = layers.compactMap(\.update)
        return updates.isEmpty ? nil : updates.median
    }

    /// Of the weights of all layers.
    var weightNorm: Double { layers.reduce(0) { $0 + $1.weight * $1.weight }.squareRoot() }
}
