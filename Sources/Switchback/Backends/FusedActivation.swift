/// An activation that a convolution or a batch normalization applies to its results before it stores them, which saves
/// passes over memory.
public enum FusedActivation: Sendable, Hashable {
    case none
    /// `max(x, 0)`.
    case relu
    /// `x · sigmoid(x)`.
    case silu
}
