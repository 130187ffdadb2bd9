import Switchback

/// The normal distribution.
public struct Normal: ReparametrizedDistribution {
    public let mean, standardDeviation: Tensor

    /// Stops unless every standard deviation is positive, or if a mean is NaN.
    public init(mean: Tensor, standardDeviation: Tensor) {
        requireAll(mean.isnan().logicalNot(), "Normal", "a mean is NaN")
        (self.mean, self.standardDeviation) = broadcast(mean, standardDeviation, "Normal")
        requireAll(standardDeviation.gt(0), "Normal", "a standard deviation is not positive")
    }

    public var batchShape: Shape { mean.shape }
    public var variance: Tensor { standardDeviation.square() }

    public func rsample(_ shape: Shape, generator: Generator? = nil) -> Tensor {
        mean + standardDeviation * Tensor.randn(shape.drawn(of: batchShape), dtype: mean.dtype, generator: generator)
    }

    public func logProb(_ value: Tensor) -> Tensor {
        ((value - mean) / standardDeviation).square() * -0.5 - standardDeviation.log() - logOfTwoPi / 2
    }

    public func entropy() -> Tensor { standardDeviation.log() + (1 + logOfTwoPi) / 2 }
}

/// The uniform distribution between two bounds.
public struct Uniform: ReparametrizedDistribution {
    public let low, high: Tensor

    /// Stops unless every lower bound is below the upper one.
    public init(low: Tensor, high: Tensor) {
        (self.low, self.high) = broadcast(low, high, "Uniform")
        requireAll(low.lt(high), "Uniform", "a lower bound is not below the upper one")
    }

    public var batchShape: Shape { low.shape }
    public var mean: Tensor { (low + high) / 2 }
    public var variance: Tensor { (high - low).square() / 12 }

    public func rsample(_ shape: Shape, generator: Generator? = nil) -> Tensor {
        low + (high - low) * Tensor.rand(shape.drawn(of: batchShape), dtype: low.dtype, generator: generator)
    }

    /// −∞ outside of the bounds; the upper one is outside.
    public func logProb(_ value: Tensor) -> Tensor {
        let isInside = value.ge(low).logicalAnd(value.lt(high))
        return Tensor.where(isInside, -(high - low).log(), -Double.infinity)
    }

    public func entropy() -> Tensor { (high - low).log() }
}

/// The Laplace distribution, of density exp(−|x − mean| / scale) / (2 · scale).
public struct Laplace: ReparametrizedDistribution {
    public let mean, scale: Tensor

    /// Stops unless every scale is positive, or if a mean is NaN.
    public init(mean: Tensor, scale: Tensor) {
        requireAll(mean.isnan().logicalNot(), "Laplace", "a mean is NaN")
        (self.mean, self.scale) = broadcast(mean, scale, "Laplace")
        requireAll(scale.gt(0), "Laplace", "a scale is not positive")
    }

    public var batchShape: Shape { mean.shape }
    public var variance: Tensor { scale.square() * 2 }

    public func rsample(_ shape: Shape, generator: Generator? = nil) -> Tensor {
        // Of [0, 1): at −0.5 itself the logarithm would be infinite.
        let draw = Tensor.rand(shape.drawn(of: batchShape), dtype: mean.dtype, generator: generator)
        let centered = draw.clamp(min: mean.dtype == .float64 ? 0x1p-53 : 0x1p-24) - 0.5
        return mean - scale * centered.sign() * (centered.abs() * -2).log1p()
    }

    public func logProb(_ value: Tensor) -> Tensor { -((value - mean).abs() / scale) - (scale * 2).log() }

    public func entropy() -> Tensor { (scale * 2).log() + 1 }
}

/// The exponential distribution, of density rate · exp(−rate · x) from 0 up.
public struct Exponential: ReparametrizedDistribution {
    public let rate: Tensor

    /// Stops unless every rate is positive.
    public init(rate: Tensor) {
        self.rate = rate
        requireAll(rate.gt(0), "Exponential", "a rate is not positive")
    }

    public var batchShape: Shape { rate.shape }
    public var mean: Tensor { rate.reciprocal() }
    public var variance: Tensor { rate.square().reciprocal() }

    public func rsample(_ shape: Shape, generator: Generator? = nil) -> Tensor {
        -(-Tensor.rand(shape.drawn(of: batchShape), dtype: rate.dtype, generator: generator)).log1p() / rate
    }

    /// −∞ below 0.
    public func logProb(_ value: Tensor) -> Tensor {
        Tensor.where(value.ge(0), rate.log() - rate * value, -Double.infinity)
    }

    public func entropy() -> Tensor { 1 - rate.log() }
}

private let logOfTwoPi = 1.8378770664093454835606594728112
