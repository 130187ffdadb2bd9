import Switchback
import SwitchbackTraining

/// The kernels of the processor over memory that nobody else can read: as `MirrorBackend`, and fast enough for whole
/// models.
public typealias ProcessorMirror = Mirrored<CPUBackend>

/// Trains a task for two steps on the processor and for two in memory that nobody else can read, from the same weights
/// and on the same batches, and validates it. Returns what differs, as sentences: the mirror's kernels are not fused,
/// so that numbers agree to rounding. A step that reads from the mirror more than once is told of too.
///
/// New tensors lie on the processor all the while: what has to be moved, the trainer and the task move.
public func differencesOnMirror<Task: TrainingTask>(
    _ configuration: TrainingConfiguration, _ makeTask: () throws -> Task
) throws -> [String] {
    let (expected, _) = try figures(configuration, on: CPUBackend.self, makeTask)
    let (found, readings) = try figures(configuration, on: ProcessorMirror.self, makeTask)
    let eager = readings == 1 ? [] : ["the second batch is read from \(readings) times, not once"]
    let names = Set(expected.keys).union(found.keys).sorted()
    return eager
        + names.compactMap { name in
            let (x, y) = (found[name] ?? .nan, expected[name] ?? .nan)
            return abs(x - y) <= 2e-3 * max(1, abs(y)) ? nil : "\(name) is \(x), and \(y) on the processor"
        }
}

/// The loss of each batch, what else is shown of it, and the results of the validation; and how often the host read
/// from the mirror for the second batch and its step.
private func figures<Task: TrainingTask>(
    _ configuration: TrainingConfiguration, on backend: any Backend.Type, _ makeTask: () throws -> Task
) throws -> (figures: [String: Double], readings: Int) {
    var configuration = configuration
    configuration.steps = 2
    // Other tests draw numbers at the same time.
    return try Generator.withDefault(Generator(seed: 0)) {
        let task = try makeTask()
        task.model.to(backend)
        let trainer = try Trainer(task, configuration)
        var figures: [String: Double] = [:]
        var readings: [Int] = []
        trainer.listeners.append { event in
            guard case .batch(let batch) = event else { return .continue }
            readings.append(ProcessorMirror.readings)
            for item in batch.values { figures["\(item.name) of batch \(batch.batch)"] = item.value }
            return .continue
        }
        let outcome = try trainer.run()
        for item in outcome.history.last?.validation ?? [:] { figures["validation's \(item.name)"] = item.value }
        figures["steps"] = Double(outcome.step)
        return (figures, readings.count > 1 ? readings[1] - readings[0] : 0)
    }
}
