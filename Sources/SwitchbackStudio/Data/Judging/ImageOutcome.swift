import Switchback
import SwitchbackVision

/// How what a model finds in an image compares with its labels.
package struct ImageOutcome: Encodable, Sendable {
    /// Objects that were found, objects that were not, and findings that are no object.
    package let right, missed, wrong: Int
    /// Each finding, as ``ImageFinding`` has it, and 1 behind it where it is right, else 0.
    package let found: [[Float]]
    /// Which of the objects were not found.
    package let lost: [Int]
    package let uncertainty: Float

    package var errors: Int { missed + wrong }

    /// From this overlap on a box counts as found (PASCAL VOC's and mAP50's).
    private static let leastOverlap: Float = 0.5

    /// - Parameters:
    ///   - truth: the class of each object, and its box as x1, y1, x2 and y2 in fractions; of an image that is sorted into a
    ///     class only that class.
    ///   - confidence: what a model finds with less does not count.
    package init(_ finding: ImageFinding, truth: [[Float]], confidence: Float) {
        uncertainty = finding.uncertainty
        if finding.found.first?.count == 2 || truth.first?.count == 1 {
            let isRight = finding.found.first?.first == truth.first?.first
            (right, missed, wrong) = isRight ? (1, 0, 0) : (0, 1, 0)
            found = finding.found.map { $0 + [$0.first == truth.first?.first ? 1 : 0] }
            lost = []
            return
        }
        var taken = [Bool](repeating: false, count: truth.count)
        // The most confident first: each object is found once.
        let certain = finding.found.filter { $0[1] >= confidence }.sorted { $0[1] > $1[1] }
        found = certain.map { box in
            let overlaps = truth.indices.map { index in
                truth[index][0] == box[0] && !taken[index] ? Box(box[2...]).iou(Box(truth[index][1...])) : 0
            }
            guard let best = overlaps.indices.max(by: { overlaps[$0] < overlaps[$1] }),
                overlaps[best] >= Self.leastOverlap
            else { return box + [0] }
            taken[best] = true
            return box + [1]
        }
        lost = taken.indices.filter { !taken[$0] }
        right = taken.count { $0 }
        missed = truth.count - right
        wrong = found.count - right
    }
}

extension Box {
    /// Of x1, y1, x2 and y2.
    fileprivate init(_ numbers: ArraySlice<Float>) {
        let first = numbers.startIndex
        self.init(x1: numbers[first], y1: numbers[first + 1], x2: numbers[first + 2], y2: numbers[first + 3])
    }
}
