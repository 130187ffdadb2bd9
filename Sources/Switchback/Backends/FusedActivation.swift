/// An activation that a convolution or batch normalization applies to its results before storing them, which saves
/// passes over memory.
public enum FusedActivation: Sendable, Hashable {
    case none
    /// `max(x, 0)`.
    case relu
    /// `x · sigmoid(x)`.
    case silu
}
