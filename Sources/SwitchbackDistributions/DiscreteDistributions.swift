import Switchback

/// 1 with a probability, else 0.
public struct Bernoulli: Distribution {
    /// log(p / (1 − p)).
    public let logits: Tensor

    public init(logits: Tensor) { self.logits = logits }

    /// Stops unless every probability is in 0...1.
    public init(probabilities: Tensor) {
        let isShare = probabilities.ge(0).logicalAnd(probabilities.le(1))
        requireAll(isShare, "Bernoulli", "a probability is not in 0...1")
        self.init(logits: probabilities.logit(eps: probabilities.dtype == .float64 ? 0x1p-52 : 0x1p-23))
    }

    public var batchShape: Shape { logits.shape }
    public var probabilities: Tensor { logits.sigmoid() }
    public var mean: Tensor { probabilities }
    public var variance: Tensor { probabilities * (1 - probabilities) }

    public func sample(_ shape: Shape, generator: Generator? = nil) -> Tensor {
        probabilities.detach().expand(to: shape.drawn(of: batchShape)).bernoulli(generator: generator)
    }

    /// - Parameter value: zeros and ones.
    public func logProb(_ value: Tensor) -> Tensor {
        -logits.binaryCrossEntropyWithLogits(value.to(logits.dtype), reduction: .none)
    }

    public func entropy() -> Tensor { -logProb(probabilities) }
}

/// One of several categories, which lie along the last dimension of the parameters.
public struct Categorical: Distribution {
    /// The logarithms of the probabilities, [batch…, categories].
    public let logProbabilities: Tensor

    /// - Parameter logits: logarithms of weights, [batch…, categories].
    public init(logits: Tensor) {
        require(logits.rank > 0, "Categorical", "the logits have shape \(logits.shape), not [batch…, categories]")
        logProbabilities = logits.logSoftmax(dim: -1)
    }

    /// - Parameter weights: [batch…, categories]; they need not sum to 1. Stops if one is negative.
    public init(weights: Tensor) {
        requireAll(weights.ge(0), "Categorical", "a weight is negative")
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
    public func divergence(from other: Bernoulli) -> Tensor {
        let p = probabilities
        return p * (logits - other.logits) + other.logits.softplus() - logits.softplus()
    }
}
