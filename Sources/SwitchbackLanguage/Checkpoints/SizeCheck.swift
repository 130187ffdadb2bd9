import Switchback
import SwitchbackFormats

extension ConfigurationFields {
    /// Refuses sizes that no model with these weights can have, before memory is set aside for one.
    func checkSizes(against tensors: [String: Tensor]) throws {
        let numbers = tensors.values.reduce(0) { $0 + $1.count }
        let widthName = self["n_embd"] == nil ? "hidden_size" : "n_embd"
        let width = try integer(widthName)
        let hasPositionTable = try ["gpt2", "bert"].contains(string("model_type"))
        let rows = [
            "vocab_size", "source_vocab_size", "target_vocab_size", "n_inner", "intermediate_size", "type_vocab_size",
            widthName,
        ]
        for name in rows + (hasPositionTable ? ["n_positions", "max_position_embeddings"] : []) where self[name] != nil
        {
            try checkProduct([try integer(name), width], name, numbers)
        }
        for name in ["n_layer", "num_hidden_layers"] where self[name] != nil {
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
