extension Tensor {
    /// Zeroes each element with probability `p` and divides the others by 1 − p, so that the mean stays (Srivastava et
    /// al., "Dropout", 2014). Without `training` the tensor itself.
    public final func dropout(p: Double = 0.5, training: Bool = true, generator: Generator? = nil) -> Tensor {
        dropped(.dropout, p, training, maskShape: shape, generator)
    }

    /// As `dropout`, but drops whole channels: of an input [N, C, …] each [N, C] lives or dies as one.
    public final func dropout2d(p: Double = 0.5, training: Bool = true, generator: Generator? = nil) -> Tensor {
        require(rank >= 2, "dropout2d", "the input has shape \(shape); expected [N, C, …]")
        let channels = Shape(shape.enumerated().map { $0.offset < 2 ? $0.element : 1 })
        return dropped(.dropout2d, p, training, maskShape: channels, generator)
    }

    /// Sets elements to the negative limit of SELU with probability `p`, and rescales so that mean and variance stay
    /// (Klambauer et al., "Self-Normalizing Neural Networks", 2017).
    public final func alphaDropout(p: Double = 0.5, training: Bool = true, generator: Generator? = nil) -> Tensor {
        check(p, "alphaDropout")
        if !training || p == 0 { return self }
        let limit = -1.7580993408473766
        let scale = 1 / ((1 - p) * (1 + p * limit * limit)).squareRoot()
        let kept = Tensor.keepMask(shape, p, like: self, scale: 1, generator)
        let dropped = (1 - kept) * limit
        return (self * kept + dropped) * scale - p * limit * scale
    }

    private func dropped(
        _ name: OperationName, _ p: Double, _ training: Bool, maskShape: Shape, _ generator: Generator?
    ) -> Tensor {
        check(p, "\(name)")
        if !training || p == 0 { return self }
        if p == 1 { return self * 0 }
        let mask = Tensor.keepMask(maskShape, p, like: self, scale: 1 / (1 - p), generator)
        return Tensor.record(name, array.binary(.multiply, mask.array, named: "\(name)"), from: [self], saving: [mask])
        {
            [$1 * $0.tensor(0)]
        }
    }

    /// `scale` with probability 1 − p, else 0.
    private static func keepMask(
        _ shape: Shape, _ p: Double, like tensor: Tensor, scale: Double, _ generator: Generator?
    ) -> Tensor {
        let type: DType = tensor.dtype == .float64 ? .float64 : .float32
        let mask = NDArray(empty: shape, dtype: type, backend: tensor.backend)
        // Uniform in [1 − p, 2 − p): its floor is 1 with probability 1 − p.
        mask.fillUniform(low: 1 - p, high: 2 - p, generator)
        mask.backend.unary(.floor, mask, into: mask)
        if scale != 1 { mask.backend.scale(mask, by: scale) }
        return Tensor(mask.cast(to: tensor.dtype))
    }

    private func check(_ p: Double, _ operation: String) {
        require((0...1).contains(p), operation, "\(p) is not a probability")
        require(dtype.isFloatingPoint, operation, "the input is \(dtype); it must be of a floating-point type")
    }
}
