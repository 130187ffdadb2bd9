// Complex numbers: made of two real tensors, taken apart again, and seen as pairs. Whatever moves numbers (views, indexing,
// `cat`, `where`, files) moves complex ones too, and `eq` compares them; what computes stops with a sentence. They carry no
// gradient: `ComplexTensor` of SwitchbackFourier computes with complex numbers, and differentiates.

extension Tensor {
    /// Complex numbers of their real and imaginary parts, two tensors of one shape, both float32 or both float64.
    public static func complex(_ real: Tensor, _ imag: Tensor) -> Tensor {
        require(
            real.shape == imag.shape && real.dtype == imag.dtype, "complex",
            "the real parts are \(real.dtype) \(real.shape) and the imaginary ones \(imag.dtype) \(imag.shape): both have "
                + "one shape and type")
        return stack([real, imag], dim: -1).viewAsComplex("complex")
    }

    /// The real parts of complex numbers, in the same memory; of real ones, this tensor.
    public final var real: Tensor { dtype.isComplex ? Tensor(array.part(0)) : self }

    /// The imaginary parts of complex numbers, in the same memory. Stops for real ones.
    public final var imag: Tensor {
        requireComplex("imag")
        return Tensor(array.part(1))
    }

    /// Complex numbers as their parts, [...] → [..., 2], in the same memory.
    public final func viewAsReal() -> Tensor {
        requireComplex("viewAsReal")
        return Tensor(array.parts)
    }

    /// Pairs of real numbers as complex ones, [..., 2] → [...], in the same memory. Stops where the two of a pair do not lie
    /// side by side.
    public final func viewAsComplex() -> Tensor { viewAsComplex("viewAsComplex") }

    private func viewAsComplex(_ operation: String) -> Tensor {
        require(
            dtype == .float32 || dtype == .float64, operation, "the parts are \(dtype); expected float32 or float64")
        require(
            !(requiresGrad && ThreadState.recordsGradients), operation,
            "complex numbers carry no gradient, and this tensor requires one; detach() it first")
        require(rank > 0 && shape[rank - 1] == 2, operation, "\(shape) holds no pairs; expected [..., 2]")
        guard let pairs = array.pairs(as: dtype == .float64 ? .complex128 : .complex64) else {
            fail(
                operation,
                "the parts do not lie side by side in a tensor with strides \(strides); make it contiguous() first")
        }
        return Tensor(pairs)
    }

    private func requireComplex(_ operation: String) {
        require(dtype.isComplex, operation, "the numbers are \(dtype), and have no imaginary part")
    }

    /// Stops an operation that does not compute with complex numbers, where this tensor holds some.
    @inline(__always)
    final func requireReal(_ operation: @autoclosure () -> String) {
        if dtype.isComplex { dtype.refuseComplex(operation()) }
    }
}
