import Switchback
import SwitchbackTraining

/// Fine-tuning with low-rank adapters: as `LanguageTask`, but what is trained and saved is the adapters.
public final class AdaptationTask: TrainingTask {
    public let name = "text"
    private let task: LanguageTask
    public let adaptation: LowRankAdaptation

    public init(_ task: LanguageTask, rank: Int) {
        self.task = task
        adaptation = LowRankAdaptation(task.language, rank: rank)
        task.language.eval()
    }

    public var model: Module { adaptation }
    public var batchCount: Int { task.batchCount }

    public func batches(epoch: Int, from first: Int) -> () throws -> LanguageTask.Batch? {
        task.batches(epoch: epoch, from: first)
    }

    public func loss(_ batch: LanguageTask.Batch) -> BatchLoss { task.loss(batch) }
    public func validate() -> Metrics { task.validate() }
    public func fitness(_ metrics: Metrics) -> [Double] { task.fitness(metrics) }
}
