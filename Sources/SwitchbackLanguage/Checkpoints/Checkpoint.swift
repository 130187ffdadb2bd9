import Foundation
import Switchback
import SwitchbackFormats

/// A model folder in Hugging Face's format: `config.json`, `model.safetensors` or `pytorch_model.bin` (or shards of
/// it with an index) and, for text, `tokenizer.json` or `vocab.json` with `merges.txt`; or a GGUF file, which has all
/// of that in it; or a folder of adapters (`adapter_config.json`), which are added to the model that they are for.
public struct Checkpoint {
    /// What was asked for: a folder, which may be one of adapters, or a file.
    let path: String
    /// The folder of the model, or its file.
    public let folder: String
    public let configuration: ConfigurationFields

    private let adapters: SavedAdapters?
    /// What the file says, where the model is one: it is read once, as its lists of tokens are long.
    private let gguf: GGUFModel?

    /// Reads the configuration. Throws `InputError` if the folder has none.
    public init(_ folder: String) throws {
        self.path = folder
        adapters = try SavedAdapters(folder)
        let folder = adapters?.base ?? folder
        self.folder = folder
        gguf = GGUFModel.isFile(folder) ? try GGUFModel(folder) : nil
        if let gguf {
            configuration = try gguf.configuration()
            return
        }
        let path = Checkpoint.path(folder, "config.json")
        guard FileManager.default.fileExists(atPath: path) else {
            throw InputError(
                folder, "there is no config.json in it",
                remedy: "a folder with config.json and model.safetensors is needed")
        }
        configuration = try ConfigurationFields(file: path)
    }

    /// Whether a path is that of a model of a kind that is read here.
    public static func isThere(_ path: String) -> Bool {
        GGUFModel.isFile(path)
            || ["config.json", SavedAdapters.settingsName].contains { name in
                FileManager.default.fileExists(atPath: Checkpoint.path(path, name))
            }
    }

    static func path(_ folder: String, _ name: String) -> String { Folder.join(folder, name) }

    // MARK: Models

    /// The `model_type`s of language models.
    public static let languageModels = ["gpt2"] + LlamaConfiguration.Family.allCases.map(\.rawValue) + ["lstm"]

    /// The tokenizer of the folder.
    public func tokenizer() throws -> any Tokenizer {
        if let gguf { return try Tokenizers.load(gguf.tokenizerFile()) }
        return try Tokenizers.load(folder)
    }

    /// The tokenizer of the folder, for a model that knows so many tokens. Throws `InputError` also if it has more.
    func tokenizer(fitting vocabularySize: Int) throws -> any Tokenizer {
        let tokenizer = try tokenizer()
        guard tokenizer.vocabularySize <= vocabularySize else {
            throw InputError(
                folder, at: "tokenizer.json",
                "it has \(tokenizer.vocabularySize) tokens, and the model only \(vocabularySize)",
                remedy: "they belong to different models")
        }
        return tokenizer
    }

    /// The chat template of the folder; `nil` if it has none.
    public func chatTemplate() throws -> ChatTemplate? {
        if let gguf { return try gguf.chatTemplate() }
        return try ChatTemplate.load(folder)
    }

    /// The language model and the tokenizer of the folder: what generates, scores or serves begins with this call.
    ///
    /// Throws `InputError` if one has tokens that the other lacks, or where weights cannot be packed.
    ///
    /// - Parameter dtype: in what numbers the weights of linear layers are kept; all but float32 are for inference
    ///   only.
    public func languageModelAndTokenizer(
        dtype: WeightFormat = .float32
    ) throws -> (model: LanguageModel, tokenizer: any Tokenizer) {
        let model = try languageModel()
        let tokenizer = try tokenizer(fitting: model.vocabularySize)
        try model.packWeights(as: dtype)
        return (model, tokenizer)
    }

    /// The language model of the folder, with its weights.
    public func languageModel() throws -> LanguageModel {
        let kind = try languageModelKind()
        let (tensors, place) = try readWeights()
        try configuration.checkSizes(against: tensors)
        let model = try emptyLanguageModel(kind, try configuration.tied(asIn: tensors, place))
        try load(tensors, from: place, into: model)
        try adapters?.merge(into: model)
        return model.eval()
    }

    /// The `model_type`, if it is one of a language model. Throws `InputError` that names it if it is not.
    private func languageModelKind() throws -> String {
        let kind = try configuration.string("model_type")
        if Checkpoint.languageModels.contains(where: kind.isExactly) { return kind }
        let hint = Checkpoint.hint(kind)
        throw configuration.problem(
            "model_type",
            "the architecture \(kind) is not supported; supported are \(Checkpoint.languageModels.joined(separator: ", "))\(hint)"
        )
    }

    /// What helps who has a folder of another kind.
    private static func hint(_ kind: String) -> String {
        if encoderDecoders.contains(kind) { return "; 'translate predict' reads it" }
        if encoders.contains(kind) { return "; 'text embed' reads it" }
        if let relative = relatives.first(where: { $0.key.isExactly(kind) })?.value {
            return "; the nearest to it is \(relative)"
        }
        return kind.nearest(in: languageModels).map { "; did you mean \($0)?" } ?? ""
    }

    /// Well-known families that are not supported, and what each is most like.
    private static let relatives: KeyValuePairs = [
        "gptj": "gpt_neox", "gpt_neo": "gpt2", "gpt_bigcode": "gpt2", "bloom": "falcon", "mpt": "falcon",
        "starcoder2": "mistral", "cohere": "llama", "cohere2": "gemma2", "olmo": "llama", "olmo3": "olmo2",
        "olmoe": "mixtral", "qwen2_moe": "qwen3_moe", "granitemoe": "mixtral", "phimoe": "mixtral",
        "gemma3": "gemma3_text",
        "llama4": "mixtral", "deepseek_v3": "mixtral", "gpt_oss": "mixtral", "mamba": "lstm",
    ]

    private func emptyLanguageModel(_ kind: String, _ configuration: ConfigurationFields) throws -> LanguageModel {
        switch kind {
        case "gpt2": return GPT2(try GPT2Configuration(configuration))
        case "lstm": return LSTMLanguageModel(try LSTMConfiguration(configuration))
        default: return Llama(try LlamaConfiguration(configuration, family: .init(rawValue: kind) ?? .llama))
        }
    }

    // MARK: Weights

    /// Copies weights into a model.
    func load(_ tensors: [String: Tensor], from place: String, into model: Module) throws {
        let state = Checkpoint.renamed(tensors, for: model)
        do {
            try model.load(stateDict: state)
        } catch let error as InputError {
            throw Checkpoint.explained(error, in: place, configuration)
        }
    }

    /// The tensors by name, and the file that lists them.
    func readWeights() throws -> (tensors: [String: Tensor], place: String) {
        if let gguf { return (try gguf.weights(), folder) }
        let places = Checkpoint.weightFiles.map { Checkpoint.path(folder, $0) }
        guard let place = places.first(where: FileManager.default.fileExists) else {
            throw InputError(
                folder, "there are no weights in it: none of \(Checkpoint.weightFiles.joined(separator: ", "))")
        }
        return (try place.hasSuffix(".index.json") ? shards(place) : WeightFile.load(place), place)
    }

    /// Where weights are looked for. The best weights so far are all that a training that was interrupted has.
    private static let weightFiles = [
        "model.safetensors", "model.safetensors.index.json", "weights/best.safetensors", "pytorch_model.bin",
        "pytorch_model.bin.index.json",
    ]

    /// The tensors of the files that an index names.
    private func shards(_ index: String) throws -> [String: Tensor] {
        guard let map = try ConfigurationFields(file: index).object("weight_map") else {
            throw InputError(index, at: "field weight_map", "it is missing")
        }
        var shards: [String: [String: Tensor]] = [:]
        var tensors: [String: Tensor] = [:]
        for name in map.names {
            let shard = try map.string(name)
            if shards[shard] == nil {
                let path = Checkpoint.path(folder, shard)
                guard !shard.contains("/"), FileManager.default.fileExists(atPath: path) else {
                    throw InputError(
                        index, at: "tensor \(name)", "the shard \(shard), which should hold it, is missing",
                        remedy: "put it into \(folder)")
                }
                shards[shard] = try WeightFile.load(path)
            }
            guard let tensor = shards[shard]?[name] else {
                throw InputError(
                    Checkpoint.path(folder, shard), at: "tensor \(name)", "the index says it is here; it is not")
            }
            tensors[name] = tensor
        }
        return tensors
    }

    /// The names as the model has them: older files of GPT-2 lack the first part of each, and some hold masks and
    /// frequencies, which are computed here.
    private static func renamed(_ tensors: [String: Tensor], for model: Module) -> [String: Tensor] {
        let computed = [
            ".attn.bias", ".attn.masked_bias", ".attention.bias", ".attention.masked_bias", ".rotary_emb.inv_freq",
            "embeddings.position_ids",
        ]
        let own = Set(model.namedParameters.map(\.name))
        var result: [String: Tensor] = [:]
        for (name, tensor) in tensors where !computed.contains(where: { name.hasSuffix($0) }) {
            let prefixed = ["transformer.", "model.", "gpt_neox.", "bert."].map { $0 + name }.first { own.contains($0) }
            result[own.contains(name) ? name : prefixed ?? name] = tensor
        }
        return result
    }

    /// An error of `load(stateDict:)`, with the file that it is about.
    private static func explained(
        _ error: InputError, in place: String, _ configuration: ConfigurationFields
    ) -> InputError {
        if let name = error.place,
            ["wte.weight", "embed_tokens.weight", "embed_in.weight", "word_embeddings.weight", "lm_head.weight"]
                .contains(where: name.hasSuffix)
        {
            return InputError(
                place, at: "tensor \(name)", error.problem,
                remedy: "vocab_size in \(configuration.path) does not fit these weights")
        }
        return InputError(
            place, at: error.place.map { "tensor \($0)" }, error.problem,
            remedy: "the weights do not belong to \(configuration.path)")
    }

    // MARK: Saving

    /// Writes a model that `languageModel()` reads: `config.json` and `model.safetensors`. The folder is made if
    /// needed.
    ///
    /// - Parameter source: what the model came from, of which the ids of special tokens are kept.
    public static func save(
        _ model: LanguageModel, _ tokenizer: (any Tokenizer)? = nil, to folder: String,
        keeping source: Checkpoint? = nil
    ) throws {
        try saveConfiguration(of: model, to: folder, keeping: source)
        if let tokenizer { try Tokenizers.save(tokenizer, to: folder) }
        let state = model.namedState.map { ($0.name, $0.tensor) }
        try Safetensors.save(state, metadata: ["format": "pt"], to: path(folder, "model.safetensors"))
    }

    /// Writes `config.json`, `tokenizer.json`, and the small files that stay with a model.
    static func saveDescription(
        of model: LanguageModel, _ tokenizer: any Tokenizer, to folder: String, keeping source: Checkpoint?
    ) throws {
        try saveConfiguration(of: model, to: folder, keeping: source)
        try source?.keepFiles(in: folder)
        try Tokenizers.save(tokenizer, to: folder)
    }

    private static func saveConfiguration(
        of model: LanguageModel, to folder: String, keeping source: Checkpoint?
    ) throws {
        try OutputFolder.make(folder)
        let own = model.configurationFields
        let names = Set(own.map(\.name))
        let kept = source?.keptMembers.filter { !names.contains($0.name) } ?? []
        try AtomicFile.write("\(JSON.object(own + kept))\n", to: path(folder, "config.json"))
    }
}
