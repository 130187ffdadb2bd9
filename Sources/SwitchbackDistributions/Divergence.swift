import Switchback

/// Distributions that can be compared with others of their kind.
public protocol Divergent: Distribution {
    /// The Kullback-Leibler divergence Σ p · log(p / q) of this distribution p from another, q, in nats, for each element of the
    /// batch. PyTorch's `kl_divergence(p, q)`.
    func divergence(from other: Self) -> Tensor
}

extension Normal: Divergent {
    public func divergence(from other: Normal) -> Tensor {
        let ratio = (standardDeviation / other.standardDeviation).square()
        let distance = ((mean - other.mean) / other.standardDeviation).square()
        return (ratio + distance - 1 - ratio.log()) * 0.5
    }
}

extension Uniform: Divergent {
    /// Infinite where this one reaches beyond the other.
    public func divergence(from other: Uniform) -> Tensor {
        let isBeyond = low.lt(other.low).logicalOr(high.gt(other.high))
        return ((other.high - other.low) / (high - low)).log().maskedFill(isBeyond, Double.infinity)
    }
}

extension Laplace: Divergent {
    public func divergence(from other: Laplace) -> Tensor {
        let distance = (mean - other.mean).abs()
        let own = scale / other.scale
        return own * (-distance / scale).exp() + distance / other.scale - 1 - own.log()
    }
}

extension Exponential: Divergent {
    public func divergence(from other: Exponential) -> Tensor {
        let ratio = other.rate / rate
        return ratio - 1 - ratio.log()
    }
}
