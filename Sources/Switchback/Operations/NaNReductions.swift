// Reductions that leave NaN out.

extension Tensor {
    /// The sum over `dims` of the elements that are not NaN; those get no gradient.
    public final func nansum(dims: [Int]? = nil, keepDim: Bool = false) -> Tensor {
        requireDimensions(dims, "nansum")
        let others = dtype.isFloatingPoint ? maskedFill(isnan(), 0) : self
        return others.sum(dims: dims, keepDim: keepDim)
    }

    /// The mean over `dims` of the elements that are not NaN; NaN if there are none.
    public final func nanmean(dims: [Int]? = nil, keepDim: Bool = false) -> Tensor {
        require(dtype.isFloatingPoint, "nanmean", "the mean of \(dtype) is not of that type; convert to floating-point")
        requireDimensions(dims, "nanmean")
        // Counted as integers, and divided where the sum does not overflow.
        let x = dtype.byteCount == 2 ? to(.float32) : self
        let counts = detach().isnan().logicalNot().sum(dims: dims, keepDim: keepDim).to(x.dtype)
        return (x.nansum(dims: dims, keepDim: keepDim) / counts).to(dtype)
    }
}
