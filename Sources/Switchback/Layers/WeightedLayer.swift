/// A layer whose weight can be another than its own parameter, computed anew in each pass: what `WeightNorm` and
/// `SpectralNorm` of SwitchbackAdditions are put around.
public protocol WeightedLayer: Module {
    var weight: Parameter { get }
    var bias: Parameter? { get }
    /// The dimension of the weight that outputs lie along.
    static var outputDimension: Int { get }

    /// The output with `weight`, of the shape of the layer's own, in its place.
    func forward(_ input: Tensor, weight: Tensor) -> Tensor
}

extension WeightedLayer {
    public static var outputDimension: Int { 0 }
}
