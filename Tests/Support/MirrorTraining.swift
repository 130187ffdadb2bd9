import Switchback
import SwitchbackTraining

/// The kernels of the processor over memory that nobody else can read: as `MirrorBackend`, and fast enough for whole models.
public typealias ProcessorMirror = Mirrored<CPUBackend>

/// Trains a task for two steps on the processor and for two in memory that nobody else can read, from the same weights and
/// on the same batches, and validates it. Returns what differs, as sentences: the mirror's kernels are not fused, so that
/// numbers agree to rounding.
///
/// New tensors lie on the processor all the while: what has to be moved, the trainer and the task move.
public func differencesOnMirror<Task: TrainingTask>(
    _ configuration: TrainingConfiguration, _ makeTask: () throws -> Task
) throws -> [String] {
    let expected = try figures(configuration, on: CPUBackend.self, makeTask)
    let found = try figures(configuration, on: ProcessorMirror.self, makeTask)
    let names = Set(expected.keys).union(found.keys).sorted()
    return names.compactMap { name in
        let (x, y) = (found[name] ?? .nan, expected[name] ?? .nan)
        return abs(x - y) <= 2e-3 * max(1, abs(y)) ? nil : "\(name) is \(x), and \(y) on the processor"
    }
}

/// The loss of each batch, what else is shown of it, and the results of the validation.
private func figures<Task: TrainingTask>(
    _ configuration: TrainingConfiguration, on backend: any Backend.Type, _ makeTask: () throws -> Task
) throws -> [String: Double] {
    var configuration = configuration
    configuration.steps = 2
    // Other tests draw numbers at the same time.
    return try Generator.withDefault(Generator(seed: 0)) {
        let task = try makeTask()
        task.model.to(backend)
        let trainer = try Trainer(task, configuration)
        var figures: [String: Double] = [:]
        trainer.listeners.append { event in
            guard case .batch(let batch) = event else { return .continue }
            for item in batch.values { figures["\(item.name) of batch \(batch.batch)"] = item.value }
            return .continue
        }
        let outcome = try trainer.run()
        for item in outcome.history.last?.validation ?? [:] { figures["validation's \(item.name)"] = item.value }
        figures["steps"] = Double(outcome.step)
        return figures
    }
}
