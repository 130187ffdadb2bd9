import Foundation
import Switchback

/// Examines a training before it begins, by the recipe of those who have trained many networks (Karpathy, "A Recipe for
/// Training Neural Networks", 2019): looks at the data, at the structure of the model and at the loss at the start, tries
/// learning rates, learns one batch by heart, and compares a short training to ones whose labels or inputs say nothing.
///
/// ```swift
/// let report = try Doctor().examine(task, configuration)
/// print(report)
/// ```
///
/// The model, its mode, and the random numbers are afterwards as before. How much is tried depends on the time that a
/// step takes, so that what is found in a longer time may be missed in a shorter one; nothing is called ill for lack of
/// time. Where steps take long, they are tried with a part of each batch.
public struct Doctor: Sendable {
    /// About how long the trainings may take together, in seconds. Looking at the data comes on top.
    public var seconds = 60.0
    /// How a remedy names a learning rate.
    public var rateOption: @Sendable (Double) -> String = { "learningRate: \($0)" }
    /// How a finding names a time for the trainings, in seconds.
    public var secondsOption: @Sendable (Int) -> String = { "seconds: \($0)" }

    public init() {}

    /// What a ``Doctor`` is at.
    public enum Event {
        case begins(DoctorCheck.Name)
        /// After each step of a training, so that a listener can throw to end it.
        case works
        case ended(DoctorCheck)
    }

    /// Makes all checks.
    ///
    /// - Parameters:
    ///   - configuration: how the training is meant to be; its learning rate is judged.
    ///   - listen: is told of each check as it begins and ends.
    /// - Throws: `InputError` where the configuration makes no sense; what the task and the listener throw.
    public func examine<Task: ExaminedTask>(
        _ task: Task, _ configuration: TrainingConfiguration, listen: @escaping (Event) throws -> Void = { _ in }
    ) throws -> DoctorReport {
        let visit = try Visit(task, configuration, self, listen)
        defer { visit.restore() }
        try visit.makeChecks()
        return visit.report
    }

    /// Examines a model with a loss and batches of its own: any training loop.
    ///
    /// - Parameters:
    ///   - batches: at least one; from four on, training on some and measuring on others is compared.
    ///   - optimizer: the kind and the learning rate that are meant to be used.
    ///   - loss: of the model on a batch, a mean over its examples.
    public func examine(
        _ model: Module, batches: [Example], optimizer: OptimizerKind = .adam, learningRate: Double? = nil,
        loss: @escaping (Module, Example) -> Tensor, listen: @escaping (Event) throws -> Void = { _ in }
    ) throws -> DoctorReport {
        var configuration = TrainingConfiguration()
        configuration.optimizer = optimizer
        configuration.lr = learningRate
        configuration.schedule = .constant
        guard !batches.isEmpty else { throw InputError("batches", "there are none to examine the model with") }
        return try examine(ExampleTask(model, batches, loss), configuration, listen: listen)
    }
}
