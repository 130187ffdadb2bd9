import Switchback

/// What is counted in a validation.
struct DetectionTally: Codable {
    private var boxes: DetectionMetrics
    /// Of masks or keypoints, where the network tells them.
    private var shapes: DetectionMetrics?
    private var confusion: ConfusionMatrix
    /// Of poses.
    private let layout: KeypointLayout?

    init(_ detector: YOLO) {
        let count = detector.classes.count
        boxes = DetectionMetrics(classCount: count)
        let task = detector.variant.task
        shapes = task == .segment || task == .pose ? DetectionMetrics(classCount: count) : nil
        confusion = ConfusionMatrix(classCount: count, background: true)
        layout = detector.keypoints
    }

    /// Adds an image of a batch. As in Ultralytics, boxes are compared in the pixels of what the network saw, where those
    /// that were found may reach over the image's edges.
    mutating func add(_ found: ImageFindings, _ batch: DetectionBatch, image: Int) {
        let (own, truth) = (found.boxes, batch.labels[image])
        addBoxes(own, truth)
        if let planes = found.planes {
            let overlaps = batch.targets.maskOverlaps(of: planes.binary(own.map(\.box)), image: image)
            shapes?.add(own, truth: truth) { overlaps[$0 * truth.count + $1] }
        }
        if let keypoints = found.keypoints { addKeypoints(own, keypoints, truth) }
    }

    /// Adds an image, in its own pixels.
    mutating func add(_ found: [Detection], _ truth: [LabeledBox], height: Int, width: Int) {
        addBoxes(found, truth)
        if layout != nil { return addKeypoints(found, found.map(\.keypoints), truth) }
        guard shapes != nil else { return }
        let wanted = truth.map { $0.mask(imageHeight: height, imageWidth: width) }
        shapes?.add(found, truth: truth) { detection, object in
            Float(found[detection].mask?.iou(wanted[object]) ?? 0)
        }
    }

    private mutating func addBoxes(_ found: [Detection], _ truth: [LabeledBox]) {
        let oriented = truth.map { $0.isOriented ? RotatedBox(around: $0.polygon) : nil }
        func overlap(_ detection: Int, _ object: Int) -> Float {
            if let a = found[detection].rotated, let b = oriented[object] { return a.probabilisticIoU(b) }
            return found[detection].box.iou(truth[object].box)
        }
        boxes.add(found, truth: truth, overlap: overlap)
        confusion.add(found, truth: truth, overlapOf: overlap)
    }

    private mutating func addKeypoints(_ found: [Detection], _ keypoints: [[Keypoint]], _ truth: [LabeledBox]) {
        guard let layout else { return }
        shapes?.add(found, truth: truth) { detection, object in
            let area = truth[object].box.area * KeypointLayout.filledShare
            return layout.similarity(keypoints[detection], to: truth[object].keypoints, area: area)
        }
    }

    /// Adds what was counted in later batches.
    mutating func add(_ other: DetectionTally) {
        boxes.add(other.boxes)
        if let more = other.shapes { shapes?.add(more) }
        confusion.add(other.confusion)
    }

    func write(to validation: inout DetectionValidation) {
        validation.results = boxes.results()
        validation.shapeResults = shapes?.results()
        validation.confusion = confusion
    }
}

extension DetectionTargets {
    /// Intersection over union of masks with those of the objects of an image, by mask and object.
    ///
    /// - Parameter found: [masks, h · w] of 0 and 1.
    fileprivate func maskOverlaps(of found: Tensor, image: Int) -> [Float] {
        guard found.shape[0] > 0, let wanted = objectMasks(ofImage: image) else { return [] }
        let shared = found.matmul(wanted.transpose(0, 1))
        let union = found.sum(dim: 1, keepDim: true) + wanted.sum(dim: 1).unsqueeze(0) - shared
        return (shared / (union + 1e-7)).toArray(as: Float.self)
    }
}

extension LabeledBox {
    /// The pixels that the outline encloses; those of the box where there is none.
    fileprivate func mask(imageHeight: Int, imageWidth: Int) -> InstanceMask {
        let outline = polygon.isEmpty ? box.corners : polygon
        let part = Box(around: outline).clipped(height: imageHeight, width: imageWidth)
        let (top, left) = (Int(part.y1), Int(part.x1))
        // One more row and column, because edges belong to the object.
        let mask = InstanceMask(
            polygon: outline.map { $0 - PlanePoint(Float(left), Float(top)) },
            imageHeight: min(Int(part.y2) + 1, imageHeight) - top, imageWidth: min(Int(part.x2) + 1, imageWidth) - left)
        return mask.placed(top: top, left: left, imageHeight: imageHeight, imageWidth: imageWidth)
    }
}

extension Detection {
    /// Whether it is likely enough to be drawn.
    var isShown: Bool { score >= 0.25 }
}
