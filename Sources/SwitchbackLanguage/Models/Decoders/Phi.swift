import SwitchbackFormats

extension DecoderStyle {
    /// Phi 1, 1.5 and 2 (Gunasekar et al., "Textbooks Are All You Need", 2023): layer normalization, a network without gate
    /// that reads what attention reads, half of each head rotated, and an output layer with a bias.
    static func phi(_ fields: ConfigurationFields) throws -> DecoderStyle {
        try fields.requireOnly("qk_layernorm", false)
        var style = DecoderStyle(
            norm: .layer, order: .parallelWithOneNorm, network: .plain, hasHeadBias: true,
            rotatedPart: try fields.rotatedPart(default: 0.5))
        style.dropouts.embedding = try fields.probability("embd_pdrop", default: 0)
        style.dropouts.residual = try fields.probability("resid_pdrop", default: 0)
        style.names = ["norm": "final_layernorm", "oProj": "dense", "upProj": "fc1", "downProj": "fc2"]
        return style
    }
}
