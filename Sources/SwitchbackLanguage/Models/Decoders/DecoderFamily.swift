import Switchback
import SwitchbackFormats

extension LlamaConfiguration {
    /// The names are the `model_type` of Hugging Face.
    public enum Family: String, Sendable, CaseIterable {
        case llama, qwen2, qwen3, mistral, mixtral, gemma, gemma2, phi, phi3, smollm3, olmo2, granite, stablelm, falcon,
            opt
        case qwen3Mixture = "qwen3_moe"
        case gemma3 = "gemma3_text"
        case gptNeoX = "gpt_neox"

        /// What a `config.json` does not say where it is as usual, and what its members are called.
        var usual: Usual {
            switch self {
            case .gemma, .gemma2: Usual(tiesEmbeddings: true)
            case .gemma3: Usual(tiesEmbeddings: true, rotaryBase: 1_000_000)
            case .smollm3: Usual(tiesEmbeddings: true, rotaryBase: 2_000_000)
            case .phi3, .olmo2: Usual(epsilon: 1e-5)
            case .mixtral: Usual(rotaryBase: 1_000_000, epsilon: 1e-5)
            case .stablelm: Usual(epsilon: 1e-5, epsilonName: "layer_norm_eps")
            case .phi: Usual(epsilon: 1e-5, epsilonName: "layer_norm_eps", activation: "gelu_new")
            case .gptNeoX: Usual(epsilon: 1e-5, epsilonName: "layer_norm_eps", activation: "gelu")
            case .falcon:
                Usual(
                    tiesEmbeddings: true, epsilon: 1e-5, epsilonName: "layer_norm_epsilon",
                    insideName: "ffn_hidden_size", activationName: "activation", activation: "gelu")
            case .opt:
                Usual(
                    tiesEmbeddings: true, epsilon: 1e-5, insideName: "ffn_dim", activationName: "activation_function",
                    activation: "relu")
            default: Usual()
            }
        }

        struct Usual {
            var tiesEmbeddings = false
            var rotaryBase = 10_000.0
            var epsilon = 1e-6
            var epsilonName = "rms_norm_eps"
            var insideName = "intermediate_size"
            var activationName = "hidden_act"
            var activation = "silu"
        }

        /// Which projections have biases: to queries, keys and values, that from attention, and the network's.
        func biases(_ fields: ConfigurationFields) throws -> (query: Bool, output: Bool, network: Bool) {
            switch self {
            case .qwen2: return (true, false, try fields.bool("mlp_bias", default: false))
            case .stablelm: return (try fields.bool("use_qkv_bias", default: false), false, false)
            case .phi: return (true, true, true)
            case .falcon, .opt:
                let name = self == .opt ? "enable_bias" : "bias"
                let all = try fields.bool(name, default: self == .opt)
                return (all, all, all)
            case .gptNeoX:
                let attention = try fields.bool("attention_bias", default: true)
                return (attention, attention, true)
            default:
                let attention = try fields.bool("attention_bias", default: false)
                return (attention, attention, try fields.bool("mlp_bias", default: false))
            }
        }

        /// How many heads of keys and values there are.
        func keyValueHeads(_ fields: ConfigurationFields, heads: Int) throws -> Int {
            switch self {
            case .gptNeoX, .opt: heads
            case .falcon: try DecoderStyle.falconKeyValueHeads(fields, heads: heads)
            default: try fields.integer("num_key_value_heads", default: heads)
            }
        }

        /// The differences to Llama.
        func style(_ fields: ConfigurationFields, layers: Int) throws -> DecoderStyle {
            switch self {
            case .llama, .qwen2: DecoderStyle()
            case .qwen3: DecoderStyle(headNorm: .single)
            case .qwen3Mixture: try .qwen3Mixture(fields, layers: layers)
            case .mistral: try .mistral(fields, layers: layers)
            case .mixtral: try .mixtral(fields, layers: layers)
            case .gemma: try .firstGemma(fields)
            case .gemma2, .gemma3: try .gemma(fields, layers: layers, isThird: self == .gemma3)
            case .phi: try .phi(fields)
            case .phi3: try .phi3(fields, layers: layers)
            case .smollm3: try .smolLM3(fields, layers: layers)
            case .olmo2: DecoderStyle(normPlace: .after, headNorm: .joint)
            case .granite: try .granite(fields)
            case .stablelm: try .stableLM(fields)
            case .falcon: try .falcon(fields)
            case .opt: try .opt(fields)
            case .gptNeoX: try .gptNeoX(fields)
            }
        }
    }
}

extension ConfigurationFields {
    /// The windows of layers, from `layer_types` or a rule for those that have one.
    ///
    /// - Parameter rule: whether the layer of a number, counted from 0, has a window where nothing is said.
    func windows(layers: Int, _ rule: (Int) -> Bool) throws -> [Int: Int] {
        guard self["sliding_window"] != nil else { return [:] }
        let size = try integer("sliding_window")
        let types = try array("layer_types")
        let windowed = try (0..<layers).filter { layer in
            guard let types else { return rule(layer) }
            guard layer < types.count, case .string(let type) = types[layer] else {
                throw problem("layer_types", "a list of \(layers) names is needed")
            }
            guard type == "sliding_attention" || type == "full_attention" else {
                throw problem("layer_types", "it has \(type); supported are full_attention, sliding_attention")
            }
            return type == "sliding_attention"
        }
        return Dictionary(uniqueKeysWithValues: windowed.map { ($0, size) })
    }
}
