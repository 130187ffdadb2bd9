import Switchback

/// The whole loss of a YOLO model. With two heads, the weight moves from the one that learns fast to the one that is
/// used, as epochs pass (progressive loss balancing of YOLO26; two heads: Wang et al., "YOLOv10", 2024, section 3.1).
public struct YOLOLoss: Sendable {
    private var many: DetectionLoss
    private var single: DetectionLoss

    public init(gains: DetectionLoss.Gains = .init()) {
        many = DetectionLoss(gains: gains)
        single = DetectionLoss(gains: gains, rule: AssignmentRule(topK: 7, keptPerObject: 1))
    }

    /// The result of a batch.
    public struct Value {
        /// The differentiable total: the sum of the parts times the batch size.
        public let total: Tensor
        /// The parts to be reported, without that factor: of the head that is used in the end.
        public let parts: DetectionLoss.Parts
    }

    /// The share of the first head in the loss: from 0.8 at the first epoch down to 0.1 at the last.
    public static func shareOfMany(epoch: Int, of epochs: Int) -> Double {
        max(1 - Double(epoch) / Double(max(epochs - 1, 1)), 0) * 0.7 + 0.1
    }

    /// - Parameters:
    ///   - targets: the objects of each image.
    ///   - epoch, epochs: how many epochs are done, and how many there will be.
    public func callAsFunction(
        _ outputs: YOLO.Outputs, of model: YOLO, _ targets: DetectionTargets, epoch: Int = 0, epochs: Int = 100
    ) -> Value {
        let batch = Double(targets.labels.count)
        let parts = many(outputs.many, of: model, targets)
        guard let second = outputs.single else { return Value(total: parts.total * batch, parts: parts) }
        let singleParts = single(second, of: model, targets)
        let share = Self.shareOfMany(epoch: epoch, of: epochs)
        let total = parts.total * (share * batch) + singleParts.total * ((1 - share) * batch)
        return Value(total: total, parts: singleParts)
    }

    /// The same, of boxes alone.
    public func callAsFunction(
        _ outputs: YOLO.Outputs, of model: YOLO, _ objects: [[LabeledBox]], epoch: Int = 0, epochs: Int = 100
    ) -> Value {
        self(outputs, of: model, DetectionTargets(objects), epoch: epoch, epochs: epochs)
    }
}
