// Changing the element type, the memory, or the place in the graph.

extension Tensor {
    /// The same values in another element type; the tensor itself if it has that type. Floats become integers by
    /// truncation toward zero. Gradients are converted back.
    public final func to(_ dtype: DType) -> Tensor {
        if dtype == self.dtype { return self }
        return Tensor.record(.conversion, array.cast(to: dtype), from: [self]) { [$1] }
    }
}
