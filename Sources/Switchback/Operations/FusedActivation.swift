/// An activation that a convolution or a batch normalization applies to its results before it stores them, which saves
/// passes over memory.
public enum FusedActivation: Sendable, Hashable {
    case none
    /// `max(x, 0)`.
    case relu
    /// `x · sigmoid(x)`.
    case silu
}

extension Tensor {
    /// The activation as an operation of its own.
    final func activated(_ activation: FusedActivation) -> Tensor {
        switch activation {
        case .none: self
        case .relu: relu()
        case .silu: silu()
        }
    }
}
