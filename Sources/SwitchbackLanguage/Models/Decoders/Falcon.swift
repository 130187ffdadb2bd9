import SwitchbackFormats

extension DecoderStyle {
    /// Falcon (Almazrouei et al., "The Falcon Series of Open Language Models", 2023), as in its 7 billion and in its later
    /// sizes: layer normalization, and a network without gate that reads what attention reads.
    static func falcon(_ fields: ConfigurationFields) throws -> DecoderStyle {
        guard try !fields.bool("alibi", default: false) else {
            throw fields.problem("alibi", "positions by ALiBi, as the first Falcons have them, are not supported")
        }
        let isNew = try fields.bool("new_decoder_architecture", default: false)
        var style = DecoderStyle(
            norm: .layer, order: .parallelWithOneNorm, projections: .joinedByGroup, network: .plain)
        if isNew, try fields.integer("num_ln_in_parallel_attn", default: 2) == 2 {
            style.order = .parallel
            style.names = ["inputLayernorm": "ln_attn", "postAttentionLayernorm": "ln_mlp"]
        } else if try !isNew && !fields.bool("parallel_attn", default: true) {
            style.order = .sequential
        }
        style.dropouts.residual = try fields.probability("hidden_dropout", default: 0)
        style.names.merge([
            "model": "transformer", "embedTokens": "word_embeddings", "layers": "h", "norm": "ln_f",
            "selfAttn": "self_attention", "qkvProj": "query_key_value", "oProj": "dense", "upProj": "dense_h_to_4h",
            "downProj": "dense_4h_to_h",
        ]) { own, _ in own }
        return style
    }

    /// How many heads of keys and values a Falcon has: one for all in its first sizes.
    static func falconKeyValueHeads(_ fields: ConfigurationFields, heads: Int) throws -> Int {
        let isNew = try fields.bool("new_decoder_architecture", default: false)
        let isShared = try !isNew && fields.bool("multi_query", default: true)
        return isShared ? 1 : isNew ? try fields.integer("num_kv_heads", default: heads) : heads
    }
}
