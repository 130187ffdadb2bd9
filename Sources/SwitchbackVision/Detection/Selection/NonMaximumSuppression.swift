import Switchback

/// Non-maximum suppression: of overlapping boxes, only the one with the highest score is kept. Oriented boxes are compared
/// by their probabilistic IoU, and go wherever a likelier one overlaps them, even one that goes itself, as in
/// Ultralytics.
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
        candidates(decoded, classCount: decoded.shape[1] - 4).map { $0.map(\.detection) }
    }

    /// As above, with the positions that the boxes are from; more values may follow the classes' probabilities.
    ///
    /// - Parameter isRotated: whether that is an angle, by which the boxes are turned.
    package func candidates(_ decoded: Tensor, classCount: Int, isRotated: Bool = false) -> [[Candidate]] {
        let rows = decoded.detach().narrow(dim: 1, start: 0, length: 4 + classCount + (isRotated ? 1 : 0))
            .transpose(1, 2)
        // One image at a time: with many classes, a batch of them takes gigabytes.
        return (0..<rows.shape[0]).map { image in
            let values = rows[image].toArray(as: Float.self)
            let found = values.withUnsafeBufferPointer { likely($0, rows.shape[2], classCount, isRotated) }
            return isRotated ? suppressedAlike(found) : suppressed(found)
        }
    }

    /// The boxes above the confidence, the most likely first; of equals the earlier position first.
    private func likely(
        _ values: UnsafeBufferPointer<Float>, _ width: Int, _ classCount: Int, _ isRotated: Bool
    ) -> [Candidate] {
        var found: [Candidate] = []
        // Rises once there are more candidates than are looked at.
        var least = confidence
        for start in stride(from: 0, to: values.count, by: width) {
            func add(_ label: Int) {
                let (x, y) = (values[start], values[start + 1])
                let (w, h) = (values[start + 2] / 2, values[start + 3] / 2)
                let score = values[start + 4 + label]
                let detection =
                    isRotated
                    ? Detection(
                        rotated: RotatedBox(
                            centerX: x, centerY: y, width: 2 * w, height: 2 * h, angle: values[start + width - 1]),
                        classIndex: label, score: score)
                    : Detection(
                        box: Box(x1: x - w, y1: y - h, x2: x + w, y2: y + h), classIndex: label, score: score)
                found.append(Candidate(detection: detection, position: start / width))
                if found.count < 2 * maximumCandidates { return }
                found = likeliest(found)
                least = found.last?.detection.score ?? confidence
            }
            if allowsSeveralLabels {
                for label in 0..<classCount where values[start + 4 + label] > least { add(label) }
            } else {
                var best = 0
                for label in 1..<max(classCount, 1) where values[start + 4 + label] > values[start + 4 + best] {
                    best = label
                }
                if values[start + 4 + best] > least { add(best) }
            }
        }
        return likeliest(found)
    }

    /// As many as are looked at; of equals the earlier first.
    private func likeliest(_ found: [Candidate]) -> [Candidate] {
        found.positionsDescending(\.detection.score).prefix(maximumCandidates).map { found[$0] }
    }

    /// Those oriented ones that none of all the likelier ones overlaps too much.
    private func suppressedAlike(_ candidates: [Candidate]) -> [Candidate] {
        let spreads = candidates.map { $0.detection.rotated.map(RotatedBox.Spread.init) }
        var kept: [Candidate] = []
        for (number, candidate) in candidates.enumerated() {
            if kept.count == maximumCount { break }
            let isTaken = (0..<number).contains { other in
                guard isAgnostic || candidates[other].detection.classIndex == candidate.detection.classIndex,
                    let a = spreads[other], let b = spreads[number]
                else { return false }
                return a.overlap(b) >= iou
            }
            if !isTaken { kept.append(candidate) }
        }
        return kept
    }

    /// Those that no likelier one overlaps too much.
    private func suppressed(_ candidates: [Candidate]) -> [Candidate] {
        var kept: [Candidate] = []
        for candidate in candidates {
            if kept.count == maximumCount { break }
            let own = candidate.detection
            let isTaken = kept.contains {
                (isAgnostic || $0.detection.classIndex == own.classIndex) && $0.detection.box.iou(own.box) > iou
            }
            if !isTaken { kept.append(candidate) }
        }
        return kept
    }
}
