import Switchback

/// A probability distribution, or as many as its parameters have elements. As `torch.distributions`.
///
/// Parameters broadcast to each other. Gradients flow through everything that is computed from them, and through `rsample` where a
/// distribution has it.
public protocol Distribution {
    /// The shape of one draw of each.
    var batchShape: Shape { get }

    /// Draws, [shape…, batch…], without gradients.
    func sample(_ shape: Shape, generator: Generator?) -> Tensor

    /// The logarithm of the probability, or of its density, at values that broadcast with the parameters.
    func logProb(_ value: Tensor) -> Tensor

    /// The entropy of each, in nats.
    func entropy() -> Tensor
}

extension Distribution {
    /// One draw of each.
    public func sample(generator: Generator? = nil) -> Tensor { sample([], generator: generator) }
}

/// Distributions whose draws are functions of their parameters and of noise, so that gradients flow from the one to the other
/// (Kingma and Welling, "Auto-encoding variational Bayes", 2014).
public protocol ReparametrizedDistribution: Distribution {
    /// Draws, [shape…, batch…], with gradients to the parameters.
    func rsample(_ shape: Shape, generator: Generator?) -> Tensor
}

extension ReparametrizedDistribution {
    /// One draw of each, with gradients to the parameters.
    public func rsample(generator: Generator? = nil) -> Tensor { rsample([], generator: generator) }

    public func sample(_ shape: Shape, generator: Generator? = nil) -> Tensor {
        noGrad { rsample(shape, generator: generator) }.detach()
    }
}

extension Shape {
    /// Draws of this shape of each element of a batch.
    func drawn(of batch: Shape) -> Shape { Shape(Array(self) + Array(batch)) }
}

/// Both parameters in the shape to which they broadcast.
func broadcast(_ a: Tensor, _ b: Tensor, _ name: String) -> (Tensor, Tensor) {
    guard let shape = Shape.broadcast(a.shape, b.shape) else {
        fail(name, "the parameters of shapes \(a.shape) and \(b.shape) do not broadcast to each other")
    }
    return (a.expand(to: shape), b.expand(to: shape))
}

/// Stops unless a condition on the values of a parameter holds everywhere.
func requireAll(_ condition: Tensor, _ name: String, _ message: @autoclosure () -> String) {
    require(condition.all().item(as: Bool.self), name, message())
}
