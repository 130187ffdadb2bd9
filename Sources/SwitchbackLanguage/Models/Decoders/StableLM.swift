import SwitchbackFormats

extension DecoderStyle {
    /// StableLM (Bellagente et al., "Stable LM 2", 2024): Llama with layer normalization, of which a quarter of each head is
    /// rotated.
    static func stableLM(_ fields: ConfigurationFields) throws -> DecoderStyle {
        for name in ["use_parallel_residual", "qk_layernorm"] { try fields.requireOnly(name, false) }
        return DecoderStyle(norm: .layer, rotatedPart: try fields.rotatedPart(default: 0.25))
    }
}
