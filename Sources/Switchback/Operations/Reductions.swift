extension Tensor {
    /// The sum over the dimensions along which a tensor of `shape` was repeated to become this one.
    final func summed(to shape: Shape) -> Tensor {
        let lead = rank - shape.count
        let kept = Shape((0..<rank).map { $0 < lead || shape[$0 - lead] == 1 ? 1 : self.shape[$0] })
        let result = NDArray(empty: kept, dtype: dtype, backend: backend)
        backend.reduce(.sum, array, into: result)
        let original = self.shape
        return Tensor.record("sum", result.viewed(as: shape)!, from: [self]) { _, gradient in
            [gradient.expand(to: original)]
        }
    }
}
