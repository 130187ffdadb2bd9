import ArgumentParser
import DiagnosisBenchmark
import Foundation
import SwitchbackTraining

/// `switchback-bench diagnosis`: how often the diagnosis is right.
struct DiagnosisCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diagnosis",
        abstract: "Measure how often the diagnosis names the true cause, and how often it alarms without one.",
        discussion: """
            Small trainings that go ill, each for another cause, and others that go well are run and diagnosed. The \
            recall is the share of ill ones whose first verdict is the true cause; the precision is the share of \
            verdicts that are true.

            Examples:
              switchback-bench diagnosis
              switchback-bench diagnosis --only softmax --verbose
              switchback-bench diagnosis --overhead
            """)

    @Option(help: "Only the trainings whose names contain this.")
    var only: String?

    @Flag(help: "Print the verdicts of all trainings, not only of those that are judged wrong.")
    var verbose = false

    @Flag(help: "Measure what a diagnosis costs instead: a step of each task, plain and measured in turn.")
    var overhead = false

    @Option(help: "With --overhead, how many pairs of steps are measured.")
    var pairs = 15

    func run() throws {
        if overhead { return print(DiagnosisOverhead.table(pairs: max(1, pairs))) }
        func isWanted(_ name: String) -> Bool { only.map { name.contains($0) } ?? true }
        let ill = DiagnosisBenchmark.ill.filter { isWanted($0.name) }.map { ill in
            let result = DiagnosisBenchmark.run(ill)
            report(ill, result)
            return result
        }
        let healthy = (HealthyCase.all + [.detection]).filter { isWanted($0.name) }.map { healthy in
            let result = DiagnosisBenchmark.run(healthy)
            for alarm in result.alarms { print("FALSE ALARM \(result.name): \(alarm)") }
            return result
        }
        let layers = ill.compactMap(\.namesLayer)
        let verdicts = ill.reduce(0) { $0 + max(1, $1.verdicts.count) } + healthy.reduce(0) { $0 + $1.alarms.count }
        let causes = ill.count(where: \.namesCause)
        print(
            """

            ill trainings               \(ill.count)
            true cause first (recall)   \(share(causes, ill.count))
            right layer                 \(share(layers.count { $0 }, layers.count))
            remedy that cures           \(share(ill.count(where: \.cures), ill.count))
            true verdicts (precision)   \(share(causes, verdicts))
            healthy trainings           \(healthy.count)
            with a false alarm          \(healthy.count { !$0.alarms.isEmpty })
            """)
    }

    private func report(_ ill: IllCase, _ result: DiagnosisBenchmark.IllResult) {
        let marks = [
            result.namesCause ? nil : "cause", result.namesLayer ?? true ? nil : "layer", result.cures ? nil : "remedy",
        ].compactMap { $0 }
        guard verbose || !marks.isEmpty else { return }
        print((marks.isEmpty ? "right" : "WRONG " + marks.joined(separator: ", ")) + ": \(ill.name)")
        for verdict in result.verdicts { print("  \(verdict.layer.map { "[\($0)] " } ?? "")\(verdict)") }
        if result.verdicts.isEmpty { print("  \(result.sentence)") }
        for verdict in result.remaining { print("  after the remedy: \(verdict)") }
    }

    private func share(_ part: Int, _ whole: Int) -> String {
        String(format: "%d of %d, %.1f %%", part, whole, whole > 0 ? 100 * Double(part) / Double(whole) : 100)
    }
}
