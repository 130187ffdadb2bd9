import Foundation
import Switchback
import SwitchbackFormats

/// A language model in a GGUF file: everything that a folder in Hugging Face's format would have.
struct GGUFModel {
    let file: GGUF
    let architecture: GGUFArchitecture

    /// Whether a path is that of such a file, by its ending.
    static func isFile(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        return (path as NSString).pathExtension.lowercased() == "gguf"
            && FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && !isFolder.boolValue
    }

    init(_ path: String) throws {
        file = try GGUF(path)
        let name = try file.metadata.string("general.architecture")
        guard let architecture = GGUFArchitecture(rawValue: name) else {
            let names = GGUFArchitecture.allCases.map(\.rawValue).joined(separator: ", ")
            throw file.metadata.problem(
                "general.architecture", "it is \(name); supported in GGUF files are \(names)",
                remedy: "read the model from a folder in Hugging Face's format")
        }
        self.architecture = architecture
    }

    // MARK: Sizes

    /// What a `config.json` would say.
    func configuration() throws -> ConfigurationFields {
        let fields = architecture == .gpt2 ? try gpt2Fields() : try decoderFields()
        let ends = try file.metadata.integers("tokenizer.ggml.eos_token_id").map { JSON.integer($0) }
        let own: [(name: String, value: JSON)] = [
            ("model_type", .string(architecture.modelType)),
            ("vocab_size", .integer(try vocabularySize)),
            ("tie_word_embeddings", .bool(file.shape(of: "output.weight") == nil)),
        ]
        let marks: [(name: String, value: JSON)] = ends.isEmpty ? [] : [("eos_token_id", .array(ends))]
        return try ConfigurationFields(.object(own + fields + marks), path: file.path)
    }

    private var vocabularySize: Int {
        get throws {
            guard let shape = file.shape(of: "token_embd.weight"), shape.count == 2 else {
                throw InputError(file.path, at: "tensor token_embd.weight", "it is missing, or no matrix")
            }
            return shape[0]
        }
    }

    private func name(_ field: String) -> String { "\(architecture.rawValue).\(field)" }

    private func integer(_ field: String) throws -> Int { try file.metadata.integer(name(field)) }

    private func gpt2Fields() throws -> [(name: String, value: JSON)] {
        [
            ("n_positions", .integer(try integer("context_length"))),
            ("n_embd", .integer(try integer("embedding_length"))),
            ("n_layer", .integer(try integer("block_count"))),
            ("n_head", .integer(try integer("attention.head_count"))),
            ("n_inner", .integer(try integer("feed_forward_length"))),
            ("layer_norm_epsilon", .number(try file.metadata.number(name("attention.layer_norm_epsilon")))),
        ]
    }

    private func decoderFields() throws -> [(name: String, value: JSON)] {
        try refuseWhatIsNotThere()
        let (width, heads) = (try integer("embedding_length"), try integer("attention.head_count"))
        let headWidth = try file.metadata.integer(name("attention.key_length"), default: width / heads)
        var fields: [(name: String, value: JSON)] = [
            ("hidden_size", .integer(width)), ("num_attention_heads", .integer(heads)),
            ("head_dim", .integer(headWidth)),
            ("num_key_value_heads", .integer(try keyValueHeads(heads))),
            ("num_hidden_layers", .integer(try integer("block_count"))),
            ("max_position_embeddings", .integer(try integer("context_length"))),
            ("intermediate_size", .integer(try integer("feed_forward_length"))),
            ("rms_norm_eps", .number(try file.metadata.number(name("attention.layer_norm_rms_epsilon")))),
            ("attention_bias", .bool(architecture == .llama && file.shape(of: "blk.0.attn_q.bias") != nil)),
            ("rope_parameters", .object(try rope(headWidth))),
        ]
        let rotated = try file.metadata.integer(name("rope.dimension_count"), default: headWidth)
        if rotated != headWidth {
            guard architecture == .phi3 else {
                throw file.metadata.problem(
                    name("rope.dimension_count"),
                    "it is \(rotated), and only the \(headWidth) of a whole head are supported")
            }
            fields.append(("partial_rotary_factor", .number(Double(rotated) / Double(headWidth))))
        }
        if file.metadata[name("attention.sliding_window")] != nil, try integer("attention.sliding_window") > 0 {
            fields.append(("sliding_window", .integer(try integer("attention.sliding_window"))))
        }
        if architecture.addsOneToNorms { fields += try gemmaFields(headWidth) }
        return fields
    }

    private func keyValueHeads(_ heads: Int) throws -> Int {
        try file.metadata.integer(name("attention.head_count_kv"), default: heads)
    }

    private func gemmaFields(_ headWidth: Int) throws -> [(name: String, value: JSON)] {
        var fields: [(name: String, value: JSON)] = [
            ("query_pre_attn_scalar", .integer(headWidth)), ("hidden_activation", .string("gelu_pytorch_tanh")),
        ]
        for field in ["attn_logit_softcapping", "final_logit_softcapping"] where file.metadata[name(field)] != nil {
            fields.append((field, .number(try file.metadata.number(name(field)))))
        }
        return fields
    }

    /// Throws over what would make another model than the one that is built here.
    private func refuseWhatIsNotThere() throws {
        for field in ["expert_count", "attention.key_length_mla", "leading_dense_block_count"]
        where try file.metadata.integer(name(field), minimum: 0, default: 0) > 0 {
            throw file.metadata.problem(name(field), "models with it are not supported in GGUF files")
        }
        let (key, value) = (name("attention.key_length"), name("attention.value_length"))
        if file.metadata[key] != nil, file.metadata[value] != nil,
            try file.metadata.integer(key) != file.metadata.integer(value)
        {
            throw file.metadata.problem(value, "only values that are as wide as keys are supported")
        }
    }

    /// How positions are turned into angles, as `rope_parameters` of a `config.json`.
    private func rope(_ headWidth: Int) throws -> [(name: String, value: JSON)] {
        let base = try file.metadata.number(name("rope.freq_base"), default: 10000)
        let theta: [(name: String, value: JSON)] = [("rope_theta", .number(base))]
        // The factors by which frequencies are divided, which llama.cpp computes from the rule of Llama 3.
        if file.shape(of: "rope_freqs.weight") != nil {
            return theta + (try factors("rope_freqs", "rope_freqs", attention: 1))
        }
        if file.shape(of: "rope_factors_long.weight") != nil {
            let attention = try file.metadata.number(name("rope.scaling.attn_factor"), default: 1)
            return theta + (try factors("rope_factors_short", "rope_factors_long", attention: attention))
        }
        let kind = try file.metadata.string(name("rope.scaling.type"), default: "none")
        let factor = try file.metadata.number(name("rope.scaling.factor"), default: 1)
        switch kind {
        case "none": return theta + [("rope_type", .string("default"))]
        case "linear": return theta + [("rope_type", .string("linear")), ("factor", .number(factor))]
        case "yarn":
            let original = try integer("rope.scaling.original_context_length")
            return theta + [
                ("rope_type", .string("yarn")), ("factor", .number(factor)),
                ("original_max_position_embeddings", .integer(original)),
            ]
        default:
            throw file.metadata.problem(name("rope.scaling.type"), "it is \(kind); supported are none, linear and yarn")
        }
    }

    private func factors(
        _ short: String, _ long: String, attention: Double
    ) throws -> [(name: String, value: JSON)] {
        func list(_ name: String) throws -> JSON {
            .array(try file.tensor("\(name).weight").to(.float32).toArray(as: Double.self).map { .number($0) })
        }
        let context = try integer("context_length")
        let original = try file.metadata.integer(name("rope.scaling.original_context_length"), default: context)
        return [
            ("rope_type", .string("longrope")), ("short_factor", try list(short)), ("long_factor", try list(long)),
            ("original_max_position_embeddings", .integer(original)), ("attention_factor", .number(attention)),
        ]
    }

    // MARK: Weights

    /// The tensors by the names that models have for them, in float32, float16 or bfloat16.
    func weights() throws -> [String: Tensor] {
        let heads = try integer("attention.head_count")
        let keyHeads = try keyValueHeads(heads)
        var result: [String: Tensor] = [:]
        for name in file.names where !GGUFModel.isAboutPositions(name) {
            guard let own = architecture.modelName(of: name) else {
                throw InputError(
                    file.path, at: "tensor \(name)",
                    "a model of the family \(architecture.rawValue) has none of this name")
            }
            let tensor = try file.tensor(name)
            let count = name.contains(".attn_k.") ? keyHeads : heads
            guard !GGUFArchitecture.isRotated(name) || tensor.size(0) % (2 * count) == 0 else {
                throw InputError(file.path, at: "tensor \(name)", "its rows are not those of \(count) heads")
            }
            result[own] = architecture.fromFile(tensor, name, heads: count)
        }
        return result
    }

    /// Factors of frequencies, which `configuration()` reads.
    private static func isAboutPositions(_ name: String) -> Bool {
        ["rope_freqs.weight", "rope_factors_short.weight", "rope_factors_long.weight"].contains(where: name.isExactly)
    }

    // MARK: Chat

    /// The chat template of the file; `nil` if it has none.
    func chatTemplate() throws -> ChatTemplate? {
        guard file.metadata["tokenizer.chat_template"] != nil else { return nil }
        var tokens: [String: String] = [:]
        let texts = try file.metadata.array("tokenizer.ggml.tokens") ?? []
        for (name, field) in [
            ("bos_token", "bos"), ("eos_token", "eos"), ("unk_token", "unknown"), ("pad_token", "padding"),
        ] {
            if let number = try file.metadata.integers("tokenizer.ggml.\(field)_token_id").first,
                texts.indices.contains(number), case .string(let text) = texts[number]
            {
                tokens[name] = text
            }
        }
        return try ChatTemplate(
            jinja: file.metadata.string("tokenizer.chat_template"), place: file.path, tokens: tokens)
    }
}
