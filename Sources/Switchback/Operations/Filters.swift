/// The filters and biases that a convolution applies.
struct Filters {
    /// [O, C / groups, KH, KW].
    let weight: Tensor
    /// [O].
    let bias: Tensor?
    /// The weight as the backend reads it, where it has been laid out once for many convolutions.
    var laidOut: NDArray?
}
