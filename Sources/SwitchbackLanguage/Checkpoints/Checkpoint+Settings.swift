import Foundation
import Switchback
import SwitchbackFormats

// What a model's folder says beside sizes and weights: how texts end, and how tokens are chosen.

extension Checkpoint {
    private static let generationName = "generation_config.json"

    /// How the model's folder wants text to be generated: the tokens that end one, and what `generation_config.json`
    /// says of the choice of tokens.
    public func generationOptions() throws -> GenerationOptions {
        var options = GenerationOptions()
        let own = try generationFields()
        options.endTokens = Set(try own?.integers("eos_token_id") ?? [])
        if options.endTokens.isEmpty { options.endTokens = Set(try configuration.integers("eos_token_id")) }
        if options.endTokens.isEmpty, let token = try endOfTextInSettings() { options.endTokens = [token] }
        if let own { options.sampling = try Sampling(own) }
        return options
    }

    /// The contents of `generation_config.json`; `nil` if there is none.
    func generationFields() throws -> ConfigurationFields? {
        let path = Checkpoint.path(folder, Checkpoint.generationName)
        return try FileManager.default.fileExists(atPath: path) ? ConfigurationFields(file: path) : nil
    }

    /// The token that `tokenizer_config.json` names as the end of a text.
    private func endOfTextInSettings() throws -> Int? {
        let path = Checkpoint.path(folder, ChatTemplate.settingsName)
        guard FileManager.default.fileExists(atPath: path),
            let text = try ChatTemplate.specialTokens(ConfigurationFields(file: path))["eos_token"]
        else { return nil }
        return try tokenizer().specialToken(text)
    }

    /// Members of `config.json` that a model does not have itself, and that stay with its weights.
    private static let keptNames = ["bos_token_id", "eos_token_id", "pad_token_id"]
    private static let keptFiles = [
        generationName, ChatTemplate.settingsName, ChatTemplate.programName, "special_tokens_map.json",
    ]

    /// The members of `config.json` that stay with the model.
    var keptMembers: [(name: String, value: JSON)] {
        Checkpoint.keptNames.compactMap { name in configuration[name].map { (name, $0) } }
    }

    /// Writes the small files that stay with the model into another folder. What a GGUF file has instead is its chat
    /// template.
    func keepFiles(in other: String) throws {
        if GGUFModel.isFile(folder) {
            try chatTemplate()?.save(to: other)
            return
        }
        for name in Checkpoint.keptFiles {
            // Adapters come with settings of their own, or with none.
            let places = [path, folder].map { Checkpoint.path($0, name) }
            guard let place = places.first(where: FileManager.default.fileExists) else { continue }
            try AtomicFile.write(TextFile.read(place), to: Checkpoint.path(other, name))
        }
    }
}

extension Sampling {
    /// What a `generation_config.json` says; what it does not say is as usual here.
    init(_ fields: ConfigurationFields) throws {
        self.init()
        if try !fields.bool("do_sample", default: true) {
            temperature = 0
            return
        }
        temperature = try fields.number("temperature", default: temperature)
        let mostLikely = try fields.integer("top_k", minimum: 0, default: 0)
        topK = mostLikely == 0 ? nil : mostLikely
        topP = try fields["top_p"] == nil ? nil : fields.number("top_p")
        if topP == 1 { topP = nil }
        minP = try fields["min_p"] == nil ? nil : fields.number("min_p")
        repetitionPenalty = try fields.number("repetition_penalty", default: repetitionPenalty)
        do {
            try check()
        } catch let error as InputError {
            let name = error.subject.replacing("option ", with: "").replacing("-", with: "_")
            throw fields.problem(name, error.problem)
        }
    }
}
