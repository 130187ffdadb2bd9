/// Fused attention; `nil` for element types that are not covered, as the default does for all.
public protocol AttentionKernels {
    /// y = softmax(scale · q kᵀ + mask) v for q [B, H, T, D], k [B, HK, S, D] and v [B, HK, S, E], where H / HK
    /// neighboring heads share keys and values. The mask, of q's type and [B, H, T, S] with any strides, is added to
    /// the scores; with `isCausal` query t sees the keys 0 ... t. A query that sees no key gives 0.
    ///
    /// Operands may be bfloat16: weights and their gradients are rounded to it too before they are multiplied, and sums, the
    /// mask and the results are float32.
    ///
    /// Returns y, [B, H, T, E], and log Σ e^score of each query, [B, H, T], which the gradient needs.
    static func attention(
        query: NDArray, key: NDArray, value: NDArray, mask: NDArray?, isCausal: Bool, scale: Double
    ) -> (y: NDArray, logSum: NDArray)?
    static func attentionGradient(
        _ gradient: NDArray, query: NDArray, key: NDArray, value: NDArray, mask: NDArray?, isCausal: Bool,
        scale: Double, y: NDArray, logSum: NDArray
    ) -> (query: NDArray, key: NDArray, value: NDArray)?

    /// Rotates pairs of features of x, [B, H, T, D]: element i of the first half of D and element i of the second are
    /// turned by the angle whose cosine and sine are at [t, i] of two dense [T, D / 2] arrays; the other way around if
    /// `backwards`.
    static func rotary(_ x: NDArray, cosines: NDArray, sines: NDArray, backwards: Bool) -> NDArray?
}

extension AttentionKernels {
    public static func attention(
        query: NDArray, key: NDArray, value: NDArray, mask: NDArray?, isCausal: Bool, scale: Double
    ) -> (y: NDArray, logSum: NDArray)? { nil }

    public static func attentionGradient(
        _ gradient: NDArray, query: NDArray, key: NDArray, value: NDArray, mask: NDArray?, isCausal: Bool,
        scale: Double, y: NDArray, logSum: NDArray
    ) -> (query: NDArray, key: NDArray, value: NDArray)? { nil }

    public static func rotary(_ x: NDArray, cosines: NDArray, sines: NDArray, backwards: Bool) -> NDArray? { nil }
}
