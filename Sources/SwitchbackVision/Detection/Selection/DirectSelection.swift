import Switchback

/// Selects boxes from YOLO26's one-to-one head, in which one position predicts each object, so that no suppression is
/// needed: the positions with the most likely classes, and among those the most likely classes (YOLOv10, 2024).
public struct DirectSelection: Codable, Hashable, Sendable {
    /// How many boxes an image has at most; as in Ultralytics, no more than there are positions.
    public var maximumCount = 300
    /// The least probability of a class.
    public var confidence: Float = 0

    public init(maximumCount: Int = 300, confidence: Float = 0) {
        self.maximumCount = maximumCount
        self.confidence = confidence
    }

    /// The most likely boxes of each image, the most likely first.
    ///
    /// - Parameters:
    ///   - corners: left, top, right and bottom of every position in pixels, [N, positions, 4].
    ///   - logits: of the classes, [N, positions, classes].
    public func callAsFunction(corners: Tensor, logits: Tensor) -> [[Detection]] {
        candidates(corners: corners, logits: logits).map { $0.map(\.detection) }
    }

    /// As above, with the positions that the boxes are from.
    package func candidates(corners: Tensor, logits: Tensor) -> [[Candidate]] {
        let (count, positions, classCount) = (logits.shape[0], logits.shape[1], logits.shape[2])
        let limit = min(maximumCount, positions)
        let likeliest = logits.detach().amax(dim: -1).topK(limit, dim: -1).indices
        return (0..<count).map { image in
            let rows = likeliest[image]
            let positions = rows.toArray(as: Int.self)
            let boxes = corners.detach()[image].indexSelect(dim: 0, index: rows).toArray(as: Float.self)
            let scores = logits.detach()[image].indexSelect(dim: 0, index: rows).reshape(-1)
            let best = scores.topK(limit, dim: 0)
            let labels = best.indices.toArray(as: Int64.self)
            let probabilities = best.values.sigmoid().toArray(as: Float.self)
            return zip(labels, probabilities).compactMap { flat, score in
                guard score > confidence else { return nil }
                let (row, label) = Int(flat).quotientAndRemainder(dividingBy: classCount)
                let sides = boxes[4 * row..<4 * row + 4]
                let box = Box(
                    x1: sides[4 * row], y1: sides[4 * row + 1], x2: sides[4 * row + 2], y2: sides[4 * row + 3])
                return Candidate(
                    detection: Detection(box: box, classIndex: label, score: score), position: positions[row])
            }
        }
    }
}
