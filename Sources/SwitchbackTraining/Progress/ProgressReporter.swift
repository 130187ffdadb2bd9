import Foundation
import Switchback
import SwitchbackFormats

/// A listener that shows the progress of a training.
///
/// ```swift
/// trainer.listeners.append(ProgressReporter(.lines).receive)
/// ```
public final class ProgressReporter {
    public enum Style: Sendable {
        /// A line for each epoch, below them a bar that is written over: for people at a terminal, so many columns
        /// wide.
        case bar(columns: @Sendable () -> Int)
        /// A line for each epoch, and one from time to time in long ones.
        case lines
        /// A JSON object a line for each event; of the batches, one a second.
        case json
        /// Nothing.
        case quiet
    }

    private let style: Style
    private let write: (String) throws -> Void
    private var lastShown = ContinuousClock.now
    private var hasBar = false
    private var hasToldPlan = false

    /// - Parameter write: takes text as it is, line ends included; writes to the standard output by default.
    public init(_ style: Style, write: @escaping (String) throws -> Void = ProgressReporter.writeToStandardOutput) {
        self.style = style
        self.write = write
    }

    public static func writeToStandardOutput(_ text: String) throws {
        try FileHandle.standardOutput.write(contentsOf: Data(text.utf8))
    }

    public func receive(_ event: TrainingEvent) throws -> TrainingDecision {
        switch style {
        case .bar(let columns): try showBar(event, columns())
        case .lines: try showLines(event)
        case .json: try showJSON(event)
        case .quiet: break
        }
        return .continue
    }

    /// Whether enough time has passed since something was last shown; if so, that is now.
    private func isTime(_ interval: Duration) -> Bool {
        guard ContinuousClock.now - lastShown > interval else { return false }
        lastShown = .now
        return true
    }

    // MARK: For people

    private func showBar(_ event: TrainingEvent, _ columns: Int) throws {
        guard case .batch(let result) = event else {
            if let line = line(for: event) { try write(clearing + line + "\n") }
            if case .finished = event { try write(clearing) }
            return
        }
        guard isTime(.milliseconds(100)) else { return }
        let left = place(result)
        let right = speed(result)
        // A line that the terminal breaks could not be written over.
        let width = max(0, min(24, columns - 1 - left.count - right.count - 4))
        let filled = Int(Double(result.batch) / Double(max(1, result.batchCount)) * Double(width))
        let bar = String(repeating: "━", count: filled) + String(repeating: "╌", count: width - filled)
        try write(Self.erasedLine + "\(left)  \(bar)  \(right)".prefix(columns - 1))
        hasBar = true
    }

    /// Erases the line of a terminal and returns to its start.
    public static let erasedLine = "\r\u{1B}[2K"

    /// Removes the progress bar.
    private var clearing: String {
        defer { hasBar = false }
        return hasBar ? Self.erasedLine : ""
    }

    private func showLines(_ event: TrainingEvent) throws {
        if case .batch(let result) = event {
            guard isTime(.seconds(30)) else { return }
            try write("\(place(result))  batch \(result.batch)/\(result.batchCount)  \(speed(result))\n")
        } else if let line = line(for: event) {
            lastShown = .now
            try write(line + "\n")
        }
    }

    private func place(_ result: BatchResult) -> String { "Epoch \(result.epoch)/\(result.epochCount)" }

    private func speed(_ result: BatchResult) -> String {
        let memory = Memory.resident.map { "  \((Double($0) / 1e9).formatted(1)) GB" } ?? ""
        return "\(result.means.summary)  \(Int(result.itemsPerSecond).grouped) items/s\(memory)  "
            + "\(result.secondsLeft.clock) left"
    }

    /// The line for an event; `nil` if there is none.
    private func line(for event: TrainingEvent) -> String? {
        switch event {
        case .started(let start):
            var lines = start.warnings.map { "Warning: \($0)" }
            if let minutes = start.configuration.minutes, start.configuration.steps == nil {
                lines.append(
                    "Epochs: as many as fit into \((minutes * 60).inWords), instead of \(start.configuration.epochs)")
            }
            if let transfer = start.transfer { lines.append("Weights: \(transfer.summary)") }
            if start.stepsMade > start.stepCount {
                let made = start.stepsMade.counted("step")
                lines.append("Nothing is left to train: \(made) made, \(start.stepCount.grouped) planned")
            } else if start.stepsMade > 0 {
                lines.append("Resuming after step \(start.stepsMade) of \(start.stepCount)")
            }
            return lines.isEmpty ? nil : lines.joined(separator: "\n")
        case .planned(let plan, let seconds):
            if hasToldPlan { return nil }
            hasToldPlan = true
            let count = plan.epochs.end
            return "\(count) \(count == 1 ? "epoch fits" : "epochs fit") into \(seconds.inWords)"
        case .epoch(let result):
            return "Epoch \(result.epoch)/\(result.epochCount)  \(result.training.summary)  "
                + "held out: \(result.validation.summary)  \(result.seconds.formatted(1)) s"
        case .finished(let outcome):
            switch outcome.reason {
            case .noImprovement: return "Stopped early: the metrics have not improved for long enough"
            case .timeLimit: return "Stopped early: the time is up"
            case .completed, .stopped: return nil
            }
        default: return nil
        }
    }

    // MARK: For programs

    private struct Report: Encodable {
        let event: String
        var task, run, path, reason: String?
        var epoch, epochs, batch, batches, step, steps: Int?
        var train, val: [String: Double]?
        var lr, itemsPerSecond, secondsLeft, seconds: Double?
        var best: Bool?
        var memory: Int?
    }

    private func showJSON(_ event: TrainingEvent) throws {
        if case .batch = event, !isTime(.seconds(1)) { return }
        guard let report = report(of: event) else { return }
        try write(JSON.text(report, keys: .convertToSnakeCase) + "\n")
    }

    private func report(of event: TrainingEvent) -> Report? {
        switch event {
        case .started(let start):
            return Report(
                event: "started", task: start.task, run: start.folder?.path, batches: start.batchCount,
                step: start.stepsMade, steps: start.stepCount)
        case .graph, .gradients: return nil
        case .batch(let result):
            return Report(
                event: "batch", epoch: result.epoch, epochs: result.epochCount, batch: result.batch,
                batches: result.batchCount, step: result.step, steps: result.stepCount,
                train: result.means.dictionary, lr: result.learningRate, itemsPerSecond: result.itemsPerSecond,
                secondsLeft: result.secondsLeft, memory: Memory.resident)
        case .planned(let plan, let seconds):
            return Report(event: "planned", epochs: plan.epochs.end, steps: plan.steps.end, seconds: seconds)
        case .epoch(let result):
            return Report(
                event: "epoch", epoch: result.epoch, epochs: result.epochCount, step: result.step,
                train: result.training.dictionary, val: result.validation.dictionary, lr: result.learningRate,
                seconds: result.seconds, best: result.isBest)
        case .checkpoint(let path, let step, let seconds):
            return Report(event: "checkpoint", path: path, step: step, seconds: seconds)
        case .failed(let failure):
            return Report(event: "failed", reason: "\(failure.problem); \(failure.origin)", step: failure.step)
        case .finished(let outcome):
            return Report(
                event: "finished", reason: outcome.reason.rawValue, step: outcome.step, seconds: outcome.seconds)
        }
    }
}

extension Metrics {
    var dictionary: [String: Double] { Dictionary(uniqueKeysWithValues: map { ($0.name, $0.value) }) }
}
