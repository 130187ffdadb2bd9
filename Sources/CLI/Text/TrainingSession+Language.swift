import SwitchbackLanguage
import SwitchbackTraining

extension TrainingSession {
    /// Trains a language model, or in its place the adapters that were added to it, and leaves what is needed to use it
    /// in the run's folder.
    ///
    /// - Parameter sampler: shows what the model writes by then.
    func train<Task: TrainingTask>(
        _ product: LanguageModelRun, _ task: Task, _ adaptation: AdaptationTask<Task>?,
        _ training: TrainingConfiguration, sampler: @escaping TrainingListener = { _ in .continue }
    ) throws -> (folder: RunFolder, outcome: TrainingOutcome) {
        let listeners = [product.describe, sampler]
        let result =
            if let adaptation {
                try train(adaptation, training, listeners: listeners)
            } else {
                try train(task, training, listeners: listeners)
            }
        try product.finish(in: result.folder)
        return result
    }
}
