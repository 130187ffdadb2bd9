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
    private let interface: TrainingFacts.Interface
    private var sampling = SamplingPlan()
    private var model: Module?
    /// Found once: the layers of a training stay the same.
    private var layers: ObservedLayers?
    private var folder: RunFolder?
    private var file: FileHandle?
    /// Whether the file says what the training began with: there is none of a training that failed before.
    private var hasHeader = false
    private var observer: StepObserver?
    private var trace: StepTrace?
    private let memory = ExampleMemory()
    private var validation: ValidationWatch?
    private var validationInterval: Int?
    /// What the training's data show before it begins.
    private let findings: () throws -> [Verdict]

    /// One step in so many is measured in trainings of usual length.
    public static let usualInterval = 10

    /// - Parameters:
    ///   - interval: one step in so many is measured; what suits the length of the training by default.
    ///   - interface: how remedies name options.
    ///   - findings: what a check of the data finds, which is asked for where a training begins: the file of a run that is
    ///     resumed has it.
    public init(
        every interval: Int? = nil, interface: TrainingFacts.Interface = .swift,
        findings: @autoclosure @escaping () throws -> [Verdict] = []
    ) {
        require(interval ?? 1 > 0, "DiagnosisLog", "one step in at least one is measured")
        wantedInterval = interval
        self.interface = interface
        self.findings = findings
    }

    public func receive(_ event: TrainingEvent) throws -> TrainingDecision {
        switch event {
        case .started(let start): try begin(start)
        case .batch(let result):
            if result.madeStep {
                try finishStep(result)
                if result.step < result.stepCount { beginStep(result.step) }
            }
            if isValidated(after: result) { watchValidation() }
        case .epoch(let result): try note(result)
        case .failed(let failure):
            endStep()
            diagnosis.failure = failure
            try append(Diagnosis.line(failure))
            RunDrawing.attempt(draw)
        case .finished:
            endStep()
            RunDrawing.attempt(draw)
        case .planned, .checkpoint, .graph, .gradients: break
        }
        return .continue
    }

    private func begin(_ start: TrainingStart) throws {
        (model, folder) = (start.model, start.folder)
        layers = ObservedLayers(start.model)
        sampling = SamplingPlan(every: wantedInterval, steps: start.stepCount)
        validationInterval = start.configuration.validateEvery
        diagnosis = Diagnosis()
        var isContinued = false
        if let path = start.folder?.file(Diagnosis.fileName) {
            if start.stepsMade > 0 && FileManager.default.fileExists(atPath: path) {
                diagnosis = try Diagnosis(path: path, ignoringCutEnd: true)
                isContinued = true
            }
            // A run that was killed has steps in its file that will be made again.
            diagnosis.forget(from: start.stepsMade)
            diagnosis.facts = TrainingFacts(start, interface)
            hasHeader = !diagnosis.records.isEmpty
            try AtomicFile.write(hasHeader ? diagnosis.text : "", to: path)
            file = FileHandle(forUpdatingAtPath: path)
            _ = try file?.seekToEnd()
        } else {
            diagnosis.facts = TrainingFacts(start, interface)
        }
        if !isContinued { diagnosis.add(findings: try findings()) }
        if start.stepsMade < start.stepCount { beginStep(start.stepsMade) }
    }

    private func beginStep(_ step: Int) {
        guard sampling.includes(step), let model, let layers else { return }
        observer = StepObserver(model, layers, memory, isFirst: step == 0)
        if step == 0 { trace = StepTrace(model) }
    }

    private func finishStep(_ result: BatchResult) throws {
        guard let observer else { return }
        if let trace { diagnosis.add(trace) }
        endStep()
        let record = observer.record(
            step: result.step - 1, loss: result.values["loss"] ?? .nan, rate: result.learningRate)
        diagnosis.records.append(record)
        try append(Diagnosis.line(record))
    }

    private func isValidated(after result: BatchResult) -> Bool {
        let isDue =
            validationInterval.map { result.madeStep && result.step % $0 == 0 } ?? (result.batch == result.batchCount)
        return isDue || result.step == result.stepCount
    }

    /// Watches until the validation's results are told. A step that is to be measured is watched again after it.
    private func watchValidation() {
        if let model { validation = ValidationWatch(model, memory) }
    }

    private func note(_ result: EpochResult) throws {
        var validation = ValidationRecord(
            step: result.step, trainingLoss: result.training["loss"], validationLoss: result.validation["loss"],
            trainingMetrics: result.training.numbers, validationMetrics: result.validation.numbers)
        self.validation?.end()
        validation.sample = self.validation?.sample
        self.validation = nil
        observer?.goOn()
        diagnosis.validations.append(validation)
        try append(Diagnosis.line(validation))
    }

    private func endStep() {
        observer?.end()
        trace?.end()
        (observer, trace) = (nil, nil)
    }

    private func append(_ line: String) throws {
        guard let file, let folder else { return }
        var text = line
        if !hasHeader {
            text = try diagnosis.header + line
            hasHeader = true
        }
        do {
            try file.write(contentsOf: Data(text.utf8))
        } catch {
            throw InputError(folder.file(Diagnosis.fileName), "cannot be written; the disk may be full")
        }
    }

    private func draw() throws {
        guard let folder, !diagnosis.records.isEmpty else { return }
        try diagnosis.figure.write(to: folder.file(Diagnosis.plotName), scale: 1)
        try DiagnosisPage(diagnosis, title: folder.path).write(to: folder.file(DiagnosisPage.fileName))
    }
}

extension Metrics {
    fileprivate var numbers: [String: Double] {
        Dictionary(entries.filter { $0.value.isFinite }.map { ($0.name, $0.value.recorded) }) { first, _ in first }
    }
}

extension TrainingFacts {
    /// What a training begins with.
    fileprivate init(_ start: TrainingStart, _ interface: Interface) {
        let configuration = start.configuration
        self.interface = interface
        learningRate = start.optimizers.first?.groups.first?.initialLearningRate
        optimizer = configuration.optimizer.rawValue
        stepCount = start.stepCount
        let batches = Double(start.batchCount) / Double(configuration.accumulate)
        let warmup = configuration.warmupSteps ?? Int((configuration.warmupEpochs * batches).rounded())
        warmupSteps = warmup > 0 ? warmup : nil
        isFineTuning = configuration.weights != nil
        let file = start.folder?.file("args.yaml")
        let arguments = file.flatMap { try? ConfigurationFile.values($0) } ?? []
        // The length of a training may change when it is resumed.
        let lengths: Set = ["epochs", "steps", "minutes", "time"]
        options = Dictionary(arguments.filter { !lengths.contains($0.key) }.map { ($0.key, $0.value) }) { first, _ in
            first
        }
        describe(start.model)
    }
}
