/// The planned length of a training. If it is fitted to a time, the ends move from epoch to epoch.
public struct TrainingPlan: Codable, Equatable, Sendable {
    /// The passes over the examples.
    public private(set) var epochs: Course
    /// The optimizer's steps, from the end of the warm-up on.
    public private(set) var steps: Course

    /// The plan that a configuration asks for.
    ///
    /// - Parameter epochCount: how many epochs there are to be; what the configuration says by default.
    init(_ configuration: TrainingConfiguration, _ stepPlan: StepPlan, epochCount: Int? = nil) {
        let wantedSteps = epochCount == nil ? configuration.steps : nil
        let wantedEpochs = epochCount ?? configuration.epochs
        let stepCount = wantedSteps ?? stepPlan.stepCount(epochs: wantedEpochs)
        let warmup = configuration.warmupEpochs * Double(stepPlan.settledSteps)
        epochs = Course(to: wantedSteps.map(stepPlan.epochCount) ?? wantedEpochs)
        steps = Course(from: min(configuration.warmupSteps ?? Int(warmup.rounded()), stepCount), to: stepCount)
    }

    /// Whether a plan that was read can be one.
    var isPossible: Bool { epochs.isPossible && steps.isPossible }

    /// Moves the end, after `done` epochs, to so many epochs in all.
    mutating func move(toEpochs count: Int, after done: Int, _ stepPlan: StepPlan) {
        epochs.move(end: count, at: done)
        steps.move(end: stepPlan.stepCount(epochs: count), at: stepPlan.stepCount(epochs: done))
    }
}
