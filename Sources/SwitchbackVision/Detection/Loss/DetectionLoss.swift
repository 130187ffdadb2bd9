import Switchback

/// The loss of one head: for boxes, classes and distance distributions at the positions assigned to objects.
public struct DetectionLoss: Sendable {
    /// How much each part counts.
    public struct Gains: Codable, Hashable, Sendable {
        public var box = 7.5
        public var cls = 0.5
        public var dfl = 1.5

        public init() {}
    }

    /// The parts of a loss, with their gains.
    public struct Parts {
        /// 1 − complete IoU.
        public var box: Tensor
        /// The cross entropy of the classes.
        public var cls: Tensor
        /// The cross entropy of the distances' distributions (YOLO11), or the distances' absolute error as a share of
        /// the image's size (YOLO26).
        public var dfl: Tensor

        public var total: Tensor { box + cls + dfl }
        public var values: [Double] { Tensor.items([box, cls, dfl]) }
    }

    public var gains: Gains
    private let assigner: TaskAlignedAssigner

    public init(gains: Gains = Gains(), rule: AssignmentRule = AssignmentRule()) {
        self.gains = gains
        assigner = TaskAlignedAssigner(rule: rule)
    }

    /// The mean parts for a batch; multiply their sum by the size of the batch to have what gradients are taken of.
    ///
    /// - Parameter objects: of each image.
    public func callAsFunction(
        _ output: DetectHead.Output, of model: YOLO, _ objects: [[LabeledBox]]
    ) -> Parts {
        Tensor.withBackend(output.scores.backend) { parts(output, model, ObjectList(objects)) }
    }

    private func parts(_ output: DetectHead.Output, _ model: YOLO, _ objects: ObjectList) -> Parts {
        let all = output.scores.softplus().sum()
        guard objects.count > 0 else {
            let none = output.boxes.sum() * 0
            return Parts(box: none, cls: all * gains.cls, dfl: none)
        }
        let corners = noGrad { model.corners(output) }
        let assigned = assigner(objects, logits: output.scores, boxes: corners, output.grid)
        let targets = Targets(assigned, objects, output.grid)
        let total = assigned.scores.sum().clamp(min: 1.0)
        let boxes = output.boxes.reshape(-1, output.boxes.shape[2]).indexSelect(dim: 0, index: targets.rows)
        let weights = assigned.scores.unsqueeze(1) / total
        let distances = model.head.distances(boxes)
        let overlap = distances.corners(around: targets.centers).completeIoU(targets.boxes)
        let dfl =
            model.head.regMax > 1
            ? distributionLoss(boxes, targets.distances, steps: model.head.regMax)
            : ((distances - targets.distances) * targets.scale).abs().mean(dim: -1, keepDim: true)
        let cls = (all - chosenLogits(output.scores, targets, assigned.scores)) / total
        return Parts(
            box: ((1 - overlap) * weights).sum() * gains.box, cls: cls * gains.cls,
            dfl: (dfl * weights).sum() * gains.dfl)
    }

    /// Σ t·x over the logits x that have a target t above 0: what their binary cross entropy, Σ softplus(x) − t·x, has
    /// beside the sum over all.
    private func chosenLogits(_ logits: Tensor, _ targets: Targets, _ scores: Tensor) -> Tensor {
        let places = targets.rows * logits.shape[2] + targets.classes
        return (logits.reshape(-1).indexSelect(dim: 0, index: places) * scores).sum()
    }

    /// The cross entropy of the distributions with the two steps around each distance, the mean of four sides:
    /// [rows, 4·steps], [rows, 4] → [rows, 1] (Li et al., "Generalized Focal Loss", 2020, eq. 6).
    private func distributionLoss(_ boxes: Tensor, _ distances: Tensor, steps: Int) -> Tensor {
        let bounded = distances.clamp(min: 0, max: Double(steps - 1) - 0.01).reshape(-1)
        let below = bounded.floor()
        let share = bounded - below
        let logProbabilities = boxes.reshape(-1, steps).logSoftmax(dim: -1)
        func probability(_ step: Tensor) -> Tensor {
            logProbabilities.gather(dim: 1, index: step.to(.int64).reshape(-1, 1)).reshape(-1)
        }
        let losses = -(probability(below) * (1 - share) + probability(below + 1) * share)
        return losses.reshape(-1, 4).mean(dim: -1, keepDim: true)
    }
}

/// Where the positions that learn are, and what they are to learn, in steps of their maps.
private struct Targets {
    /// Integers, [places]: the position's row among those of all images, and the class.
    let rows, classes: Tensor
    /// [places, 2], [places, 4] and [places, 4].
    let centers, boxes, distances: Tensor
    /// What makes of a distance a share of the image's width or height, [places, 4].
    let scale: Tensor

    init(_ assigned: TaskAlignedAssigner.Assignment, _ objects: ObjectList, _ grid: AnchorGrid) {
        func ofPositions(_ x: Tensor) -> Tensor { x.indexSelect(dim: 0, index: assigned.positions) }
        func ofObjects(_ x: Tensor) -> Tensor { x.indexSelect(dim: 0, index: assigned.objects) }
        rows = ofObjects(objects.images) * grid.count + assigned.positions
        classes = ofObjects(objects.classes)
        let strides = ofPositions(grid.strides(like: objects.boxes))
        centers = ofPositions(grid.centers(like: objects.boxes))
        boxes = ofObjects(objects.boxes) / strides
        let ends = boxes.split(2, dim: -1)
        distances = Tensor.cat([centers - ends[0], ends[1] - centers], dim: -1)
        let (height, width) = grid.imageSize
        scale = strides / Tensor([Float(width), Float(height), Float(width), Float(height)])
    }
}
