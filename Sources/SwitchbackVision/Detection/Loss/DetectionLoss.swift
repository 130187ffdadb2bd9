import Switchback

/// The loss of one head: for boxes, classes and distance distributions at the positions assigned to objects, and for
/// what else the task asks for.
public struct DetectionLoss: Sendable {
    /// How much each part counts. Masks, and the classes all over the image, count as boxes do.
    public struct Gains: Codable, Hashable, Sendable {
        public var box = 7.5
        public var cls = 0.5
        public var dfl = 1.5
        public var pose = 12.0
        /// The visibility of keypoints, and the likelihood of their errors.
        public var kobj = 1.0
        public var rle = 1.0
        public var angle = 1.0

        public init() {}
    }

    /// The parts of a loss, with their gains, in the order in which they are reported.
    public struct Parts {
        public let items: [(part: LossPart, value: Tensor)]

        fileprivate init(_ variant: YOLOVariant, _ value: (LossPart) -> Tensor) {
            items = variant.lossParts.map { ($0, value($0)) }
        }

        public var total: Tensor { items.dropFirst().reduce(items[0].value) { $0 + $1.value } }
        public var values: [Double] { Tensor.items(items.map(\.value)) }
    }

    public var gains: Gains
    private let assigner: TaskAlignedAssigner

    public init(gains: Gains = Gains(), rule: AssignmentRule = AssignmentRule()) {
        self.gains = gains
        assigner = TaskAlignedAssigner(rule: rule)
    }

    /// The mean parts for a batch; multiply their sum by the size of the batch to have what gradients are taken of.
    ///
    /// - Parameter targets: the objects of each image.
    public func callAsFunction(
        _ output: DetectHead.Output, of model: YOLO, _ targets: DetectionTargets
    ) -> Parts {
        Tensor.withBackend(output.scores.backend) {
            parts(output, model, ObjectList(targets.learned), targets)
        }
    }

    private func parts(
        _ output: DetectHead.Output, _ model: YOLO, _ objects: ObjectList, _ truth: DetectionTargets
    ) -> Parts {
        let all = output.scores.softplus().sum()
        guard objects.count > 0 else {
            // Nothing to learn, and yet a part of the graph: layers in step with other slots are all reached.
            let outputs = [output.boxes, output.extras, output.deviations, output.prototypes, output.classMap]
            let none = outputs.compactMap { $0 }.reduce(Tensor(Float(0))) { $0 + $1.sum() * 0 }
            return Parts(model.variant) { $0 == .cls ? all * gains.cls : none }
        }
        let maskTargets = MaskTargets(output, objects, truth)
        let keypointTargets = KeypointTargets(output, of: model, objects, truth.labels)
        let isOriented = model.variant.task == .obb
        let predicted = noGrad { isOriented ? model.rotatedBoxes(output) : model.corners(output) }
        let assigned = assigner(
            objects, logits: output.scores, boxes: predicted, output.grid,
            masks: model.variant.isEndToEnd ? maskTargets : nil,
            keypoints: model.variant.isEndToEnd ? keypointTargets : nil)
        let targets = Targets(assigned, objects, output.grid)
        let total = assigned.scores.sum().clamp(min: 1.0)
        let boxes = output.boxes.reshape(-1, output.boxes.shape[2]).indexSelect(dim: 0, index: targets.rows)
        let weights = assigned.scores.unsqueeze(1) / total
        let distances = model.head.distances(boxes)
        let angles = isOriented ? output.extras?.reshape(-1, 1).indexSelect(dim: 0, index: targets.rows) : nil
        let overlap = targets.overlap(of: distances, angles: angles)
        let dfl =
            model.head.regMax > 1
            ? distributionLoss(boxes, targets.distances, steps: model.head.regMax)
            : ((distances - targets.distances) * targets.scale).abs().mean(dim: -1, keepDim: true)
        let keypoints = keypointTargets?.losses(of: assigned, output.grid)
        let cls = (all - chosenLogits(output.scores, targets, assigned.scores)) / total
        return Parts(model.variant) { part in
            switch part {
            case .box: ((1 - overlap) * weights).sum() * gains.box
            case .cls: cls * gains.cls
            case .dfl, .l1: (dfl * weights).sum() * gains.dfl
            case .seg: (maskTargets?.loss(of: assigned) ?? Tensor(Float(0))) * gains.box
            case .sem: (maskTargets?.classMapLoss ?? Tensor(Float(0))) * gains.box
            case .pose: (keypoints?.pose ?? Tensor(Float(0))) * gains.pose
            case .kobj: (keypoints?.visibility ?? Tensor(Float(0))) * gains.kobj
            case .rle: (keypoints?.likelihood ?? Tensor(Float(0))) * gains.rle
            case .angle: (targets.turn(of: angles) * weights).sum() * gains.angle
            }
        }
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
    /// [places, 2] and [places, 4].
    let centers, distances: Tensor
    /// Corners, [places, 4]; or center, width, height and angle of oriented boxes, [places, 5].
    private let boxes: Tensor
    /// What makes of a distance a share of the image's width or height, [places, 4].
    let scale: Tensor

    init(_ assigned: TaskAlignedAssigner.Assignment, _ objects: ObjectList, _ grid: AnchorGrid) {
        func ofPositions(_ x: Tensor) -> Tensor { x.indexSelect(dim: 0, index: assigned.positions) }
        func ofObjects(_ x: Tensor) -> Tensor { x.indexSelect(dim: 0, index: assigned.objects) }
        rows = ofObjects(objects.images) * grid.count + assigned.positions
        classes = ofObjects(objects.classes)
        let strides = ofPositions(grid.strides(like: objects.boxes))
        centers = ofPositions(grid.centers(like: objects.boxes))
        let own = ofObjects(objects.boxes)
        if own.shape[1] == 5 {
            let parts = own.split([4, 1], dim: -1)
            boxes = Tensor.cat([parts[0] / strides, parts[1]], dim: -1)
            distances = boxes.distancesToRotatedSides(from: centers)
        } else {
            boxes = own / strides
            let ends = boxes.split(2, dim: -1)
            distances = Tensor.cat([centers - ends[0], ends[1] - centers], dim: -1)
        }
        let (height, width) = grid.imageSize
        scale = strides / Tensor([Float(width), Float(height), Float(width), Float(height)])
    }

    /// Added to the variances of oriented boxes, which may be thinner than a step.
    private static let varianceFloor = 0.01

    /// How far boxes at the distances overlap those of the objects: their complete IoU, or the probabilistic one of
    /// oriented boxes.
    func overlap(of distances: Tensor, angles: Tensor?) -> Tensor {
        guard let angles else { return distances.corners(around: centers).completeIoU(boxes) }
        return distances.rotatedBoxes(angles: angles, around: centers)
            .probabilisticIoU(boxes, floor: Self.varianceFloor)
    }

    /// How far angles are off, less the more square the object is, whose sides look alike: sin²(2Δ), [places, 1].
    func turn(of angles: Tensor?) -> Tensor {
        guard let angles else { return Tensor(Float(0)) }
        let sides = boxes.split(1, dim: -1)
        let aspect = (sides[2] / sides[3]).log().square()
        return (-aspect / 9).exp() * ((angles - sides[4]) * 2).sin().square()
    }
}
