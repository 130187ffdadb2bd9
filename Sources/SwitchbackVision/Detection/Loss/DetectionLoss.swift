import Switchback

/// The loss of one head: how far boxes, classes and the distributions of distances are from the objects assigned to
/// the positions.
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
        /// The cross entropy of the distances' distributions (YOLO11), or the distances' absolute error as a share of the
        /// image's size (YOLO26).
        public var dfl: Tensor

        public var total: Tensor { box + cls + dfl }
        public var values: [Double] { [box, cls, dfl].map { $0.item() } }
    }

    public var gains: Gains
    public var assigner: TaskAlignedAssigner

    public init(gains: Gains = Gains(), assigner: TaskAlignedAssigner = TaskAlignedAssigner()) {
        self.gains = gains
        self.assigner = assigner
    }

    /// The position of an image that learns an object.
    private struct Target {
        /// The position's row among those of all images.
        let row: Int
        let anchor: Int
        let object: LabeledBox
        let score: Float
    }

    /// The mean parts for a batch; multiply their sum by the size of the batch to have what gradients are taken of.
    ///
    /// - Parameter objects: of each image.
    public func callAsFunction(
        _ output: DetectHead.Output, of model: YOLO, _ objects: [[LabeledBox]]
    ) -> Parts {
        let targets = assign(output, model, objects)
        let total = Double(max(targets.reduce(0) { $0 + $1.score }, 1))
        let cls = classLoss(output.scores, targets) * (gains.cls / total)
        guard !targets.isEmpty else {
            let none = output.boxes.sum() * 0
            return Parts(box: none, cls: cls, dfl: none)
        }
        let rows = Tensor(targets.map { Int64($0.row) })
        let boxes = output.boxes.reshape(-1, output.boxes.shape[2]).indexSelect(dim: 0, index: rows)
        let weights = Tensor(targets.map(\.score)).reshape(-1, 1) / total
        let distances = model.head.distances(boxes)
        let places = Places(targets.map { ($0.anchor, $0.object) }, output.grid)
        let overlap = distances.corners(around: places.centers).completeIoU(places.boxes)
        let dfl =
            model.head.regMax > 1
            ? distributionLoss(boxes, places.distances, steps: model.head.regMax)
            : ((distances - places.distances) * places.scale).abs().mean(dim: -1, keepDim: true)
        return Parts(
            box: ((1 - overlap) * weights).sum() * gains.box, cls: cls, dfl: (dfl * weights).sum() * gains.dfl)
    }

    /// The positions that learn, of all images.
    private func assign(_ output: DetectHead.Output, _ model: YOLO, _ objects: [[LabeledBox]]) -> [Target] {
        let corners = noGrad { model.corners(output) }
        return corners.withElements(of: Float.self) { boxes in
            output.scores.withElements(of: Float.self) { logits in
                objects.enumerated().flatMap { image, objects in
                    targets(of: objects, image, boxes, logits, classCount: output.scores.shape[2], output.grid)
                }
            }
        }
    }

    /// The positions that learn, of one image.
    private func targets(
        of objects: [LabeledBox], _ image: Int, _ boxes: UnsafeBufferPointer<Float>,
        _ logits: UnsafeBufferPointer<Float>, classCount: Int, _ grid: AnchorGrid
    ) -> [Target] {
        let (start, end) = (image * grid.count, (image + 1) * grid.count)
        let prediction = TaskAlignedAssigner.Prediction(
            logits: logits[start * classCount..<end * classCount], boxes: boxes[start * 4..<end * 4],
            classCount: classCount, grid: grid)
        return assigner.assign(objects, to: prediction).map {
            Target(row: start + $0.anchor, anchor: $0.anchor, object: objects[$0.object], score: $0.score)
        }
    }

    /// Σ softplus(x) − t·x: the binary cross entropy of all logits, of which few have a target t above 0.
    private func classLoss(_ logits: Tensor, _ targets: [Target]) -> Tensor {
        let all = logits.softplus().sum()
        if targets.isEmpty { return all }
        let places = Tensor(targets.map { Int64($0.row * logits.shape[2] + $0.object.classIndex) })
        let wanted = logits.reshape(-1).indexSelect(dim: 0, index: places)
        return all - (wanted * Tensor(targets.map(\.score))).sum()
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
private struct Places {
    /// [rows, 2], [rows, 4] and [rows, 4].
    let centers, boxes, distances: Tensor
    /// What makes of a distance a share of the image's width or height, [rows, 4].
    let scale: Tensor

    init(_ pairs: [(anchor: Int, object: LabeledBox)], _ grid: AnchorGrid) {
        var (centers, boxes, distances, scale): ([Float], [Float], [Float], [Float]) = ([], [], [], [])
        let (width, height) = (Float(grid.imageSize.width), Float(grid.imageSize.height))
        for (anchor, object) in pairs {
            let stride = Float(grid.level(of: anchor).stride)
            let center = grid.center(anchor) / stride
            let box = object.box.sides / stride
            centers += [center.x, center.y]
            boxes += [box.x, box.y, box.z, box.w]
            distances += [center.x - box.x, center.y - box.y, box.z - center.x, box.w - center.y]
            scale += [stride / width, stride / height, stride / width, stride / height]
        }
        self.centers = Tensor(centers).reshape(-1, 2)
        self.boxes = Tensor(boxes).reshape(-1, 4)
        self.distances = Tensor(distances).reshape(-1, 4)
        self.scale = Tensor(scale).reshape(-1, 4)
    }
}
