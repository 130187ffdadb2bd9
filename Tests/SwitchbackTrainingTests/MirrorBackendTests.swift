import Switchback
import SwitchbackTraining
import TestSupport
import Testing

/// The trainer on memory that nobody but the kernels can touch; see the engine's suite of the same name.
@Suite(.seeded(), .serialized) struct MirrorBackendTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private var options: TrainingConfiguration {
        var options = TrainingConfiguration()
        options.epochs = 2
        options.accumulate = 2
        options.optimizer = .adamw
        options.clipNorm = 1
        options.ema = 0.9
        return options
    }

    @Test func steps() throws {
        #expect(try differencesOnMirror(options) { SmallTask() } == [])
    }

    /// The bits of the weights that a run ends with, which stops after every `stop` batches and is continued.
    private func weights(stoppingEvery stop: Int?) throws -> [String: [UInt32]] {
        let run = try RunFolder(in: folder.path("runs"), task: "small", name: "\(stop ?? 0)", arguments: options)
        let trainer = try trainInParts(stoppingEvery: stop) {
            manualSeed(options.seed)
            let task = SmallTask()
            task.model.to(MirrorBackend.self)
            return try Trainer(task, options, folder: run)
        }.trainer
        return trainer.task.model.stateDict().mapValues { $0.toArray(as: Float.self).map(\.bitPattern) }
    }

    @Test func resumedRunsEndWithTheSameBits() throws {
        let whole = try weights(stoppingEvery: nil)
        #expect(whole.count > 4)
        #expect(try weights(stoppingEvery: 5) == whole)
    }
}
