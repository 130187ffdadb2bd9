import Switchback
import SwitchbackFormats

/// In what numbers a GGUF file has the matrices of a model.
public enum GGUFWeights: String, CaseIterable, Sendable {
    case f16, q8_0, q4_0

    fileprivate var type: GGUFType {
        switch self {
        case .f16: .f16
        case .q8_0: .q8_0
        case .q4_0: .q4_0
        }
    }
}

extension Checkpoint {
    /// Writes the folder's language model as a GGUF file, which llama.cpp runs.
    ///
    /// - Parameter weights: in what numbers the matrices lie; vectors are float32.
    /// - Throws: `InputError` over a family or a tokenizer that the format has not, and where the file cannot be written.
    public func exportGGUF(weights: GGUFWeights, to path: String) throws {
        let (model, tokenizer) = try languageModelAndTokenizer()
        let kind = try configuration.string("model_type")
        guard let architecture = GGUFArchitecture(modelType: kind) else {
            let names = GGUFArchitecture.allCases.map(\.modelType).joined(separator: ", ")
            throw configuration.problem("model_type", "it is \(kind); written as GGUF are \(names)")
        }
        let sizes = try architecture.sizes(configuration, model)
        let words = try GGUFWriter.tokenizer(tokenizer, vocabularySize: model.vocabularySize, folder)
        let ends = try generationOptions().endTokens.union(tokenizer.endOfText.map { [$0] } ?? []).min()
        var metadata: [(name: String, value: GGUFWriter.Value)] = [
            ("general.architecture", .string(architecture.rawValue)), ("general.alignment", .uint32(32)),
        ]
        metadata += sizes.map { (name: "\(architecture.rawValue).\($0.name)", value: $0.value) }
        metadata += words
        if let ends { metadata.append(("tokenizer.ggml.eos_token_id", .uint32(ends))) }
        if let template = try chatTemplate() {
            metadata.append(("tokenizer.chat_template", .string(template.jinja)))
        }
        try GGUFWriter.write(metadata, architecture.entries(of: model, configuration, weights.type, path), to: path)
    }
}

extension GGUFArchitecture {
    /// The sizes under llama.cpp's names.
    fileprivate func sizes(
        _ fields: ConfigurationFields, _ model: LanguageModel
    ) throws -> [(name: String, value: GGUFWriter.Value)] {
        if self == .gpt2 {
            let width = try fields.integer("n_embd")
            return [
                ("context_length", .uint32(model.contextLength)), ("embedding_length", .uint32(width)),
                ("block_count", .uint32(try fields.integer("n_layer"))),
                ("feed_forward_length", .uint32(try fields.integer("n_inner", default: 4 * width))),
                ("attention.head_count", .uint32(try fields.integer("n_head"))),
                ("attention.layer_norm_epsilon", .float32(try fields.number("layer_norm_epsilon", default: 1e-5))),
            ]
        }
        let sizes = try LlamaConfiguration(fields, family: .init(rawValue: modelType) ?? .llama)
        guard case .none = sizes.rotaryScaling else {
            throw fields.problem("rope_parameters", "stretched positions are not written as GGUF")
        }
        var result: [(name: String, value: GGUFWriter.Value)] = [
            ("context_length", .uint32(sizes.contextLength)), ("embedding_length", .uint32(sizes.width)),
            ("block_count", .uint32(sizes.layers)), ("feed_forward_length", .uint32(sizes.feedForward)),
            ("attention.head_count", .uint32(sizes.heads)), ("attention.head_count_kv", .uint32(sizes.keyValueHeads)),
            ("attention.key_length", .uint32(sizes.headWidth)), ("attention.value_length", .uint32(sizes.headWidth)),
            ("attention.layer_norm_rms_epsilon", .float32(sizes.epsilon)),
            ("rope.freq_base", .float32(sizes.rotaryBase)),
            ("rope.dimension_count", .uint32(Int(Double(sizes.headWidth) * sizes.style.rotatedPart))),
            ("vocab_size", .uint32(sizes.vocabularySize)),
        ]
        if fields["sliding_window"] != nil {
            result.append(("attention.sliding_window", .uint32(try fields.integer("sliding_window"))))
        }
        for name in ["attn_logit_softcapping", "final_logit_softcapping"] where fields[name] != nil {
            result.append((name, .float32(try fields.number(name))))
        }
        return result
    }

    /// The tensors as the file has them, the larger ones in the numbers that were asked for; a table that is the output
    /// layer's weight as well is there once.
    fileprivate func entries(
        of model: LanguageModel, _ fields: ConfigurationFields, _ type: GGUFType, _ path: String
    ) throws -> [GGUFWriter.Entry] {
        let heads = try fields.integer(self == .gpt2 ? "n_head" : "num_attention_heads")
        let keyHeads = try fields.integer("num_key_value_heads", default: heads)
        var uneven = 0
        let entries = try noGrad {
            try model.namedState.map { name, tensor -> GGUFWriter.Entry in
                guard let own = fileName(of: name) else {
                    throw InputError(path, at: "tensor \(name)", "there is no name for it in GGUF files")
                }
                let count = own.contains(".attn_k.") ? keyHeads : heads
                let converted = toFile(tensor, own, heads: count)
                let isMatrix = tensor.rank == 2 && own != "position_embd.weight"
                if isMatrix && converted.size(1) % 32 != 0 && type != .f16 { uneven += 1 }
                return GGUFWriter.Entry(own, converted, as: isMatrix ? type : .f32)
            }
        }
        if uneven > 0 {
            Diagnostics.warn(
                "\(path): \(uneven.counted("tensor")) with rows that are no multiple of 32 numbers are written as f16")
        }
        return entries
    }
}

extension BytePairTokenizer {
    /// Throws where a file that says no more than how words are cut would be read with other tokens, and says where only some
    /// texts are.
    fileprivate func checkMeaning(of words: GGUFWords, _ folder: String) throws {
        if settings.ignoresMerges != words.settings.ignoresMerges, let token = unmergedToken {
            let name = ByteAlphabet.text(of: bytes(of: token))
            throw InputError(
                folder, at: "tokenizer.json",
                "the merges do not make the token \(name), and "
                    + (settings.ignoresMerges
                        ? "it is taken whole here, but not" : "it is not taken whole here, but is")
                    + " by what reads GGUF files whose words are cut as \(words.rawValue)",
                remedy: "keep the model in Hugging Face's format")
        }
        if settings.normalizesToNFC && !words.settings.normalizesToNFC {
            Diagnostics.warn(
                "\(folder): the tokenizer composes letters (NFC), and what reads GGUF files does not: give it composed text"
            )
        }
    }
}

extension GGUFWriter {
    /// A byte-level tokenizer as the format has it.
    fileprivate static func tokenizer(
        _ tokenizer: any Tokenizer, vocabularySize: Int, _ folder: String
    ) throws -> [(name: String, value: Value)] {
        let root = try ConfigurationFields(tokenizer.file, path: folder)
        guard let model = try root.object("model"), let bytes = tokenizer as? BytePairTokenizer,
            let words = GGUFWords(bytes)
        else {
            throw InputError(
                folder, at: "tokenizer.json",
                "only byte-level BPE with words cut by a known pattern is written as GGUF",
                remedy: "train with --tokenizer bpe")
        }
        try bytes.checkMeaning(of: words, folder)
        var tokens = (0..<vocabularySize).map { "[PAD\($0)]" }
        var types = Array(repeating: GGUFTokenType.unused, count: vocabularySize)
        guard case .object(let members) = model["vocab"] else { throw model.problem("vocab", "it is missing") }
        for (name, value) in members {
            if let number = value.wholeNumber, tokens.indices.contains(number) {
                (tokens[number], types[number]) = (name, .normal)
            }
        }
        for token in try root.entries("added_tokens") {
            let number = try token.integer("id", minimum: 0)
            guard number < vocabularySize else { continue }
            tokens[number] = try token.string("content")
            types[number] = try token.bool("special", default: true) ? .control : .userDefined
        }
        let merges = try (model.array("merges") ?? []).map { merge -> String in
            switch merge {
            case .string(let text): text
            case .array(let pair):
                pair.map { if case .string(let text) = $0 { text } else { "" } }.joined(separator: " ")
            default: throw model.problem("merges", "pairs of tokens are needed")
            }
        }
        let marks = try tokenizer.encode("", addingSpecialTokens: true)
        let beginning: [(name: String, value: Value)] =
            marks.first.map { [("tokenizer.ggml.bos_token_id", .uint32($0))] } ?? []
        return [
            ("tokenizer.ggml.model", .string("gpt2")), ("tokenizer.ggml.pre", .string(words.rawValue)),
            ("tokenizer.ggml.tokens", .strings(tokens)), ("tokenizer.ggml.token_type", .int32s(types.map(\.rawValue))),
            ("tokenizer.ggml.merges", .strings(merges)), ("tokenizer.ggml.add_bos_token", .bool(!marks.isEmpty)),
        ] + beginning
    }
}
