@_spi(Backends) import Switchback

/// Non-maximum suppression as a step of a graph: of boxes that overlap, only the one with the highest score stays, in
/// each class on its own.
package struct BoxSuppression: Equatable {
    /// Boxes that overlap by more than this are of one object.
    package let iou: Float
    /// Scores up to this are not looked at.
    package let confidence: Float
    /// How many boxes of a class stay.
    package let maximumCount: Int

    package init(iou: Float, confidence: Float, maximumCount: Int) {
        (self.iou, self.confidence, self.maximumCount) = (iou, confidence, maximumCount)
    }

    /// The scores of the boxes that stay, and 0 for the others. It is there to be written to a file: while a program is
    /// followed, the step is noted, and not computed.
    ///
    /// - Parameters:
    ///   - boxes: two corners of each, [N, positions, 4].
    ///   - scores: [N, classes, positions].
    package func noted(_ boxes: Tensor, _ scores: Tensor) -> Tensor {
        let kept = NDArray(empty: scores.shape, dtype: scores.dtype, backend: scores.backend)
        guard scores.backend == TracingBackend.self else { fail("BoxSuppression", "no program is followed") }
        TracingBackend.run(.suppress(self), [boxes.array, scores.array], into: [kept]) {
            CPUBackend.copy(scores.array.onProcessor, into: kept.onProcessor)
        }
        return Tensor(kept)
    }
}
