import SwitchbackFormats

extension DecoderStyle {
    /// OPT (Zhang et al., "OPT: Open Pre-trained Transformer Language Models", 2022): a table of positions, layer
    /// normalization and a network without gate. Its size of 350 million normalizes sums and has a narrower table of tokens.
    static func opt(_ fields: ConfigurationFields) throws -> DecoderStyle {
        try fields.requireOnly("layer_norm_elementwise_affine", true)
        let isBefore = try fields.bool("do_layer_norm_before", default: true)
        var style = DecoderStyle(
            norm: .layer, normPlace: isBefore ? .before : .afterSum, network: .plain, positions: .table(offset: 2))
        let (width, narrow) = (try fields.integer("hidden_size"), try fields.integer("word_embed_proj_dim", default: 0))
        style.embeddingWidth = fields["word_embed_proj_dim"] == nil || narrow == width ? nil : narrow
        style.hasLastNorm = try isBefore && !fields.bool("_remove_final_layer_norm", default: false)
        style.dropouts.residual = try fields.probability("dropout", default: 0.1)
        style.names = [
            "model": "model.decoder", "norm": "final_layer_norm", "inputLayernorm": "self_attn_layer_norm",
            "postAttentionLayernorm": "final_layer_norm", "oProj": "out_proj", "mlp": "", "upProj": "fc1",
            "downProj": "fc2",
        ]
        return style
    }
}
