import Kernels

extension CPUBackend {
    public static func assignPositions(_ operands: AssignmentOperands, _ rule: AssignmentRule) -> AssignedPositions? {
        guard areFloats(operands.logits, operands.boxes, operands.objects) else { return nil }
        let places = operands.objects.shape[0] * rule.topK
        func list(_ dtype: DType) -> NDArray {
            NDArray(filled: 0, shape: [places], dtype: dtype, backend: self)
        }
        let (positions, objects, scores) = (list(.int64), list(.int64), list(.float32))
        let found = Assignment(operands, rule).positives()
        for (place, positive) in found.enumerated() {
            positions.pointer(to: Int64.self)[place] = Int64(positive.position)
            objects.pointer(to: Int64.self)[place] = Int64(positive.object)
            scores.floats[place] = positive.score
        }
        return (positions, objects, scores)
    }
}

/// Assigns positions by looking only at those around each object.
private struct Assignment {
    struct Positive {
        let position, object: Int
        let score: Float
    }

    /// A position that an object may get, and how well it suits.
    private struct Candidate {
        let position: Int
        let overlap, metric: Float
    }

    private let rule: AssignmentRule
    private let maps: [PositionMap]
    private let logits, boxes: NDArray
    private let objects: [SIMD4<Float>]
    private let classes, images: [Int]

    init(_ operands: AssignmentOperands, _ rule: AssignmentRule) {
        (self.rule, maps) = (rule, operands.maps)
        (logits, boxes) = (operands.logits.contiguous(), operands.boxes.contiguous())
        let sides = operands.objects.contiguous()
        let count = sides.shape[0]
        objects = withExtendedLifetime(sides) {
            (0..<count).map { i in
                SIMD4(sides.floats[4 * i], sides.floats[4 * i + 1], sides.floats[4 * i + 2], sides.floats[4 * i + 3])
            }
        }
        (classes, images) = (operands.classes.wholeNumbers, operands.images.wholeNumbers)
    }

    /// The positions that learn, in the order of their objects.
    func positives() -> [Positive] {
        var start = 0
        var found: [Positive] = []
        while start < objects.count {
            let end = images[start...].firstIndex { $0 != images[start] } ?? objects.count
            found += positives(of: start..<end)
            start = end
        }
        return found
    }

    /// The positions that learn, of the objects of one image.
    private func positives(of objects: Range<Int>) -> [Positive] {
        var owners: [Int: Int] = [:]
        for object in objects {
            for candidate in best(rule.topK, of: candidates(for: object)) {
                let isShared = owners.updateValue(object, forKey: candidate.position) != nil
                if isShared { owners[candidate.position] = highestOverlap(at: candidate.position, objects) }
            }
        }
        var settled = [[Candidate]](repeating: [], count: objects.count)
        for (position, object) in owners.sorted(by: { $0.key < $1.key }) {
            settled[object - objects.lowerBound].append(candidate(position, for: object))
        }
        return zip(objects, settled).flatMap { object, list in
            scored(rule.keptPerObject.map { best($0, of: list) } ?? list, object)
        }
    }

    /// The scores to be learned: the metric, scaled so that the best position gets the best overlap.
    private func scored(_ candidates: [Candidate], _ object: Int) -> [Positive] {
        let highestMetric = candidates.map(\.metric).max() ?? 0
        let highestOverlap = candidates.map(\.overlap).max() ?? 0
        return candidates.map {
            Positive(
                position: $0.position, object: object, score: $0.metric * highestOverlap / (highestMetric + 1e-9))
        }
    }

    private func best(_ count: Int, of candidates: [Candidate]) -> [Candidate] {
        let ranked = candidates.sorted { ($1.metric, $0.position) < ($0.metric, $1.position) }
        return Array(ranked.prefix(count))
    }

    /// The object whose box a position's prediction overlaps most, among those around the position.
    private func highestOverlap(at position: Int, _ objects: Range<Int>) -> Int {
        let (center, box) = (center(position), box(objects.lowerBound, position))
        let overlaps = objects.map { contains($0, center) ? max(completeIoU(self.objects[$0], box), 0) : 0 }
        let best = overlaps.indices.max { (overlaps[$0], $1) < (overlaps[$1], $0) } ?? 0
        return objects.lowerBound + best
    }

    /// The positions inside an object that predict it at all.
    private func candidates(for object: Int) -> [Candidate] {
        let sides = widened(object)
        var found: [Candidate] = []
        for map in maps {
            let stride = Float(map.stride)
            func cells(_ low: Float, _ high: Float, _ count: Int) -> Range<Int> {
                let first = min(max(Int((low / stride - 0.5).rounded(.down)), 0), count)
                return first..<max(first, min(Int((high / stride + 0.5).rounded(.up)), count))
            }
            for y in cells(sides.y, sides.w, map.height) {
                for x in cells(sides.x, sides.z, map.width)
                where contains(object, SIMD2((Float(x) + 0.5) * stride, (Float(y) + 0.5) * stride)) {
                    let candidate = candidate(map.start + y * map.width + x, for: object)
                    if candidate.metric > 0 { found.append(candidate) }
                }
            }
        }
        return found
    }

    private func candidate(_ position: Int, for object: Int) -> Candidate {
        let overlap = max(completeIoU(objects[object], box(object, position)), 0)
        // As it is for most of them, early in a training.
        if overlap == 0 { return Candidate(position: position, overlap: 0, metric: 0) }
        let metric = powf(probability(object, position), rule.alpha) * powf(overlap, rule.beta)
        return Candidate(position: position, overlap: overlap, metric: metric)
    }

    /// The box that a position predicts in the image of an object.
    private func box(_ object: Int, _ position: Int) -> SIMD4<Float> {
        let corners = boxes.floats + 4 * (images[object] * boxes.shape[1] + position)
        return SIMD4(corners[0], corners[1], corners[2], corners[3])
    }

    /// The probability of an object's class at a position of its image.
    private func probability(_ object: Int, _ position: Int) -> Float {
        let row = images[object] * logits.shape[1] + position
        return 1 / (1 + expf(-logits.floats[row * logits.shape[2] + classes[object]]))
    }

    private func contains(_ object: Int, _ point: SIMD2<Float>) -> Bool {
        let sides = widened(object)
        let margin: Float = 1e-9
        return point.x - sides.x > margin && point.y - sides.y > margin && sides.z - point.x > margin
            && sides.w - point.y > margin
    }

    private func widened(_ object: Int) -> SIMD4<Float> {
        var sides = objects[object]
        for axis in 0...1 where sides[axis + 2] - sides[axis] < rule.minimumSide {
            let middle = (sides[axis] + sides[axis + 2]) / 2
            sides[axis] = middle - rule.minimumSide / 2
            sides[axis + 2] = middle + rule.minimumSide / 2
        }
        return sides
    }

    /// The center of a position in pixels, x and y.
    private func center(_ position: Int) -> SIMD2<Float> {
        let map = maps.last { $0.start <= position } ?? maps[0]
        let (y, x) = (position - map.start).quotientAndRemainder(dividingBy: map.width)
        return (SIMD2(Float(x), Float(y)) + 0.5) * Float(map.stride)
    }
}

extension NDArray {
    /// The elements of an int64 array.
    fileprivate var wholeNumbers: [Int] {
        let dense = contiguous()
        return withExtendedLifetime(dense) { (0..<count).map { Int(dense.pointer(to: Int64.self)[$0]) } }
    }
}

/// The complete IoU of two boxes of left, top, right and bottom (Zheng et al., "Distance-IoU Loss", 2020, eq. 10).
private func completeIoU(_ a: SIMD4<Float>, _ b: SIMD4<Float>) -> Float {
    let epsilon: Float = 1e-7
    let (widthA, heightA) = (a.z - a.x, a.w - a.y + epsilon)
    let (widthB, heightB) = (b.z - b.x, b.w - b.y + epsilon)
    let intersection = max(min(a.z, b.z) - max(a.x, b.x), 0) * max(min(a.w, b.w) - max(a.y, b.y), 0)
    let iou = intersection / (widthA * heightA + widthB * heightB - intersection + epsilon)

    let (wholeWidth, wholeHeight) = (max(a.z, b.z) - min(a.x, b.x), max(a.w, b.w) - min(a.y, b.y))
    let diagonal = wholeWidth * wholeWidth + wholeHeight * wholeHeight + epsilon
    let (offX, offY) = (b.x + b.z - a.x - a.z, b.y + b.w - a.y - a.w)
    let angle = atanf(widthB / heightB) - atanf(widthA / heightA)
    let aspects = 4 / (.pi * .pi) * angle * angle
    let share = aspects / (aspects - iou + (1 + epsilon))
    return iou - ((offX * offX + offY * offY) / 4 / diagonal + aspects * share)
}
