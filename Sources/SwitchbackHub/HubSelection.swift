import Switchback

/// The files of a model that are needed to use it: its description, its tokenizer, and its weights in one form, where a
/// repository often has them in several.
enum HubSelection {
    /// Small files that are taken where they are there.
    private static let descriptions: Set<String> = [
        "config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json",
        "added_tokens.json", "chat_template.jinja", "chat_template.json", "tokenizer.model", "spiece.model",
        "source.spm",
        "target.spm", "sentencepiece.bpe.model", "vocab.json", "vocab.txt", "merges.txt", "modules.json",
        "sentence_bert_config.json", "config_sentence_transformers.json", "1_Pooling/config.json",
        "preprocessor_config.json", "adapter_config.json", "LICENSE", "README.md",
    ]

    /// Forms of weights, of which the first that is there is taken: one file, or shards with an index.
    private static let weights = ["model", "adapter_model", "pytorch_model"]
    private static let endings = ["model": "safetensors", "adapter_model": "safetensors", "pytorch_model": "bin"]

    /// Of the files of a model, those that are needed.
    ///
    /// Throws `InputError` where there are no weights that are read here.
    static func choose(_ names: [String], of model: HubModel) throws -> [String] {
        let found = weights.lazy.map { stem in names.filter { isWeights($0, stem) } }.first { !$0.isEmpty }
        guard let found else {
            let models = names.filter { $0.hasSuffix(".gguf") }
            if models.isEmpty {
                throw InputError(
                    "model \(model)", "it has neither model.safetensors nor pytorch_model.bin",
                    remedy: "choose a model with weights for Transformers")
            }
            let list = models.prefix(12).joined(separator: ", ") + (models.count > 12 ? ", …" : "")
            throw InputError(
                "model \(model)", "it has weights for llama.cpp alone: \(list)",
                remedy: "choose one with --file, and give the path of the file as the model")
        }
        return names.filter { descriptions.contains($0) } + found
    }

    /// Files of which one says how text or images become numbers.
    private static let readers: Set<String> = [
        "tokenizer.json", "tokenizer.model", "vocab.json", "vocab.txt", "spiece.model", "source.spm",
        "sentencepiece.bpe.model", "preprocessor_config.json",
    ]

    /// Whether the files of a folder are all that is needed, as far as their names tell: a description, a tokenizer, and
    /// weights in one file or all of their shards.
    static func isWhole(_ names: [String]) -> Bool {
        let found = Set(names)
        guard found.contains("config.json"), !found.isDisjoint(with: readers),
            let stem = weights.first(where: { stem in names.contains { isWeights($0, stem) } }),
            let ending = endings[stem]
        else { return false }
        if found.contains("\(stem).\(ending)") { return true }
        let numbered = names.lazy.compactMap { $0.wholeMatch(of: /(.*)-\d{5}-of-(\d{5})\..*/) }
        guard let shard = numbered.first(where: { $0.output.1 == stem }), let count = Int(shard.output.2) else {
            return false
        }
        let shards = (0..<count).map { number in
            let digits = String("0000\(number + 1)".suffix(5))
            return "\(stem)-\(digits)-of-\(shard.output.2).\(ending)"
        }
        return found.contains("\(stem).\(ending).index.json") && found.isSuperset(of: shards)
    }

    /// Of the files of a model, those that the user named.
    static func choose(_ names: [String], of model: HubModel, named wanted: [String]) throws -> [String] {
        for name in wanted where !names.contains(name) {
            let hint = name.nearest(in: names).map { "; did you mean \($0)?" } ?? ""
            throw InputError("model \(model)", "it has no file \(name)\(hint)")
        }
        return wanted
    }

    /// Whether a file is one of weights: `STEM.safetensors`, `STEM-00001-of-00002.safetensors`, or the index of those.
    private static func isWeights(_ name: String, _ stem: String) -> Bool {
        guard let ending = endings[stem], name.hasPrefix(stem) else { return false }
        let rest = name.dropFirst(stem.count)
        if rest == ".\(ending)" || rest == ".\(ending).index.json" { return true }
        return rest.wholeMatch(of: /-\d{5}-of-\d{5}\.(safetensors|bin)/).map { $0.output.1 == ending } ?? false
    }
}
