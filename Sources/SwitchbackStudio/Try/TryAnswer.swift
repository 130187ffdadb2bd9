import SwitchbackServer
import SwitchbackVision

/// What a model finds in an image, as the page draws it: in the image's pixels, from the top left.
struct TryAnswer: Encodable, Sendable {
    struct Object: Encodable, Sendable {
        let `class`: String
        let classIndex: Int
        let confidence: Float
        /// The corners of the box, one after the other: of one that is turned, too.
        let corners: [[Float]]
        /// The outlines of the mask's parts, where the network tells a mask.
        let outlines: [[[Float]]]
        /// x, y, and the probability that the point is seen.
        let keypoints: [[Float]]

        init(_ detection: Detection, classes: [String]) {
            `class` = classes[detection.classIndex]
            (classIndex, confidence) = (detection.classIndex, detection.score)
            let box = detection.box
            corners =
                detection.rotated.map { $0.corners.map { [$0.x, $0.y] } }
                ?? [[box.x1, box.y1], [box.x2, box.y1], [box.x2, box.y2], [box.x1, box.y2]]
            outlines = detection.mask.map { $0.outlines.map { $0.map { [$0.x, $0.y] } } } ?? []
            keypoints = detection.keypoints.map { [$0.x, $0.y, $0.visibility] }
        }
    }

    /// By which the image can be asked about again.
    let image: String
    let task: String
    let width, height: Int
    /// What the network took.
    let milliseconds: Double
    /// Of a detector, and the like; the most likely first.
    let detections: [Object]
    /// Pairs of keypoints between which lines are drawn.
    var limbs: [[Int]] = []
    /// Of a classifier; the most likely first.
    let classes: [ClassGuess]

    init(
        _ id: String, _ task: String, _ size: ImageSize, seconds: Double, detections: [Object] = [],
        classes: [ClassGuess] = []
    ) {
        (image, self.task, width, height) = (id, task, size.width, size.height)
        (milliseconds, self.detections, self.classes) = (seconds * 1000, detections, classes)
    }
}
