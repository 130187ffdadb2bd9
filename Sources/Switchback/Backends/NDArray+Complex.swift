// Complex numbers as pairs of real ones: whatever moves numbers moves their pairs.

extension NDArray {
    /// Complex numbers as their parts, in a last dimension of 2, in the same memory.
    var parts: NDArray {
        NDArray(
            storage: storage, offset: 2 * offset, shape: shape.inserting(2, at: rank),
            strides: Shape(strides.map { 2 * $0 }).inserting(1, at: rank), dtype: dtype.part)
    }

    /// The real parts (0) or the imaginary ones (1) of complex numbers, in the same memory.
    func part(_ index: Int) -> NDArray { parts.selected(rank, at: index) }

    /// For each element what names its two parts: an index, or a condition.
    var forBothParts: NDArray { unsqueezed(at: rank).expanded(to: shape.inserting(2, at: rank)) }

    /// Pairs of real numbers, side by side along the last dimension, as complex ones in the same memory; `nil` if they do not
    /// lie so.
    func pairs(as dtype: DType) -> NDArray? {
        let outer = Shape(strides.dropLast())
        guard offset % 2 == 0, strides[rank - 1] == 1, outer.allSatisfy({ $0 % 2 == 0 }) else { return nil }
        return NDArray(
            storage: storage, offset: offset / 2, shape: Shape(shape.dropLast()), strides: Shape(outer.map { $0 / 2 }),
            dtype: dtype)
    }

    /// Converts the elements of an array, real or complex, into this one of complex numbers.
    func takeComplex(_ source: NDArray) {
        if source.dtype.isComplex { return backend.copy(source.parts, into: parts) }
        backend.copy(source, into: part(0))
        backend.fill(part(1), with: 0, integer: 0)
    }
}

extension DType {
    /// Stops an operation that would have to compute with complex numbers; a kernel does not know which it is of.
    @inline(never)
    func refuseComplex(_ operation: String? = nil) -> Never {
        fail(
            operation ?? "\(self)",
            "complex numbers are moved and compared, and not computed with; take real and imag, or viewAsReal()")
    }
}
