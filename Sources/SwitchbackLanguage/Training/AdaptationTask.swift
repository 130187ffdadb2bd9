import Switchback
import SwitchbackTraining

/// Fine-tuning with low-rank adapters: like another task of a language model, but the adapters are what is trained and
/// saved.
public final class AdaptationTask<Base: TrainingTask>: TrainingTask {
    let task: Base
    public let adaptation: LowRankAdaptation

    /// Throws `InputError` over targets that the model has not.
    public init(_ task: Base, of language: LanguageModel, _ options: LowRankAdaptation.Options) throws {
        self.task = task
        adaptation = try LowRankAdaptation(language, options)
        language.eval()
    }

    public var name: String { task.name }
    public var model: Module { adaptation }
    public var source: BatchSource<Base.Batch> { task.source }

    public func place(ofExample number: Int) -> String? { task.place(ofExample: number) }
    public func loss(_ batch: Base.Batch) throws -> BatchLoss { try task.loss(batch) }
    public func validate() throws -> Metrics { try task.validate() }
    public func validate(in group: ProcessGroup) throws -> Metrics { try task.validate(in: group) }
    public func fitness(_ metrics: Metrics) -> [Double] { task.fitness(metrics) }
}
