import Switchback
import SwitchbackFormats

extension ConfigurationFields {
    /// Refuses sizes that no model with these weights can have, before memory is set aside for one.
    func checkSizes(against tensors: [String: Tensor]) throws {
        let numbers = tensors.values.reduce(0) { $0 + $1.count }
        let widthName = ["n_embd", "dim"].first { self[$0] != nil } ?? "hidden_size"
        let width = try integer(widthName)
        let hasPositionTable = try (["gpt2"] + Checkpoint.encoders).contains(string("model_type"))
        let rows = [
            "vocab_size", "source_vocab_size", "target_vocab_size", "n_inner", "intermediate_size", "hidden_dim",
            "type_vocab_size",
            widthName,
        ]
        for name in rows + (hasPositionTable ? ["n_positions", "max_position_embeddings"] : []) where self[name] != nil
        {
            try checkProduct([try integer(name), width], name, numbers)
        }
        for name in ["n_layer", "n_layers", "num_hidden_layers"] where self[name] != nil {
            let layers = try integer(name)
            guard layers <= tensors.count else {
                throw problem(name, "there cannot be \(layers) layers in \(tensors.count) tensors")
            }
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
        let isTied = try bool("tie_word_embeddings", default: string("model_type").isExactly("gpt2"))
        guard isTied, let head = tensors["lm_head.weight"],
            let table = tensors.first(where: {
                $0.key.hasSuffix("embed_tokens.weight") || $0.key.hasSuffix("wte.weight")
            })?.value,
            head.shape != table.shape || !head.equal(table)
        else { return self }
        Diagnostics.warn(
            "\(place), tensor lm_head.weight: it differs from the table of the input, though tie_word_embeddings in "
                + "\(path) is true: the two are kept apart")
        return setting("tie_word_embeddings", to: .bool(false))
    }
}
