import Switchback

/// The loss of a batch, and other values worth tracking.
public struct BatchLoss {
    /// How a loss combines the examples (or tokens) of its batch. Where several batches make one step of the optimizer,
    /// the trainer goes by it, so that the step is that of one large batch: no task scales its loss itself.
    public enum Reduction: Equatable, Sendable {
        /// The mean over so many examples, or with weights that sum to this number. In the gradient of a step, a batch
        /// counts in proportion to it.
        case mean(over: Double)
        /// The sum over the batch. In a step, sums are added.
        case sum
    }

    /// The differentiable total, a tensor of one element.
    public let total: Tensor
    public let reduction: Reduction
    /// Numbers to show beside the loss, averaged over an epoch: the parts of the loss, the accuracy. Tensors of one
    /// element each, which the trainer reads together with the loss.
    public let items: [(name: String, value: Tensor)]
    /// How many examples (or tokens) the batch has: the weight of its numbers in averages, and what speed is measured
    /// in.
    public let count: Int

    /// - Parameter reduction: the mean over the `count` examples by default.
    public init(_ total: Tensor, reduction: Reduction? = nil, items: [(name: String, value: Tensor)], count: Int) {
        self.total = total
        self.reduction = reduction ?? .mean(over: Double(count))
        self.items = items
        self.count = count
    }

    /// The same, with items that are written down.
    public init(_ total: Tensor, reduction: Reduction? = nil, items: KeyValuePairs<String, Tensor> = [:], count: Int) {
        self.init(total, reduction: reduction, items: items.map { (name: $0.key, value: $0.value) }, count: count)
    }

    /// The loss of an example on average, of the value of `total`: what is shown, whatever the size of batches.
    func mean(_ total: Double) -> Double {
        switch reduction {
        case .mean: total
        case .sum: total / Double(max(count, 1))
        }
    }

    /// The loss and the items by name, and the norm of the gradients where it is given, all in one reading.
    func values(with norm: Tensor? = nil) -> (values: Metrics, norm: Double?) {
        let numbers = Tensor.items([total] + items.map(\.value) + (norm.map { [$0] } ?? []))
        var values: Metrics = ["loss": mean(numbers[0])]
        for (item, number) in zip(items, numbers.dropFirst()) { values[item.name] = number }
        return (values, norm == nil ? nil : numbers.last)
    }
}
