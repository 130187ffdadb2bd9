import Switchback

/// LoRA, fine-tuning with few parameters (Hu et al., "LoRA", 2021): the weights W of linear layers are frozen, and a
/// product of two low-rank matrices, B·A, is learned and added to each.
///
/// The layers themselves are not changed until `merge()`: hooks add what is learned to their outputs.
public final class LowRankAdaptation: Module {
    private let adapters: ModuleDict
    private let layers: [(adapter: Adapter, layer: AffineLayer, hook: Int)]

    /// Freezes a model and attaches adapters to all of its linear layers but the output layer.
    ///
    /// - Parameters:
    ///   - rank: how thin the matrices are.
    ///   - scale: by what their product is multiplied: α / rank of the paper.
    public init(_ model: LanguageModel, rank: Int = 8, scale: Double = 2) {
        model.freeze()
        adapters = ModuleDict()
        var layers: [(Adapter, AffineLayer, Int)] = []
        for (path, module) in model.namedModules() {
            guard let layer = module as? AffineLayer, layer.weight !== model.outputWeight else { continue }
            let adapter = Adapter(layer, rank: rank, scale: scale)
            // A path has dots, which would look like parts of parts.
            adapters[path.split(separator: ".").joined(separator: "_")] = adapter
            layers.append((adapter, layer, layer.registerForwardHook { _, input, output in output + adapter(input) }))
        }
        self.layers = layers
    }

    /// Adds what was learned to the weights, and takes the adapters away.
    public func merge() {
        noGrad {
            for (adapter, layer, hook) in layers {
                let change = adapter.product
                layer.weight.copy(from: layer.weight + (layer.isTransposed ? change.t() : change))
                layer.removeHook(hook)
            }
        }
    }

    private final class Adapter: Module {
        /// [rank, inputs] and [outputs, rank].
        let a, b: Parameter
        let scale: Double

        init(_ layer: AffineLayer, rank: Int, scale: Double) {
            let (outputs, inputs) = (
                layer.weight.size(layer.isTransposed ? 1 : 0), layer.weight.size(layer.isTransposed ? 0 : 1)
            )
            a = Parameter([rank, inputs], .kaimingUniform(nonlinearity: .leakyReLU(slope: 5.0.squareRoot())))
            b = Parameter([outputs, rank], .zeros)
            self.scale = scale
        }

        override func forward(_ x: Tensor) -> Tensor { x.linear(weight: a).linear(weight: b) * scale }

        var product: Tensor { b.matmul(a) * scale }
    }
}

/// A layer that multiplies by a matrix.
protocol AffineLayer: Module {
    var weight: Parameter { get }
    /// Whether the weight is [inputs, outputs].
    var isTransposed: Bool { get }
}

extension Linear: AffineLayer {
    var isTransposed: Bool { false }
}
