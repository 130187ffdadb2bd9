/// A feature map at whose positions a detector predicts: its size in cells, the pixels that a cell is wide and high,
/// and the number of its first position among those of all maps.
public struct PositionMap: Sendable, Equatable {
    public let height, width, stride, start: Int

    public init(height: Int, width: Int, stride: Int, start: Int) {
        (self.height, self.width, self.stride, self.start) = (height, width, stride, start)
    }
}

/// How many positions an object gets, and what makes them suit (Feng et al., "TOOD: Task-aligned One-stage Object
/// Detection", 2021, section 3.2): the measure of alignment is scoreᵅ · overlapᵝ.
public struct AssignmentRule: Sendable, Hashable {
    /// How many positions an object gets at first.
    public var topK = 10
    /// How many it keeps once objects have settled whose each position is; `nil` for all.
    public var keptPerObject: Int?
    public var alpha: Float = 0.5
    public var beta: Float = 6
    /// Objects with shorter sides, in pixels, are taken for this wide or high when positions inside are sought.
    public var minimumSide: Float = 16

    public init(topK: Int = 10, keptPerObject: Int? = nil) {
        (self.topK, self.keptPerObject) = (topK, keptPerObject)
    }
}

/// What positions are assigned by: predictions, and the objects of all images one after another.
public struct AssignmentOperands {
    /// Of the predictions: logits [images, positions, classes], and corners in pixels [images, positions, 4].
    public let logits, boxes: NDArray
    public let maps: [PositionMap]
    /// Of the objects: corners in pixels [objects, 4]; their classes and images, int64 [objects], images in order.
    public let objects, classes, images: NDArray

    public init(
        logits: NDArray, boxes: NDArray, maps: [PositionMap], objects: NDArray, classes: NDArray, images: NDArray
    ) {
        (self.logits, self.boxes, self.maps) = (logits, boxes, maps)
        (self.objects, self.classes, self.images) = (objects, classes, images)
    }
}

/// The positions that learn an object, with the probability that each should give its class: as many places as all
/// objects can get together. Those that are not needed have score 0.
public typealias AssignedPositions = (positions: NDArray, objects: NDArray, scores: NDArray)

/// The assignment of detectors' positions, fused; `nil` for what is not covered, as the default does for all.
public protocol AssignmentKernels {
    /// Each object gets the `topK` positions inside it that suit it best, if they suit at all; of equal ones the first.
    /// A position that several objects got goes to the object around it that its box overlaps most by complete IoU.
    /// The score is the measure of alignment, scaled so that an object's largest is its largest overlap.
    static func assignPositions(_ operands: AssignmentOperands, _ rule: AssignmentRule) -> AssignedPositions?
}

extension AssignmentKernels {
    public static func assignPositions(
        _ operands: AssignmentOperands, _ rule: AssignmentRule
    ) -> AssignedPositions? { nil }
}
