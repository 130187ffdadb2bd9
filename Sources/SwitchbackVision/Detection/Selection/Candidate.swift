/// A detection, and the position of the feature maps that it is from.
package struct Candidate: Hashable, Sendable {
    package var detection: Detection
    package let position: Int
}
