/// The operands of an attention, for who wants to know what it chooses: query [..., T, D], key [..., S, D].
public struct ObservedAttention {
    public let query, key: Tensor
    public let mask: Tensor?
    public let isCausal: Bool
    public let scale: Double
}
