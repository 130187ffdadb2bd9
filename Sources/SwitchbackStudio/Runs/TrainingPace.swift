import Foundation
import SwitchbackFormats
import SwitchbackTraining

/// How fast a training goes, and what it takes.
struct TrainingPace: Encodable, Sendable {
    /// Until its last epoch; `nil` where that is not known yet.
    let secondsLeft: Double?
    /// Since it was started.
    let secondsPassed: Double?
    /// How long it may take, where that was said.
    let secondsAllowed: Double?
    /// The memory of the process in GB, as it last said; only trainings with long epochs say it.
    let gigabytes: Double?

    /// So many of the last epochs tell how long the next ones take.
    private static let epochs = 5

    /// - Parameter output: what the training has printed.
    init(_ run: RunRecord, _ job: Job, output: String, now: Date) {
        secondsPassed = job.started.map { max(0, now.timeIntervalSince1970 - $0) }
        secondsAllowed =
            run.argument("minutes").flatMap(Double.init).map { $0 * 60 }
            ?? run.argument("time").flatMap(Double.init).map { $0 * 3600 }
        secondsLeft = Self.secondsLeft(run, now)
        // As `ProgressReporter` writes it.
        let said = output.split(separator: "\n").last { $0.contains(" left") && $0.contains(" GB  ") }
        gigabytes = said?.firstMatch(of: #/([0-9.]+) GB  /#).flatMap { Double($0.output.1) }
    }

    private static func secondsLeft(_ run: RunRecord, _ now: Date) -> Double? {
        let seconds = run.results.values("seconds").compactMap { $0 }.suffix(epochs)
        guard let done = run.results.values("epoch").last.flatMap({ $0 }), !seconds.isEmpty,
            let all = run.results.values("epochs").last.flatMap({ $0 }) ?? run.argument("epochs").flatMap(Double.init)
        else { return nil }
        let each = seconds.reduce(0, +) / Double(seconds.count)
        return max(0, each * (all - done) - min(each, max(0, now.timeIntervalSince(run.modified))))
    }
}
