import SwitchbackTraining

/// Runs ill and healthy trainings, and compares the verdicts with the truth.
public struct DiagnosisBenchmark {
    /// What came of an ill training.
    public struct IllResult {
        public let name: String
        public let verdicts: [Verdict]
        /// What a diagnosis says first, also where that is that all is well.
        public let sentence: String
        /// Whether the first verdict is the true cause.
        public let namesCause: Bool
        /// Whether it points to the layer to blame; `nil` where none is.
        public let namesLayer: Bool?
        /// Whether the remedy is the one that cures, and the training that was cured by it is well.
        public let cures: Bool
        /// What is still wrong with the training that was cured.
        public let remaining: [Verdict]
    }

    /// What came of a healthy training: the verdicts that are false alarms.
    public struct HealthyResult {
        public let name: String
        public let alarms: [Verdict]
    }

    /// All trainings that go ill, each with another cause.
    public static var ill: [IllCase] {
        IllCase.ofModels + IllCase.ofData + IllCase.ofOptimizers + IllCase.ofHabits + IllCase.ofMistakes
            + IllCase.ofSources + IllCase.ofParts + IllCase.ofAnswers
    }

    public static func run(_ ill: IllCase) -> IllResult {
        let all = ill.patient.diagnosis().verdicts
        let verdicts = all.filter { $0.severity > .note }
        let first = verdicts.first
        let namesCause = first.map { ill.kinds.contains($0.kind) } ?? false
        let remaining = remaining(ill, first)
        let text = "\(first?.remedy ?? "") \(first?.finding ?? "")"
        return IllResult(
            name: ill.name, verdicts: verdicts, sentence: all.first?.description ?? "", namesCause: namesCause,
            namesLayer: ill.layer.map { $0 == first?.layer },
            cures: namesCause && text.contains(ill.remedy) && remaining.isEmpty, remaining: remaining)
    }

    /// What is wrong with the training after the remedy: with the options that the verdict proposes, where it does, and
    /// else cured by hand as the remedy says.
    private static func remaining(_ ill: IllCase, _ verdict: Verdict?) -> [Verdict] {
        var patient = ill.patient
        var isChanged = false
        for change in verdict?.changes ?? [] {
            guard let value = change.value.flatMap(Double.init) else { continue }
            switch change.option {
            case "lr": (patient.rate, isChanged) = (value, true)
            case "weight_decay": (patient.weightDecay, isChanged) = (value, true)
            case "momentum": (patient.momentum, isChanged) = (value, true)
            default: break
            }
        }
        return (isChanged ? patient : ill.cured).diagnosis().verdicts.filter { $0.severity > .note }
    }

    public static func run(_ healthy: HealthyCase) -> HealthyResult {
        HealthyResult(name: healthy.name, alarms: healthy.patient.diagnosis().verdicts.filter { $0.severity >= .note })
    }
}
