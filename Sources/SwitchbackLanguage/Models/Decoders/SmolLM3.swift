import Switchback
import SwitchbackFormats

extension DecoderStyle {
    /// SmolLM 3 (Bakouch et al., 2025): Llama, of which every fourth layer knows no positions (Yang et al., "RoPE to NoRoPE
    /// and Back Again", 2025). SmolLM 1 and 2 are Llama.
    static func smolLM3(_ fields: ConfigurationFields, layers: Int) throws -> DecoderStyle {
        let period = try fields.integer("no_rope_layer_interval", default: 4)
        var flags = try fields.integers("no_rope_layers")
        if flags.isEmpty { flags = (1...max(1, layers)).map { $0 % period == 0 ? 0 : 1 } }
        guard flags.count == layers else {
            throw fields.problem("no_rope_layers", "it has \(flags.count) numbers, and there are \(layers) layers")
        }
        try fields.requireOnly("use_sliding_window", false)
        return DecoderStyle(unrotatedLayers: Set(flags.indices.filter { flags[$0] == 0 }))
    }
}
