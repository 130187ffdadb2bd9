import Switchback
import SwitchbackFormats

extension DecoderStyle {
    /// Gemma (Gemma Team, "Gemma: Open Models Based on Gemini Research and Technology", 2024): Llama, gated by a GELU and
    /// with larger embeddings.
    static func firstGemma(_ fields: ConfigurationFields) throws -> DecoderStyle {
        DecoderStyle(
            norm: .rmsAroundOne, activation: .tanhGELU,
            embeddingScale: Double(try fields.integer("hidden_size")).squareRoot())
    }

    /// Gemma 2 and 3 (Gemma Team, "Gemma 2", 2024; "Gemma 3 Technical Report", 2025): normalized before and after, gated
    /// by a GELU, with windows in most layers; Gemma 2 caps products and logits, Gemma 3 normalizes queries and keys and
    /// has other wavelengths in windows.
    static func gemma(_ fields: ConfigurationFields, layers: Int, isThird: Bool) throws -> DecoderStyle {
        func cap(_ name: String, _ usual: Double?) throws -> Double? {
            // A cap that is null is none, one that is not there as usual.
            fields.names.contains(name) ? (fields[name] == nil ? nil : try fields.number(name)) : usual
        }
        try fields.requireOnly("use_bidirectional_attention", false)
        try fields.requireOnly("hidden_activation", ["gelu_pytorch_tanh"], default: "gelu_pytorch_tanh")
        let period = isThird ? try fields.integer("sliding_window_pattern", default: 6) : 2
        var style = DecoderStyle(
            norm: .rmsAroundOne, normPlace: .around, headNorm: isThird ? .single : .none,
            activation: .tanhGELU)
        style.embeddingScale = Double(try fields.integer("hidden_size")).squareRoot()
        let scalar = try fields.number("query_pre_attn_scalar", default: 256)
        guard scalar > 0 else { throw fields.problem("query_pre_attn_scalar", "a number above 0 is needed") }
        style.attentionScale = 1 / scalar.squareRoot()
        style.attentionCap = try cap("attn_logit_softcapping", isThird ? nil : 50)
        style.logitCap = try cap("final_logit_softcapping", isThird ? nil : 30)
        style.windows = try fields.windows(layers: layers) { ($0 + 1) % period != 0 }
        if isThird {
            let own = try fields.object("rope_parameters")?.object("sliding_attention")
            style.windowRotaryBase =
                try own?.number("rope_theta") ?? fields.number("rope_local_base_freq", default: 10_000)
        }
        return style
    }
}
