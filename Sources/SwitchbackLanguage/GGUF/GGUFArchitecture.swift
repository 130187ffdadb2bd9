import Switchback
import SwitchbackFormats

/// The families of language models that are read from GGUF files and written to them, by llama.cpp's names.
enum GGUFArchitecture: String, CaseIterable {
    case llama, qwen2, qwen3, gemma2, gemma3, phi3, gpt2

    /// The `model_type` of Hugging Face.
    var modelType: String { self == .gemma3 ? "gemma3_text" : rawValue }

    init?(modelType: String) {
        guard let found = GGUFArchitecture.allCases.first(where: { $0.modelType.isExactly(modelType) }) else {
            return nil
        }
        self = found
    }

    /// Whether the features of queries and keys that are rotated together lie beside each other, not half a head apart.
    var interleavesHeads: Bool { self == .llama }
    /// Whether the weights of norms have one added: Gemma's own are what is added to one.
    var addsOneToNorms: Bool { self == .gemma2 || self == .gemma3 }

    /// The names of parts in the file, and in a model: before the blocks and behind them.
    private var outerNames: [(file: String, model: String)] {
        self == .gpt2
            ? [
                ("token_embd", "transformer.wte"), ("position_embd", "transformer.wpe"),
                ("output_norm", "transformer.ln_f"), ("output", "lm_head"),
            ]
            : [("token_embd", "model.embed_tokens"), ("output_norm", "model.norm"), ("output", "lm_head")]
    }

    private var blockNames: [(file: String, model: String)] {
        if self == .gpt2 {
            return [
                ("attn_norm", "ln_1"), ("attn_qkv", "attn.c_attn"), ("attn_output", "attn.c_proj"),
                ("ffn_norm", "ln_2"), ("ffn_up", "mlp.c_fc"), ("ffn_down", "mlp.c_proj"),
            ]
        }
        let norms =
            addsOneToNorms
            ? [
                ("post_attention_norm", "post_attention_layernorm"), ("ffn_norm", "pre_feedforward_layernorm"),
                ("post_ffw_norm", "post_feedforward_layernorm"),
            ] : [("ffn_norm", "post_attention_layernorm")]
        let projections =
            self == .phi3
            ? [("attn_qkv", "self_attn.qkv_proj"), ("ffn_up", "mlp.gate_up_proj")]
            : [
                ("attn_q", "self_attn.q_proj"), ("attn_k", "self_attn.k_proj"), ("attn_v", "self_attn.v_proj"),
                ("attn_q_norm", "self_attn.q_norm"), ("attn_k_norm", "self_attn.k_norm"),
                ("ffn_gate", "mlp.gate_proj"), ("ffn_up", "mlp.up_proj"),
            ]
        return [("attn_norm", "input_layernorm"), ("attn_output", "self_attn.o_proj"), ("ffn_down", "mlp.down_proj")]
            + norms + projections
    }

    private var blockPrefix: String { self == .gpt2 ? "transformer.h" : "model.layers" }

    /// The matrices that GPT-2 has as [inputs, outputs].
    func isTransposed(_ name: String) -> Bool {
        self == .gpt2 && name.hasSuffix(".weight")
            && [".attn_qkv.", ".attn_output.", ".ffn_up.", ".ffn_down."].contains { name.contains($0) }
    }

    /// A model's name for a tensor of a file; `nil` if it has none.
    func modelName(of name: String) -> String? {
        let parts = name.split(separator: ".").map(String.init)
        if parts.count == 4, parts[0] == "blk", let part = blockNames.first(where: { $0.file == parts[2] }) {
            return "\(blockPrefix).\(parts[1]).\(part.model).\(parts[3])"
        }
        guard parts.count == 2, let part = outerNames.first(where: { $0.file == parts[0] }) else { return nil }
        return "\(part.model).\(parts[1])"
    }

    /// A file's name for a tensor of a model; `nil` if it has none.
    func fileName(of name: String) -> String? {
        let ending = name.split(separator: ".").last.map(String.init) ?? ""
        let part = String(name.dropLast(ending.count + 1))
        if let outer = outerNames.first(where: { $0.model == part }) { return "\(outer.file).\(ending)" }
        guard part.hasPrefix(blockPrefix + ".") else { return nil }
        let pieces = part.dropFirst(blockPrefix.count + 1).split(separator: ".", maxSplits: 1).map(String.init)
        guard pieces.count == 2, let block = blockNames.first(where: { $0.model == pieces[1] }) else { return nil }
        return "blk.\(pieces[0]).\(block.file).\(ending)"
    }

    /// The tensor as a model has it, of one as the file has it.
    ///
    /// - Parameter heads: how many the rows of a tensor of queries or keys are.
    func fromFile(_ tensor: Tensor, _ name: String, heads: Int) -> Tensor {
        if isTransposed(name) { return tensor.t() }
        if addsOneToNorms && name.hasSuffix("_norm.weight") { return tensor.to(.float32) - 1 }
        guard interleavesHeads, GGUFArchitecture.isRotated(name) else { return tensor }
        return tensor.unflatten(0, [heads, tensor.size(0) / heads / 2, 2]).transpose(1, 2).flatten(end: 2)
            .contiguous()
    }

    /// The opposite of `fromFile`.
    func toFile(_ tensor: Tensor, _ name: String, heads: Int) -> Tensor {
        if isTransposed(name) { return tensor.t() }
        if addsOneToNorms && name.hasSuffix("_norm.weight") { return tensor + 1 }
        guard interleavesHeads, GGUFArchitecture.isRotated(name) else { return tensor }
        return tensor.unflatten(0, [heads, 2, tensor.size(0) / heads / 2]).transpose(1, 2).flatten(end: 2)
            .contiguous()
    }

    /// Whether a tensor has the rows of heads that are rotated.
    static func isRotated(_ name: String) -> Bool { name.contains(".attn_q.") || name.contains(".attn_k.") }
}
