import Switchback
import SwitchbackFormats

/// LoRA, fine-tuning with few parameters (Hu et al., "LoRA", 2021): the weights W of linear layers are frozen, and a
/// product of two low-rank matrices, B·A, is learned and added to each.
///
/// The layers themselves are not changed until `merge()`: hooks add what is learned to their outputs.
public final class LowRankAdaptation: Module {
    private let adapters: ModuleDict
    private let layers: [(path: String, adapter: Adapter, layer: AffineLayer, hook: Int)]
    private let rank: Int
    private let alpha: Double

    /// Freezes a model and attaches adapters to all of its linear layers but the output layer.
    ///
    /// - Parameters:
    ///   - rank: how thin the matrices are.
    ///   - alpha: α of the paper: the product is multiplied by α / rank; twice the rank, if `nil`.
    public init(_ model: LanguageModel, rank: Int = 8, alpha: Double? = nil) {
        self.rank = rank
        self.alpha = alpha ?? 2 * Double(rank)
        model.freeze()
        adapters = ModuleDict()
        var layers: [(String, Adapter, AffineLayer, Int)] = []
        for (path, module) in model.namedModules() {
            guard let layer = module as? AffineLayer, layer.weight !== model.outputWeight else { continue }
            let adapter = Adapter(layer, rank: rank, scale: self.alpha / Double(rank))
            // A path has dots, which would look like parts of parts.
            adapters[path.split(separator: ".").joined(separator: "_")] = adapter
            layers.append(
                (path, adapter, layer, layer.registerForwardHook { _, input, output in output + adapter(input) }))
        }
        self.layers = layers
    }

    /// Adds what was learned to the weights, and takes the adapters away.
    public func merge() {
        noGrad {
            for (_, adapter, layer, hook) in layers {
                let change = adapter.product
                layer.weight.copy(from: layer.weight + (layer.isTransposed ? change.t() : change))
                layer.removeHook(hook)
            }
        }
    }

    /// Writes the adapters as the package `peft` reads them: `adapter_model.safetensors` and `adapter_config.json`.
    ///
    /// - Parameter source: the model that they are for.
    func save(to folder: String, source: String?) throws {
        try OutputFolder.make(folder)
        var state: [(String, Tensor)] = []
        for (path, adapter, _, _) in layers {
            state.append(("base_model.model.\(path).lora_A.weight", adapter.a))
            state.append(("base_model.model.\(path).lora_B.weight", adapter.b))
        }
        let targets = Set(layers.compactMap { $0.path.split(separator: ".").last.map(String.init) }).sorted()
        let fields: [(name: String, value: JSON)] = [
            ("peft_type", .string("LORA")), ("task_type", .string("CAUSAL_LM")),
            ("base_model_name_or_path", source.map { .string($0) } ?? .null), ("r", .integer(rank)),
            ("lora_alpha", .number(alpha)), ("lora_dropout", .number(0)), ("bias", .string("none")),
            ("target_modules", .array(targets.map { .string($0) })),
            ("fan_in_fan_out", .bool(layers.contains { $0.layer.isTransposed })), ("inference_mode", .bool(true)),
        ]
        try Safetensors.save(state, metadata: ["format": "pt"], to: Folder.join(folder, "adapter_model.safetensors"))
        try AtomicFile.write("\(JSON.object(fields))\n", to: Folder.join(folder, "adapter_config.json"))
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
