// How measurements become verdicts: every rule says what it sees and since when, and the earliest is the cause.

extension Diagnosis {
    /// What is the matter, the cause before what followed from it; one that says that all is well, where nothing is. None
    /// without measurements.
    public var verdicts: [Verdict] {
        guard !records.isEmpty || failure != nil else { return [] }
        let evidence = Evidence(self)
        // Numbers that came in or were born of an operation's limits need no other cause.
        if let failure, failure.isCause(after: evidence.largestUpdate ?? 0), let verdict = evidence.notANumber {
            return [verdict]
        }
        var causes: [Verdict] = []
        var others: [Verdict] = []
        for verdict in (evidence.symptoms + findings).inOrderOfCause.withoutRepetition {
            if verdict.kind.isIndependent || verdict.severity <= .note {
                others.append(verdict)
            } else if causes.isEmpty {
                causes.append(verdict)
            } else {
                causes[0].consequences.append(Verdict.Consequence(verdict))
            }
        }
        if let late = causes.first, let before = evidence.notLearning(before: late) { causes = [before] }
        let explainsAll = !causes.isEmpty || others.contains { $0.severity == .failure }
        if !explainsAll, let notLearning = evidence.notLearning { causes.append(notLearning) }
        let found = causes + others.filter { $0.severity > .note }
        let notes = others.filter { $0.severity <= .note }
        return (found.isEmpty ? [evidence.healthy] : found) + notes
    }
}

extension Evidence {
    /// That nothing was learned, where a training had long stood still before what is thought to be the cause began: it
    /// is what became of the units meanwhile.
    fileprivate func notLearning(before late: Verdict) -> Verdict? {
        guard [.dead, .saturated, .vanishing].contains(late.kind), let onset = late.onset,
            LossCourse(records.filter { $0.step < onset }, failed: false).standsAtBaseline,
            var verdict = notLearning(until: onset)
        else { return nil }
        verdict.consequences = [Verdict.Consequence(late)] + late.consequences
        return verdict
    }

    /// What each rule found.
    fileprivate var symptoms: [Verdict] {
        [
            notANumber, damagedInputs, underflow, equalInputs, blankInputs, inputScale, leak, duplicates,
            mixedExamples, answersInSight, labels, labelsByHeart, noisyLabels, oneClass, imbalance, targetScale,
            outputActivation, lossShape, lossScale, penalty, noGradient, equalUnits, initialization, deadUnits,
            saturatedUnits,
            vanishing, vanishingInTime, exploding, attention, rateTooHigh, rateTooLow, schedule, warmup, clipping,
            weightDecay, momentum, noise, noSteps, notInOptimizer, staleGradients, wrongDirection, evaluationMode,
            batchNorm, dropout, frozen, overfitting, shift, averaging, augmentation, underfitting,
        ].compactMap { $0 }.filter { !isContest || !$0.kind.isUsualInContest }
    }
}

extension [Verdict] {
    /// By the step in which they began; of those that began together, what others follow from is first.
    fileprivate var inOrderOfCause: [Verdict] {
        let places = Dictionary(
            Verdict.Kind.causality.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        func place(_ verdict: Verdict) -> (Int, Int) {
            // What acts from before the first step on is there before any symptom.
            let onset = verdict.kind.isSetUp ? -1 : verdict.onset ?? .max
            return (onset, places[verdict.kind] ?? .max)
        }
        return enumerated().sorted { (place($0.element), $0.offset) < (place($1.element), $1.offset) }.map(\.element)
    }

    /// One of each kind and layer, and no kind twice that two checks can find.
    fileprivate var withoutRepetition: [Verdict] {
        var seen: [Verdict] = []
        for verdict in self where !seen.contains(where: { $0.kind == verdict.kind }) { seen.append(verdict) }
        return seen
    }
}

private func < (a: ((Int, Int), Int), b: ((Int, Int), Int)) -> Bool {
    a.0 == b.0 ? a.1 < b.1 : a.0 < b.0
}

extension Verdict.Kind {
    /// What does not explain why a training fails, and is not explained by that: it stands beside the cause.
    var isIndependent: Bool {
        switch self {
        case .overfitting, .underfitting, .shift, .imbalance, .duplicates, .unregistered, .nonlinearity, .layerOrder,
            .averaging, .augmentation, .evaluationMode:
            true
        default: false
        }
    }

    /// What is no fault where two networks are trained against each other: the gradients and labels of one's step are seen in
    /// the other's.
    fileprivate var isUsualInContest: Bool {
        switch self {
        case .oneClass, .imbalance, .staleGradients, .wrongDirection: true
        default: false
        }
    }

    /// What is so from before the first step on, whenever it was noticed.
    var isSetUp: Bool {
        switch self {
        case .inputs, .labels, .oneClass, .duplicates, .mixedExamples, .answersInSight, .outputActivation, .lossShape,
            .equalUnits,
            .normalization, .staleGradients, .wrongDirection, .noSteps, .frozen, .momentum, .underflow:
            true
        default: false
        }
    }

    /// All that may be a cause, each before what may follow from it where both begin in the same step.
    static let causality: [Self] = [
        .inputs, .mixedExamples, .answersInSight, .labels, .oneClass, .duplicates, .lossShape, .outputActivation,
        .normalization,
        .underflow, .noSteps, .notInOptimizer, .wrongDirection,
        .staleGradients, .equalUnits, .noGradient, .evaluationMode, .batchNorm, .frozen, .inputScale, .targetScale,
        .schedule, .warmup, .clipping, .weightDecay, .momentum, .dropout, .attention, .dead, .saturated,
        .initialization,
        .vanishing, .vanishingInTime, .exploding, .lossScale, .penalty, .noise, .rateTooHigh, .rateTooLow,
        .notANumber, .imbalance, .averaging, .augmentation, .shift, .overfitting, .underfitting, .notLearning,
    ]
}
