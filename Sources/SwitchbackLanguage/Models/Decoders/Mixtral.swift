import SwitchbackFormats

extension DecoderStyle {
    /// Mixtral (Jiang et al., "Mixtral of Experts", 2024): Mistral with several networks in each layer.
    static func mixtral(_ fields: ConfigurationFields, layers: Int) throws -> DecoderStyle {
        guard try fields.number("router_jitter_noise", default: 0) == 0 else {
            throw fields.problem("router_jitter_noise", "noise on what experts read is not supported, only 0 is")
        }
        var style = try mistral(fields, layers: layers)
        style.experts = try ExpertRouting(
            fields, inside: "intermediate_size", layers: Set(0..<layers), isNormalized: true)
        style.names = ["mlp": "block_sparse_moe", "gateProj": "w1", "upProj": "w3", "downProj": "w2"]
        return style
    }

    /// Qwen 3 with several networks in some layers (Yang et al., "Qwen3 Technical Report", 2025).
    static func qwen3Mixture(_ fields: ConfigurationFields, layers: Int) throws -> DecoderStyle {
        let period = try fields.integer("decoder_sparse_step", default: 1)
        let single = Set(try fields.integers("mlp_only_layers"))
        let several = (0..<layers).filter { !single.contains($0) && ($0 + 1) % period == 0 }
        let experts = try ExpertRouting(
            fields, inside: "moe_intermediate_size", layers: Set(several),
            isNormalized: fields.bool("norm_topk_prob", default: false))
        return DecoderStyle(headNorm: .single, experts: experts)
    }
}
