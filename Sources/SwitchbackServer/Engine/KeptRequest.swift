/// What is kept of a request about an image, as a line of `requests.jsonl`.
package struct KeptRequest: Codable, Sendable {
    /// In seconds since 1970.
    package var time: Double
    package let task: String
    /// Of the HTTP answer.
    package let status: Int
    /// Until the answer was made.
    package let milliseconds: Double
    package var width: Int?
    package var height: Int?
    package var brightness: Float?
    package var contrast: Float?
    /// Of a detector: class, confidence, x1, y1, x2 and y2 in fractions of the image's sides. Of a classifier: class and
    /// probability.
    package var found: [[Float]] = []
    /// From 0 to 1.
    package var uncertainty: Float = 0
    /// The name of the file with the image, where it is kept.
    package var image: String?

    package init(task: String, status: Int, milliseconds: Double) {
        (time, self.task, self.status, self.milliseconds) = (0, task, status, milliseconds)
    }
}
