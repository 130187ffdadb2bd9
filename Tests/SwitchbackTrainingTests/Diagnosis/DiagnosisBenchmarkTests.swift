import DiagnosisBenchmark
import SwitchbackTraining
import TestSupport
import Testing

/// The short form of `switchback-bench diagnosis`: a third of its trainings, without trying the remedies.
@Suite(.seeded(), .serialized) struct DiagnosisBenchmarkTests {
    private static func third<Case>(of cases: [Case]) -> [Case] {
        stride(from: 0, to: cases.count, by: 3).map { cases[$0] }
    }

    /// What no rule finds yet: of single examples the loss is too noisy to tell that it falls to chance and no further.
    private static let missed: Set = ["batches of one example"]

    /// Those whose first verdict is not the cause, or points elsewhere.
    private func wrong(_ cases: [IllCase]) -> [String] {
        cases.compactMap { ill in
            let verdicts = ill.patient.diagnosis().verdicts
            let isRight = ill.kinds.contains(verdicts[0].kind) && (ill.layer == nil || ill.layer == verdicts[0].layer)
            return isRight ? nil : "\(ill.name): \(verdicts)"
        }
    }

    @Test func causesAreNamedFirst() {
        let habits = Set(IllCase.ofHabits.map(\.name))
        let others = DiagnosisBenchmark.ill.filter { !Self.missed.contains($0.name) && !habits.contains($0.name) }
        #expect(wrong(Self.third(of: others)) == [])
    }

    /// All of those that users of other frameworks bring with them.
    @Test func causesOfHabitsAreNamedFirst() {
        #expect(IllCase.ofHabits.count >= 30)
        #expect(wrong(IllCase.ofHabits.filter { !Self.missed.contains($0.name) }) == [])
    }

    @Test func healthyTrainingsRaiseNoAlarm() {
        let alarms = Self.third(of: HealthyCase.all).map(DiagnosisBenchmark.run).flatMap { result in
            result.alarms.map { "\(result.name): \($0)" }
        }
        #expect(alarms == [])
    }

    @Test func theBenchmarkHasManyKinds() {
        let ill = DiagnosisBenchmark.ill
        #expect(ill.count >= 60 && Set(ill.map(\.name)).count == ill.count && HealthyCase.all.count >= 50)
    }
}
