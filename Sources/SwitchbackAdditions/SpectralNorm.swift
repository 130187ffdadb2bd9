import Switchback

/// A layer whose weight is divided by its largest singular value, which bounds how far the layer stretches its input (Miyato
/// et al., "Spectral normalization for generative adversarial networks", 2018). As
/// `torch.nn.utils.parametrizations.spectral_norm`, with its names in checkpoints.
///
/// The singular vectors are estimated by power iteration, a little further in each forward pass of training.
public final class SpectralNorm<Layer: WeightedLayer>: Module {
    private let layer: Layer
    /// The weight before it is divided.
    public let original: Parameter
    private let left, right: Buffer
    private let iterations: Int
    private let eps: Double

    /// Takes the layer's parameters over.
    ///
    /// - Parameters:
    ///   - iterations: how many power iterations a forward pass of training makes.
    ///   - eps: below which the norm of a vector counts as 0.
    public init(_ layer: Layer, iterations: Int = 1, eps: Double = 1e-12, generator: Generator? = nil) {
        self.layer = layer
        self.iterations = iterations
        self.eps = eps
        original = Parameter(layer.weight.detach())
        let matrix = layer.weight.detach().rows(along: Layer.outputDimension)
        func start(_ size: Int) -> Buffer {
            Buffer(Tensor.randn([size], dtype: matrix.dtype, generator: generator).normalize(dim: 0, eps: eps))
        }
        (left, right) = (start(matrix.size(0)), start(matrix.size(1)))
        super.init()
        iterate(matrix, 15)
    }

    /// The weight that the layer computes with. The singular vectors count as constants for its gradient.
    public var weight: Tensor {
        let stretch = left.clone().dot(original.rows(along: Layer.outputDimension).mv(right.clone()))
        return original / stretch
    }

    private func iterate(_ matrix: Tensor, _ count: Int) {
        noGrad {
            for _ in 0..<count {
                left.copy(from: matrix.mv(right).normalize(dim: 0, eps: eps))
                right.copy(from: matrix.t().mv(left).normalize(dim: 0, eps: eps))
            }
        }
    }

    public override func forward(_ input: Tensor) -> Tensor {
        if isTraining { iterate(original.detach().rows(along: Layer.outputDimension), iterations) }
        return layer.forward(input, weight: weight)
    }

    public override func namedParts() -> [(name: String, part: Part)] {
        (layer.bias.map { [("bias", .parameter($0))] } ?? []) + [
            ("parametrizations.weight.original", .parameter(original)),
            ("parametrizations.weight.0._u", .buffer(left)), ("parametrizations.weight.0._v", .buffer(right)),
        ]
    }

    public override var configuration: String { "\(Layer.self)(\(layer.configuration))" }

    public override func operationCount(input: Tensor, output: Tensor) -> Int {
        layer.operationCount(input: input, output: output)
    }
}

extension Tensor {
    /// This weight as a matrix: a row for each index along `dim`.
    fileprivate func rows(along dim: Int) -> Tensor { movedim(dim, 0).flatten(start: 1) }
}
