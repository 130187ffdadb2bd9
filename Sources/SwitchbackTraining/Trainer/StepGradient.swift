import Switchback

/// Makes the gradient of a step of the optimizer, batch by batch: that of all their examples at once, however these are
/// cut into batches.
struct StepGradient: Codable, Equatable {
    /// The batches whose gradients are in.
    private(set) var batchCount = 0
    /// The number of terms in their means.
    private var weight = 0.0
    /// What all means of the step are over if each batch is as large as the first.
    private var expectedWeight = 0.0

    /// Whether a state that was read can be one of an epoch of which so many batches are done.
    func isPossible(after batches: Int) -> Bool {
        let weights = [weight, expectedWeight]
        return 0...batches ~= batchCount && weights.allSatisfy { $0.isFinite && $0 >= 0 }
            && (weight == 0 || expectedWeight > 0) && (batchCount > 0 || weights == [0, 0])
    }

    /// Adds the gradients of a batch to those of the parameters.
    ///
    /// - Parameter count: how many batches the step will have.
    mutating func add(_ loss: BatchLoss, of count: Int) {
        let share = take(loss.reduction, of: count)
        (share == 1 ? loss.total : loss.total * share).backward()
    }

    /// Counts a batch in; returns the factor with which its gradients enter those of the parameters.
    ///
    /// - Parameter count: how many batches the step will have.
    mutating func take(_ reduction: BatchLoss.Reduction, of count: Int) -> Double {
        defer { batchCount += 1 }
        guard case .mean(let batchWeight) = reduction else { return 1 }
        if batchCount == 0 { expectedWeight = Double(count) * (batchWeight > 0 ? batchWeight : 1) }
        weight += batchWeight
        return batchWeight / expectedWeight
    }

    /// Completes the step's gradients, and begins with the next step: where batches were not as large as the first one,
    /// their means are over another number than was expected.
    mutating func finish(_ parameters: [Parameter]) {
        if weight != expectedWeight && weight > 0 { scaleGradients(parameters, by: expectedWeight / weight) }
        self = StepGradient()
    }
}
