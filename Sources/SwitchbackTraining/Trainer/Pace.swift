import Switchback

/// Where in a training a step of the optimizer is made; all numbers are counted from 0.
public struct StepPlace: Equatable, Sendable {
    public let step: Int
    public let epoch: Int
    /// The step's last batch, counted from the beginning of the training.
    public let batch: Int

    public init(step: Int, epoch: Int, batch: Int) {
        (self.step, self.epoch, self.batch) = (step, epoch, batch)
    }
}

/// How fast a group of parameters is trained in a step.
public struct Pace: Equatable, Sendable {
    public var learningRate: Double
    /// `nil` leaves the momentum as it is.
    public var momentum: Double?

    public init(learningRate: Double, momentum: Double? = nil) {
        (self.learningRate, self.momentum) = (learningRate, momentum)
    }
}
