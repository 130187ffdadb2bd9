import Switchback

/// Non-maximum suppression: of overlapping boxes, only the one with the highest score is kept.
public struct NonMaximumSuppression: Codable, Hashable, Sendable {
    /// The least probability of a class.
    public var confidence: Float = 0.25
    /// Boxes that overlap by more than this are of one object.
    public var iou: Float = 0.7
    /// How many boxes of an image stay.
    public var maximumCount = 300
    /// Whether a box may be of several classes, as in validation; otherwise it is of its most likely.
    public var allowsSeveralLabels = false
    /// Whether boxes of different classes suppress each other.
    public var isAgnostic = false
    /// How many boxes are looked at, the most likely first.
    public var maximumCandidates = 30_000

    public init() {}

    /// The boxes of each image that stay, the most likely first.
    ///
    /// - Parameter decoded: [N, 4 + classes, positions] as `YOLO.forward` gives it.
    public func callAsFunction(_ decoded: Tensor) -> [[Detection]] {
        let rows = decoded.detach().transpose(1, 2)
        // One image at a time: with many classes, a batch of them takes gigabytes.
        return (0..<rows.shape[0]).map { image in
            let values = rows[image].toArray(as: Float.self)
            return values.withUnsafeBufferPointer { suppressed(candidates($0, rows.shape[2])) }
        }
    }

    /// The boxes above the confidence, the most likely first; of equals the earlier position first.
    private func candidates(_ values: UnsafeBufferPointer<Float>, _ width: Int) -> [Detection] {
        var found: [Detection] = []
        // Rises once there are more candidates than are looked at.
        var least = confidence
        for start in stride(from: 0, to: values.count, by: width) {
            func add(_ label: Int) {
                let (x, y) = (values[start], values[start + 1])
                let (w, h) = (values[start + 2] / 2, values[start + 3] / 2)
                let box = Box(x1: x - w, y1: y - h, x2: x + w, y2: y + h)
                found.append(Detection(box: box, classIndex: label, score: values[start + 4 + label]))
                if found.count < 2 * maximumCandidates { return }
                found = likeliest(found)
                least = found.last?.score ?? confidence
            }
            if allowsSeveralLabels {
                for label in 0..<(width - 4) where values[start + 4 + label] > least { add(label) }
            } else {
                var best = 0
                for label in 1..<max(width - 4, 1) where values[start + 4 + label] > values[start + 4 + best] {
                    best = label
                }
                if values[start + 4 + best] > least { add(best) }
            }
        }
        return likeliest(found)
    }

    /// As many as are looked at; of equals the earlier first.
    private func likeliest(_ found: [Detection]) -> [Detection] {
        found.positionsDescending(\.score).prefix(maximumCandidates).map { found[$0] }
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
