import Switchback

/// Chooses among the boxes of all positions: of boxes that overlap, only the one with the highest score stays.
public struct NonMaximumSuppression: Codable, Hashable, Sendable {
    /// The least probability of a class.
    public var confidence: Float = 0.25
    /// Boxes that overlap by more than this are of one object.
    public var iou: Float = 0.7
    /// How many boxes of an image stay.
    public var maximumCount = 300
    /// Whether a box may be of several classes, as in validation; otherwise it is of its likeliest.
    public var allowsSeveralLabels = false
    /// Whether boxes of different classes suppress each other.
    public var isAgnostic = false
    /// How many boxes are looked at, the likeliest first.
    public var maximumCandidates = 30_000

    public init() {}

    /// The boxes of each image that stay, the likeliest first.
    ///
    /// - Parameter decoded: [N, 4 + classes, positions] as `YOLO.forward` gives it.
    public func callAsFunction(_ decoded: Tensor) -> [[Detection]] {
        let rows = decoded.detach().transpose(1, 2)
        let (positions, width) = (rows.shape[1], rows.shape[2])
        let values = rows.toArray(as: Float.self)
        return (0..<rows.shape[0]).map { image in
            values.withUnsafeBufferPointer { all in
                let part = all[image * positions * width..<(image + 1) * positions * width]
                return suppressed(candidates(UnsafeBufferPointer(rebasing: part), width))
            }
        }
    }

    /// The boxes above the confidence, the likeliest first; of equals the earlier position first.
    private func candidates(_ values: UnsafeBufferPointer<Float>, _ width: Int) -> [Detection] {
        var found: [Detection] = []
        for start in stride(from: 0, to: values.count, by: width) {
            func add(_ label: Int) {
                let (x, y) = (values[start], values[start + 1])
                let (w, h) = (values[start + 2] / 2, values[start + 3] / 2)
                let box = Box(x1: x - w, y1: y - h, x2: x + w, y2: y + h)
                found.append(Detection(box: box, classIndex: label, score: values[start + 4 + label]))
            }
            if allowsSeveralLabels {
                for label in 0..<(width - 4) where values[start + 4 + label] > confidence { add(label) }
            } else {
                var best = 0
                for label in 1..<max(width - 4, 1) where values[start + 4 + label] > values[start + 4 + best] {
                    best = label
                }
                if values[start + 4 + best] > confidence { add(best) }
            }
        }
        let order = found.indices.sorted { (found[$1].score, $0) < (found[$0].score, $1) }
        return order.prefix(maximumCandidates).map { found[$0] }
    }

    /// Those that no likelier one overlaps too much.
    private func suppressed(_ candidates: [Detection]) -> [Detection] {
        var kept: [Detection] = []
        for candidate in candidates {
            if kept.count == maximumCount { break }
            let isTaken = kept.contains {
                (isAgnostic || $0.classIndex == candidate.classIndex) && $0.box.iou(candidate.box) > iou
            }
            if !isTaken { kept.append(candidate) }
        }
        return kept
    }
}
