/// Fused recurrent layers in one direction over whole sequences; `nil` for element types that are not covered, as the
/// default does for all. Sizes are T steps, B sequences, H hidden units.
///
/// States are returned for all steps with the initial one beside them, [T + 1, B, H]: step t turns state t into state
/// t + 1, or in reverse state t + 1 into state t.
public protocol RecurrentKernels {
    /// `gates`, [T, B, 4·H] in the order i, f, g, o, hold the input's part with its bias, and are overwritten with the
    /// activations, which the gradient needs. `weight` is [4·H, H]; the initial states are [B, H].
    static func lstm(
        gates: NDArray, weight: NDArray, hidden: NDArray, cell: NDArray, reverse: Bool
    ) -> (hidden: NDArray, cell: NDArray)?
    /// The gradients of the gates before their activation and of the initial states. Upstream there are those of the
    /// output, [T, B, H], and of the last states, as far as there are any.
    static func lstmGradient(
        output: NDArray?, lastHidden: NDArray?, lastCell: NDArray?, gates: NDArray, weight: NDArray, cell: NDArray,
        reverse: Bool
    ) -> (gates: NDArray, hidden: NDArray, cell: NDArray)?

    /// `gates`, [T, B, 3·H] in the order r, z, n, as in `lstm`; `weight` is [3·H, H], `bias` the hidden one, [3·H].
    /// `candidate`, [T, B, H], is what the gradient needs beside the states.
    static func gru(
        gates: NDArray, weight: NDArray, bias: NDArray?, hidden: NDArray, reverse: Bool
    ) -> (hidden: NDArray, candidate: NDArray)?
    /// The gradients of the input's and the hidden state's part of the gates, and of the initial state.
    static func gruGradient(
        output: NDArray?, lastHidden: NDArray?, gates: NDArray, weight: NDArray, hidden: NDArray, candidate: NDArray,
        reverse: Bool
    ) -> (gates: NDArray, hiddenGates: NDArray, hidden: NDArray)?
}

extension RecurrentKernels {
    public static func lstm(
        gates: NDArray, weight: NDArray, hidden: NDArray, cell: NDArray, reverse: Bool
    ) -> (hidden: NDArray, cell: NDArray)? { nil }

    public static func lstmGradient(
        output: NDArray?, lastHidden: NDArray?, lastCell: NDArray?, gates: NDArray, weight: NDArray, cell: NDArray,
        reverse: Bool
    ) -> (gates: NDArray, hidden: NDArray, cell: NDArray)? { nil }

    public static func gru(
        gates: NDArray, weight: NDArray, bias: NDArray?, hidden: NDArray, reverse: Bool
    ) -> (hidden: NDArray, candidate: NDArray)? { nil }

    public static func gruGradient(
        output: NDArray?, lastHidden: NDArray?, gates: NDArray, weight: NDArray, hidden: NDArray, candidate: NDArray,
        reverse: Bool
    ) -> (gates: NDArray, hiddenGates: NDArray, hidden: NDArray)? { nil }
}
