import Foundation
import Switchback

/// Decides which positions of the feature maps are to learn which object: those that already predict it best by class
/// and box together (Feng et al., "TOOD: Task-aligned One-stage Object Detection", 2021, section 3.2).
public struct TaskAlignedAssigner: Sendable {
    /// How many positions an object gets at first.
    public var topK = 10
    /// How many it keeps once objects have settled whose each position is; `nil` for all.
    public var keptPerObject: Int?
    /// The power of the score and of the overlap in the measure of alignment.
    public var alpha: Float = 0.5
    public var beta: Float = 6
    /// Objects with shorter sides, in pixels, are taken for this wide or high when positions inside are sought.
    public var minimumSide: Float = 16

    public init(topK: Int = 10, keptPerObject: Int? = nil) {
        self.topK = topK
        self.keptPerObject = keptPerObject
    }

    /// A position that is to learn an object.
    public struct Positive: Equatable, Sendable {
        public let anchor: Int
        /// The object's place in the list that was given.
        public let object: Int
        /// The probability that the position shall give the object's class.
        public let score: Float
    }

    /// What the network says of one image, while the memory of its tensors is looked at.
    struct Prediction {
        /// Logits, [positions, classes], and boxes in pixels, [positions, 4].
        let logits, boxes: Slice<UnsafeBufferPointer<Float>>
        let classCount: Int
        let grid: AnchorGrid

        func box(_ anchor: Int) -> SIMD4<Float> {
            let start = boxes.startIndex + 4 * anchor
            return SIMD4(boxes[start], boxes[start + 1], boxes[start + 2], boxes[start + 3])
        }

        func probability(_ anchor: Int, _ classIndex: Int) -> Float {
            1 / (1 + exp(-logits[logits.startIndex + anchor * classCount + classIndex]))
        }
    }

    /// A position that an object may get, and how well it suits.
    private struct Candidate {
        let anchor: Int
        let overlap: Float
        let metric: Float
    }

    /// The positions that learn, in the order of their objects.
    func assign(_ objects: [LabeledBox], to prediction: Prediction) -> [Positive] {
        let candidates = objects.map { best(topK, of: self.candidates(for: $0, prediction)) }
        var owners: [Int: Int] = [:]
        for (object, list) in candidates.enumerated() {
            for candidate in list {
                let isShared = owners.updateValue(object, forKey: candidate.anchor) != nil
                if isShared {
                    owners[candidate.anchor] = highestOverlap(at: candidate.anchor, objects, prediction)
                }
            }
        }
        var settled = [[Candidate]](repeating: [], count: objects.count)
        for (anchor, object) in owners.sorted(by: { $0.key < $1.key }) {
            settled[object].append(candidate(anchor, for: objects[object], prediction))
        }
        return settled.enumerated().flatMap { object, list in
            targets(keptPerObject.map { best($0, of: list) } ?? list, object)
        }
    }

    /// The scores to be learned: the metric, scaled so that the best position gets the best overlap.
    private func targets(_ candidates: [Candidate], _ object: Int) -> [Positive] {
        let highestMetric = candidates.map(\.metric).max() ?? 0
        let highestOverlap = candidates.map(\.overlap).max() ?? 0
        return candidates.map {
            Positive(
                anchor: $0.anchor, object: object, score: $0.metric * highestOverlap / (highestMetric + 1e-9))
        }
    }

    private func best(_ count: Int, of candidates: [Candidate]) -> [Candidate] {
        let ranked = candidates.sorted { ($1.metric, $0.anchor) < ($0.metric, $1.anchor) }
        return Array(ranked.prefix(count))
    }

    /// The object whose box a position's prediction overlaps most, among those around the position.
    private func highestOverlap(at anchor: Int, _ objects: [LabeledBox], _ prediction: Prediction) -> Int {
        let center = prediction.grid.center(anchor)
        let box = prediction.box(anchor)
        let overlaps = objects.map { contains($0, center) ? max(completeIoU($0.box.sides, box), 0) : 0 }
        return overlaps.indices.max { (overlaps[$0], $1) < (overlaps[$1], $0) } ?? 0
    }

    /// The positions inside an object that predict it at all.
    private func candidates(for object: LabeledBox, _ prediction: Prediction) -> [Candidate] {
        let sides = widened(object)
        var found: [Candidate] = []
        for level in prediction.grid.levels {
            let stride = Float(level.stride)
            func cells(_ low: Float, _ high: Float, _ count: Int) -> Range<Int> {
                let first = min(max(Int((low / stride - 0.5).rounded(.down)), 0), count)
                return first..<max(first, min(Int((high / stride + 0.5).rounded(.up)), count))
            }
            for y in cells(sides.y, sides.w, level.height) {
                for x in cells(sides.x, sides.z, level.width)
                where contains(object, SIMD2((Float(x) + 0.5) * stride, (Float(y) + 0.5) * stride)) {
                    let candidate = candidate(level.start + y * level.width + x, for: object, prediction)
                    if candidate.metric > 0 { found.append(candidate) }
                }
            }
        }
        return found
    }

    private func candidate(_ anchor: Int, for object: LabeledBox, _ prediction: Prediction) -> Candidate {
        let overlap = max(completeIoU(object.box.sides, prediction.box(anchor)), 0)
        // As it is for most of them, early in a training.
        if overlap == 0 { return Candidate(anchor: anchor, overlap: 0, metric: 0) }
        let metric = pow(prediction.probability(anchor, object.classIndex), alpha) * pow(overlap, beta)
        return Candidate(anchor: anchor, overlap: overlap, metric: metric)
    }

    private func contains(_ object: LabeledBox, _ point: SIMD2<Float>) -> Bool {
        let sides = widened(object)
        let margin: Float = 1e-9
        return point.x - sides.x > margin && point.y - sides.y > margin && sides.z - point.x > margin
            && sides.w - point.y > margin
    }

    private func widened(_ object: LabeledBox) -> SIMD4<Float> {
        var sides = object.box.sides
        for axis in 0...1 where sides[axis + 2] - sides[axis] < minimumSide {
            let middle = (sides[axis] + sides[axis + 2]) / 2
            sides[axis] = middle - minimumSide / 2
            sides[axis + 2] = middle + minimumSide / 2
        }
        return sides
    }
}

extension AnchorGrid {
    /// The map to which a position belongs.
    func level(of anchor: Int) -> Level { levels.last { $0.start <= anchor } ?? levels[0] }

    /// The centre of a position in pixels, x and y.
    func center(_ anchor: Int) -> SIMD2<Float> {
        let level = level(of: anchor)
        let (y, x) = (anchor - level.start).quotientAndRemainder(dividingBy: level.width)
        return (SIMD2(Float(x), Float(y)) + 0.5) * Float(level.stride)
    }
}
