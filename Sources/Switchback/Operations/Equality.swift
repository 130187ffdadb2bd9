extension Tensor {
    /// Whether both tensors have the same shape and equal elements; NaN equals nothing. Types may differ.
    public final func equal(_ other: Tensor) -> Bool {
        shape == other.shape && eq(other).all().item(as: Bool.self)
    }

    /// Whether all elements are close to those of `other`, which broadcasts:
    /// `|x - other| <= atol + rtol * |other|`.
    public final func allClose(
        _ other: Tensor, rtol: Double = 1e-5, atol: Double = 1e-8, equalNaN: Bool = false
    ) -> Bool {
        isclose(other, rtol: rtol, atol: atol, equalNaN: equalNaN).all().item(as: Bool.self)
    }
}
