import SwitchbackFormats

extension DecoderStyle {
    /// GPT-NeoX and Pythia (Black et al., "GPT-NeoX-20B", 2022; Biderman et al., "Pythia", 2023): layer normalization, a
    /// network without gate that reads what attention reads, and a part of each head rotated.
    static func gptNeoX(_ fields: ConfigurationFields) throws -> DecoderStyle {
        let isParallel = try fields.bool("use_parallel_residual", default: true)
        var style = DecoderStyle(
            norm: .layer, order: isParallel ? .parallel : .sequential, projections: .joinedByGroup, network: .plain,
            rotatedPart: try fields.rotatedPart(default: fields.number("rotary_pct", default: 0.25)))
        style.dropouts.embedding = try fields.probability("hidden_dropout", default: 0)
        style.dropouts.residual = style.dropouts.embedding
        style.names = [
            "model": "gpt_neox", "embedTokens": "embed_in", "norm": "final_layer_norm", "lmHead": "embed_out",
            "selfAttn": "attention", "qkvProj": "query_key_value", "oProj": "dense", "upProj": "dense_h_to_4h",
            "downProj": "dense_4h_to_h",
        ]
        return style
    }
}
