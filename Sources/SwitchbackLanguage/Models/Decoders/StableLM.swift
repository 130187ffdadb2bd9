import SwitchbackFormats

extension DecoderStyle {
    /// StableLM (Bellagente et al., "Stable LM 2", 2024): Llama with layer normalization, of which a quarter of each head is
    /// rotated.
    static func stableLM(_ fields: ConfigurationFields) throws -> DecoderStyle {
        try fields.requireOnly("qk_layernorm", false)
        let isParallel = try fields.bool("use_parallel_residual", default: false)
        var style = DecoderStyle(
            norm: .layer, order: isParallel ? .parallelWithOneNorm : .sequential,
            rotatedPart: try fields.rotatedPart(default: 0.25))
        style.dropouts.residual = try fields.probability("hidden_dropout", default: 0)
        return style
    }
}
