import Switchback

/// A layer whose weight is a direction times a magnitude, which learn apart from each other (Salimans and Kingma, "Weight
/// normalization", 2016). As `torch.nn.utils.parametrizations.weight_norm`, with its names in checkpoints.
///
/// ```swift
/// let layer = WeightNorm(Linear(20, 40))
/// ```
public final class WeightNorm<Layer: WeightedLayer>: Module {
    private let layer: Layer
    /// One for each index along `dim`, in a shape that broadcasts with the direction.
    public let magnitude: Parameter
    /// Of the shape of the weight.
    public let direction: Parameter
    private let dims: [Int]?

    /// Takes the layer's parameters over: it starts with the same weight.
    ///
    /// - Parameter dim: the dimension of the weight along which each index has a magnitude of its own; `nil` for one of all.
    public init(_ layer: Layer, dim: Int? = 0) {
        self.layer = layer
        let weight = layer.weight
        let kept = dim.map { $0 < 0 ? $0 + weight.rank : $0 }
        require(
            kept.map { (0..<weight.rank).contains($0) } ?? true, "WeightNorm",
            "there is no dimension \(dim ?? 0) in the weight of shape \(weight.shape)")
        let dims = kept.map { kept in (0..<weight.rank).filter { $0 != kept } }
        self.dims = dims
        magnitude = Parameter(weight.detach().norm(dims: dims, keepDim: dim != nil))
        direction = Parameter(weight.detach())
    }

    /// The weight that the layer computes with.
    public var weight: Tensor {
        direction * (magnitude / direction.norm(dims: dims, keepDim: dims != nil))
    }

    public override func forward(_ input: Tensor) -> Tensor { layer.forward(input, weight: weight) }

    public override func namedParts() -> [(name: String, part: Part)] {
        (layer.bias.map { [("bias", .parameter($0))] } ?? []) + [
            ("parametrizations.weight.original0", .parameter(magnitude)),
            ("parametrizations.weight.original1", .parameter(direction)),
        ]
    }

    public override var configuration: String { "\(Layer.self)(\(layer.configuration))" }

    public override func operationCount(input: Tensor, output: Tensor) -> Int {
        layer.operationCount(input: input, output: output)
    }
}
