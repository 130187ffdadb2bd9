import Switchback
import SwitchbackFormats

extension ConfigurationFields {
    /// Refuses sizes that no model with these weights can have, before memory is set aside for one.
    func checkSizes(against tensors: [String: Tensor]) throws {
        let numbers = tensors.values.reduce(0) { $0 + $1.count }
        let widthName = ["n_embd", "dim", "d_model"].first { self[$0] != nil } ?? "hidden_size"
        let width = try integer(widthName)
        let hasPositionTable = try (["gpt2", "opt", "bart", "mbart", "bert", "roberta", "distilbert"]).contains(
            string("model_type"))
        let rows = [
            "vocab_size", "source_vocab_size", "target_vocab_size", "n_inner", "intermediate_size", "hidden_dim",
            "type_vocab_size", "ffn_dim", "ffn_hidden_size", "word_embed_proj_dim", "moe_intermediate_size", "d_ff",
            "encoder_ffn_dim", "decoder_ffn_dim", widthName,
        ]
        for name in rows + (hasPositionTable ? ["n_positions", "max_position_embeddings"] : []) where self[name] != nil
        {
            try checkProduct([try integer(name), width], name, numbers)
        }
        let layerNames = [
            "n_layer", "n_layers", "num_hidden_layers", "num_layers", "num_decoder_layers", "encoder_layers",
            "decoder_layers",
        ]
        for name in layerNames where self[name] != nil {
            let layers = try integer(name)
            guard layers <= tensors.count else {
                throw problem(name, "there cannot be \(layers) layers in \(tensors.count) tensors")
            }
        }
        for name in ["num_experts", "num_local_experts"] where self[name] != nil {
            let experts = try integer(name)
            guard experts <= tensors.count else {
                throw problem(name, "there cannot be \(experts) experts in \(tensors.count) tensors")
            }
        }
        if self["d_kv"] != nil {
            try checkProduct([try integer("num_heads"), try integer("d_kv"), width], "d_kv", numbers)
        }
        if self["head_dim"] != nil {
            try checkProduct([try integer("num_attention_heads"), try integer("head_dim"), width], "head_dim", numbers)
        }
    }

    /// Throws unless a tensor of these sizes could be among `numbers` weights.
    private func checkProduct(_ sizes: [Int], _ name: String, _ numbers: Int) throws {
        var product = 1
        for size in sizes {
            let (next, overflows) = product.multipliedReportingOverflow(by: size)
            guard !overflows, next <= numbers else {
                let text = sizes.map(String.init).joined(separator: " × ")
                throw problem(
                    name, "a tensor of \(text) is larger than all weights together, which are \(numbers) numbers")
            }
            product = next
        }
    }
}

extension ConfigurationFields {
    /// The configuration with what the weights say about the output layer: a file can have one that differs from the
    /// table of the input although `tie_word_embeddings` says that they are one; then both count, as in Transformers.
    ///
    /// - Parameter place: the file of the weights.
    func tied(asIn tensors: [String: Tensor], _ place: String) throws -> ConfigurationFields {
        let kind = try string("model_type")
        let isUsual = LlamaConfiguration.Family(rawValue: kind)?.usual.tiesEmbeddings ?? kind.isExactly("gpt2")
        guard try bool("tie_word_embeddings", default: isUsual), let head = tensors["lm_head.weight"],
            let table = tensors.first(where: { name in
                ["embed_tokens.weight", "wte.weight", "word_embeddings.weight"].contains(where: name.key.hasSuffix)
            })?.value,
            head.shape != table.shape || !head.equal(table)
        else { return self }
        Diagnostics.warn(
            "\(place), tensor lm_head.weight: it differs from the table of the input, though tie_word_embeddings in "
                + "\(path) is true: the two are kept apart")
        return setting("tie_word_embeddings", to: .bool(false))
    }
}
