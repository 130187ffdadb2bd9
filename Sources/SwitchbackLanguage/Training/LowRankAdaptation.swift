import Switchback
import SwitchbackFormats
import SwitchbackTraining

/// LoRA, fine-tuning with few parameters (Hu et al., "LoRA", 2021): the weights W of linear layers are frozen, and a
/// product of two low-rank matrices, B·A, is learned and added to each.
///
/// The layers themselves are not changed until `merge()`: hooks add what is learned to their outputs.
public final class LowRankAdaptation: Module {
    private let adapters: ModuleDict
    private let layers: [(path: String, adapter: Adapter, layer: AffineLayer, hook: Int)]
    private let options: Options
    private var alpha: Double { options.alpha ?? 2 * Double(options.rank) }

    /// The form of adapters.
    public struct Options: Sendable, Equatable {
        /// How thin the matrices are.
        public var rank: Int
        /// α of the paper: the product is multiplied by α / rank; twice the rank, if `nil`.
        public var alpha: Double?
        /// How likely each input of an adapter is left out in training.
        public var dropout = 0.0
        /// The layers that have adapters, by the last parts of their names, such as `q_proj`; all linear ones but the
        /// output layer, if `nil`.
        public var targets: [String]?

        public init(rank: Int = 8, alpha: Double? = nil, dropout: Double = 0, targets: [String]? = nil) {
            (self.rank, self.alpha, self.dropout, self.targets) = (rank, alpha, dropout, targets)
        }
    }

    /// Freezes a model and attaches adapters to its linear layers.
    ///
    /// Throws `InputError` over targets that the model has not.
    public init(_ model: LanguageModel, _ options: Options = Options()) throws {
        self.options = options
        let alpha = options.alpha ?? 2 * Double(options.rank)
        let suitable = LowRankAdaptation.layers(of: model)
        try LowRankAdaptation.check(options.targets, suitable.map(\.path))
        model.freeze()
        adapters = ModuleDict()
        var layers: [(String, Adapter, AffineLayer, Int)] = []
        for (path, layer) in suitable where options.targets?.contains(where: path.lastName.isExactly) ?? true {
            let adapter = Adapter(
                layer, rank: options.rank, scale: alpha / Double(options.rank), dropout: options.dropout)
            // A path has dots, which would look like parts of parts.
            adapters[path.split(separator: ".").joined(separator: "_")] = adapter
            layers.append(
                (path, adapter, layer, layer.registerForwardHook { _, input, output in output + adapter(input) }))
        }
        self.layers = layers
    }

    /// The layers that can have adapters.
    static func layers(of model: LanguageModel) -> [(path: String, layer: AffineLayer)] {
        model.namedModules().compactMap { path, module in
            guard let layer = module as? AffineLayer, layer.weight !== model.outputWeight else { return nil }
            return (path, layer)
        }
    }

    /// Throws over names that are no layers'.
    private static func check(_ targets: [String]?, _ paths: [String]) throws {
        let names = Set(paths.map(\.lastName)).sorted()
        for target in targets ?? [] where !names.contains(where: target.isExactly) {
            let hint = target.nearest(in: names).map { "; did you mean \($0)?" } ?? ""
            throw InputError(
                "option lora-targets",
                "the model has no layers \(target); it has \(names.joined(separator: ", "))\(hint)")
        }
    }

    /// Adds what was learned to the weights, and takes the adapters away.
    public func merge() {
        noGrad {
            for (_, adapter, layer, hook) in layers {
                layer.add(adapter.product)
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
        let targets = Set(layers.map(\.path.lastName)).sorted()
        let fields: [(name: String, value: JSON)] = [
            ("peft_type", .string("LORA")), ("task_type", .string("CAUSAL_LM")),
            ("base_model_name_or_path", source.map { .string($0) } ?? .null), ("r", .integer(options.rank)),
            ("lora_alpha", .number(alpha)), ("lora_dropout", .number(options.dropout)), ("bias", .string("none")),
            ("target_modules", .array(targets.map { .string($0) })),
            ("fan_in_fan_out", .bool(layers.contains { $0.layer.isTransposed })), ("inference_mode", .bool(true)),
        ]
        try Safetensors.save(state, metadata: ["format": "pt"], to: Folder.join(folder, SavedAdapters.weightsName))
        try AtomicFile.write("\(JSON.object(fields))\n", to: Folder.join(folder, SavedAdapters.settingsName))
    }

    private final class Adapter: Module {
        /// [rank, inputs] and [outputs, rank].
        let a, b: Parameter
        let scale: Double
        let dropout: Double

        init(_ layer: AffineLayer, rank: Int, scale: Double, dropout: Double) {
            let (outputs, inputs) = (
                layer.weight.size(layer.isTransposed ? 1 : 0), layer.weight.size(layer.isTransposed ? 0 : 1)
            )
            a = Parameter([rank, inputs], .kaimingUniform(nonlinearity: .leakyReLU(slope: 5.0.squareRoot())))
            b = Parameter([outputs, rank], .zeros)
            (self.scale, self.dropout) = (scale, dropout)
        }

        override func forward(_ x: Tensor) -> Tensor {
            let x = dropout > 0 ? x.dropout(p: dropout, training: isTraining) : x
            return x.linear(weight: a).linear(weight: b) * scale
        }

        var product: Tensor { b.matmul(a) * scale }
    }
}

/// The options of a training that can learn adapters instead of all weights.
public protocol LowRankConfiguration {
    /// The rank of the adapters; `nil` trains all weights.
    var lora: Int? { get set }
    /// By what the adapters' product is multiplied, times the rank; `nil` is twice the rank.
    var loraAlpha: Double? { get set }
    /// How likely each input of an adapter is left out in training.
    var loraDropout: Double { get set }
    /// The layers that have adapters, by the last parts of their names; `nil` is all linear ones.
    var loraTargets: [String]? { get set }
}

extension LowRankConfiguration {
    /// The form of the adapters; `nil` without any.
    var adapterOptions: LowRankAdaptation.Options? {
        lora.map {
            LowRankAdaptation.Options(rank: $0, alpha: loraAlpha, dropout: loraDropout, targets: loraTargets)
        }
    }

    /// The options that do nothing without adapters.
    var unusedAdapterOptions: [UnusedOption] {
        guard lora == nil else { return [] }
        let given = [
            ("lora-alpha", loraAlpha != nil), ("lora-dropout", loraDropout != 0), ("lora-targets", loraTargets != nil),
        ]
        return given.filter(\.1).map { UnusedOption($0.0, "only adapters have it") }
    }
}

/// A layer that multiplies by a matrix.
protocol AffineLayer: Module {
    var weight: Parameter { get }
    /// Whether the weight is [inputs, outputs].
    var isTransposed: Bool { get }
}

extension AffineLayer {
    /// Adds a matrix [outputs, inputs] to the weight.
    func add(_ change: Tensor) { weight.copy(from: weight + (isTransposed ? change.t() : change)) }
}

extension String {
    /// The last part of a layer's path.
    fileprivate var lastName: String { split(separator: ".").last.map(String.init) ?? self }
}

extension Linear: AffineLayer {
    var isTransposed: Bool { false }
}
