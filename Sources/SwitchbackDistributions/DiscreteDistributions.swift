import Switchback

/// 1 with a probability, else 0.
public struct Bernoulli: Distribution {
    /// log(p / (1 − p)); finite for probabilities of 0 and 1, too.
    public let logits: Tensor
    public let probabilities: Tensor

    /// Stops if one is NaN.
    public init(logits: Tensor) {
        requireAll(logits.isnan().logicalNot(), "Bernoulli", "a logit is NaN")
        self.logits = logits
        probabilities = logits.sigmoid()
    }

    /// Stops unless every probability is in 0...1.
    public init(probabilities: Tensor) {
        let isShare = probabilities.ge(0).logicalAnd(probabilities.le(1))
        requireAll(isShare, "Bernoulli", "a probability is not in 0...1")
        self.probabilities = probabilities
        logits = probabilities.logit(eps: probabilities.dtype == .float64 ? 0x1p-52 : 0x1p-23)
    }

    public var batchShape: Shape { logits.shape }
    public var mean: Tensor { probabilities }
    public var variance: Tensor { probabilities * (1 - probabilities) }

    public func sample(_ shape: Shape, generator: Generator? = nil) -> Tensor {
        probabilities.detach().expand(to: shape.drawn(of: batchShape)).bernoulli(generator: generator)
    }

    /// - Parameter value: zeros and ones; stops for others.
    public func logProb(_ value: Tensor) -> Tensor {
        requireAll(value.eq(0).logicalOr(value.eq(1)), "Bernoulli", "a value is neither 0 nor 1")
        return -crossEntropy(to: value.to(logits.dtype))
    }

    public func entropy() -> Tensor { crossEntropy(to: probabilities) }

    private func crossEntropy(to shares: Tensor) -> Tensor {
        logits.binaryCrossEntropyWithLogits(shares, reduction: .none)
    }
}

/// One of several categories, which lie along the last dimension of the parameters.
public struct Categorical: Distribution {
    /// The logarithms of the probabilities, [batch…, categories].
    public let logProbabilities: Tensor

    /// - Parameter logits: logarithms of weights, [batch…, categories].
    ///   Stops if one is NaN.
    public init(logits: Tensor) {
        requireAll(logits.isnan().logicalNot(), "Categorical", "a logit is NaN")
        require(logits.rank > 0, "Categorical", "the logits have shape \(logits.shape), not [batch…, categories]")
        logProbabilities = logits.logSoftmax(dim: -1)
    }

    /// - Parameter weights: [batch…, categories]; they need not sum to 1. Stops if one is negative or all of a row
    ///   are 0.
    public init(weights: Tensor) {
        requireAll(weights.ge(0), "Categorical", "a weight is negative")
        require(weights.rank > 0, "Categorical", "the weights have shape \(weights.shape), not [batch…, categories]")
        requireAll(weights.gt(0).any(dim: -1), "Categorical", "all weights of a row are 0")
        self.init(logits: weights.log())
    }

    public var batchShape: Shape { Shape(logProbabilities.shape.dropLast()) }
    public var probabilities: Tensor { logProbabilities.exp() }

    /// Categories, int64.
    public func sample(_ shape: Shape, generator: Generator? = nil) -> Tensor {
        let (categories, draws) = (logProbabilities.size(-1), shape.reduce(1, *))
        let rows = probabilities.detach().reshape([-1, categories])
        let drawn = rows.multinomial(draws, replacement: true, generator: generator)
        return drawn.transpose(0, 1).reshape(shape.drawn(of: batchShape))
    }

    /// - Parameter value: categories, int64, of shape [shape…, batch…].
    public func logProb(_ value: Tensor) -> Tensor {
        guard let form = Shape.broadcast(value.shape, batchShape) else {
            fail("Categorical", "values of shape \(value.shape) do not broadcast with a batch of \(batchShape)")
        }
        let all = logProbabilities.expand(to: Shape(Array(form) + [logProbabilities.size(-1)]))
        return all.gather(dim: -1, index: value.expand(to: form).unsqueeze(-1)).squeeze(-1)
    }

    public func entropy() -> Tensor { -expectation(of: logProbabilities) }

    /// The mean over the categories; what has probability 0 does not count, even if it is infinite.
    fileprivate func expectation(of values: Tensor) -> Tensor {
        let isImpossible = logProbabilities.detach().eq(-Double.infinity)
        return (probabilities * values.maskedFill(isImpossible, 0)).sum(dim: -1)
    }
}

extension Categorical: Divergent {
    public func divergence(from other: Categorical) -> Tensor {
        expectation(of: logProbabilities - other.logProbabilities)
    }
}

extension Bernoulli: Divergent {
    /// Infinite where the other one rules out what this one does not.
    public func divergence(from other: Bernoulli) -> Tensor {
        let (p, q) = (probabilities, other.probabilities)
        let isRuledOut = q.eq(0).logicalAnd(p.gt(0)).logicalOr(q.eq(1).logicalAnd(p.lt(1)))
        let value = p * (logits - other.logits) + other.logits.softplus() - logits.softplus()
        return value.maskedFill(isRuledOut, Double.infinity)
    }
}
