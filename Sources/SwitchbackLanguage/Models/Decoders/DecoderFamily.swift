import Switchback
import SwitchbackFormats

extension LlamaConfiguration {
    /// The names are the `model_type` of Hugging Face.
    public enum Family: String, Sendable, CaseIterable {
        case llama, qwen2, qwen3, mistral, gemma2, phi3, smollm3, olmo2, granite, stablelm
        case gemma3 = "gemma3_text"

        /// What a `config.json` does not say where it is as usual.
        var usual: Usual {
            switch self {
            case .gemma2: Usual(tiesEmbeddings: true)
            case .gemma3: Usual(tiesEmbeddings: true, rotaryBase: 1_000_000)
            case .smollm3: Usual(tiesEmbeddings: true, rotaryBase: 2_000_000)
            case .phi3, .olmo2, .stablelm: Usual(epsilon: 1e-5)
            default: Usual()
            }
        }

        struct Usual {
            var tiesEmbeddings = false
            var rotaryBase = 10_000.0
            var epsilon = 1e-6
        }

        /// The differences to Llama.
        func style(_ fields: ConfigurationFields, layers: Int) throws -> DecoderStyle {
            switch self {
            case .llama, .qwen2: DecoderStyle()
            case .qwen3: DecoderStyle(headNorm: .single)
            case .mistral: try .mistral(fields, layers: layers)
            case .gemma2, .gemma3: try .gemma(fields, layers: layers, isThird: self == .gemma3)
            case .phi3: try .phi3(fields, layers: layers)
            case .smollm3: try .smolLM3(fields, layers: layers)
            case .olmo2: DecoderStyle(normPlace: .after, headNorm: .joint)
            case .granite: try .granite(fields)
            case .stablelm: try .stableLM(fields)
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
