import Foundation
import Switchback
import SwitchbackFormats

/// A listener that monitors backpropagation: it measures the layers in some steps, writes `diagnosis.jsonl` as it goes,
/// and plots `gradients.png` at the end.
///
/// ```swift
/// let log = DiagnosisLog()
/// trainer.listeners.append(log.receive)
/// trainer.locatesFailures = true
/// _ = try trainer.run()
/// print(log.diagnosis)
/// ```
///
/// The training ends with the same bits as without. A resumed run continues the file.
public final class DiagnosisLog {
    /// The measurements so far, and the verdicts.
    public private(set) var diagnosis = Diagnosis()
    private let wantedInterval: Int?
    private var interval = 1
    private var model: Module?
    private var folder: RunFolder?
    private var file: FileHandle?
    private var observer: StepObserver?

    /// One step in so many is measured in trainings of usual length.
    public static let usualInterval = 10

    /// - Parameter interval: one step in so many is measured; what suits the length of the training by default.
    public init(every interval: Int? = nil) {
        require(interval ?? 1 > 0, "DiagnosisLog", "one step in at least one is measured")
        wantedInterval = interval
    }

    /// A short training has about 50 measurements, and a long one 400, in intervals that are no longer than 1000 steps.
    private static func interval(steps: Int) -> Int {
        max(min(usualInterval, max(1, steps / 50)), min(steps / 400, 1000))
    }

    public func receive(_ event: TrainingEvent) throws -> TrainingDecision {
        switch event {
        case .started(let start): try begin(start)
        case .gradients: observer?.keepWeights()
        case .batch(let result):
            guard result.madeStep else { break }
            try finishStep(result)
            if result.step < result.stepCount { beginStep(result.step) }
        case .failed(let failure):
            endStep()
            diagnosis.failure = failure
            try append(Diagnosis.line(failure))
            RunDrawing.attempt(draw)
        case .finished:
            endStep()
            RunDrawing.attempt(draw)
        case .planned, .epoch, .checkpoint, .graph: break
        }
        return .continue
    }

    private func begin(_ start: TrainingStart) throws {
        (model, folder) = (start.model, start.folder)
        interval = wantedInterval ?? Self.interval(steps: start.stepCount)
        diagnosis = Diagnosis()
        if let path = start.folder?.file(Diagnosis.fileName) {
            if start.stepsMade > 0 && FileManager.default.fileExists(atPath: path) {
                diagnosis = try Diagnosis(path: path, ignoringCutEnd: true)
            }
            // A run that was killed has steps in its file that will be made again.
            diagnosis.records.removeAll { $0.step >= start.stepsMade }
            diagnosis.failure = nil
            try AtomicFile.write(diagnosis.records.map(Diagnosis.line).joined(), to: path)
            file = FileHandle(forUpdatingAtPath: path)
            _ = try file?.seekToEnd()
        }
        if start.stepsMade < start.stepCount { beginStep(start.stepsMade) }
    }

    private func beginStep(_ step: Int) {
        guard step % interval == 0, let model else { return }
        observer = StepObserver(model)
    }

    private func finishStep(_ result: BatchResult) throws {
        guard let observer else { return }
        endStep()
        let record = observer.record(
            step: result.step - 1, loss: result.values["loss"] ?? .nan, rate: result.learningRate)
        diagnosis.records.append(record)
        try append(Diagnosis.line(record))
    }

    private func endStep() {
        observer?.end()
        observer = nil
    }

    private func append(_ line: String) throws {
        guard let file, let folder else { return }
        do {
            try file.write(contentsOf: Data(line.utf8))
        } catch {
            throw InputError(folder.file(Diagnosis.fileName), "cannot be written; the disk may be full")
        }
    }

    private func draw() throws {
        guard let folder, !diagnosis.records.isEmpty else { return }
        try diagnosis.figure.write(to: folder.file(Diagnosis.plotName), scale: 1)
    }
}
