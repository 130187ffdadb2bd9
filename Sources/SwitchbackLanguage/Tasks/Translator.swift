import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackTraining

/// A translation model, with the tokenizers of both languages.
public struct Translator {
    public let model: EncoderDecoder
    let source, target: any Tokenizer
    private var rules: BeamSearch.Rules
    /// Whether a model of others reads what its tokenizer puts around a text; one trained here reads its end.
    private let readsMarks: Bool

    /// How many translations are followed at the same time; 1 takes the most likely word each time.
    public var beam: Int {
        get { rules.beam }
        set { rules.beam = newValue }
    }

    /// A model that was trained here.
    init(_ model: EncoderDecoder, source: any Tokenizer, target: any Tokenizer) {
        self.model = model
        self.source = source
        self.target = target
        let mark = target.endOfText ?? 0
        rules = BeamSearch.Rules(start: mark, ends: [mark], beam: 4, normalization: .wu(0.6), stopsEarly: true)
        readsMarks = false
    }

    /// Tokenizers learned from a text, and a model with fresh weights from the default generator.
    public init(
        learningFrom text: ParallelText, vocabularySize: Int = 8000, layers: Int = 3, width: Int = 256,
        dropout: Double = 0.1
    ) throws {
        func tokenizer(_ sentences: [String]) throws -> any Tokenizer {
            try BytePairTokenizer.train(on: sentences.joined(separator: "\n"), vocabularySize: vocabularySize)
        }
        let (source, target) = (try tokenizer(text.sources), try tokenizer(text.targets))
        let sizes = SequenceToSequenceConfiguration(
            sourceVocabulary: source.vocabularySize, targetVocabulary: target.vocabularySize, width: width,
            layers: layers, heads: max(1, width / 32), feedForward: 4 * width, dropout: dropout)
        self.init(SequenceToSequence(sizes), source: source, target: target)
    }

    func sourceTokens(_ sentence: String) throws -> [Int] {
        if readsMarks { return try source.encode(sentence, addingSpecialTokens: true) }
        return try source.encode(sentence) + [source.endOfText ?? 0]
    }

    func targetTokens(_ sentence: String) throws -> [Int] {
        try [rules.start] + target.encode(sentence) + [target.endOfText ?? 0]
    }

    // MARK: Translating

    /// The most likely translation that beam search finds.
    ///
    /// Throws `InputError` where the sentence is longer than the model can read.
    public func translate(_ sentence: String) throws -> String {
        if sentence.allSatisfy(\.isWhitespace) { return "" }
        let tokens = try translate(tokens: sourceTokens(sentence))
        return target.decode(tokens.filter { !target.isSpecial($0) && !rules.ends.contains($0) })
            .trimmingCharacters(in: .whitespaces)
    }

    /// The tokens of the most likely translation of tokens.
    public func translate(tokens: [Int]) throws -> [Int] {
        if let limit = model.contextLength, tokens.count > limit {
            throw InputError(
                "sentence", "it has \(tokens.count) tokens, and the model reads up to \(limit)",
                remedy: "cut it into shorter ones")
        }
        return noGrad {
            let backend = model.backend
            let memory = model.encode(Tensor([tokens]).to(backend))
            let search = BeamSearch(rules: rules) { sequences in
                model.nextLogits(
                    Tensor(sequences).to(backend), memory.expand(to: sequences.count, memory.size(1), memory.size(2)))
            }
            return search.best(read: tokens.count)
        }
    }

    /// The BLEU of translations of a text.
    ///
    /// - Parameter beforeEach: called before each sentence; what it throws ends the work.
    public func bleu(on text: ParallelText, beforeEach: () throws -> Void = {}) throws -> BLEU {
        model.eval()
        let translations = try text.sources.map { sentence in
            try beforeEach()
            return try translate(sentence)
        }
        return BLEU(translations, references: text.targets)
    }

    // MARK: As a folder

    private static func path(_ folder: String, _ name: String) -> String {
        Folder.join(folder, name)
    }

    /// Writes everything but the weights into the folder of a training that starts.
    public func describe(_ event: TrainingEvent) throws -> TrainingDecision {
        guard case .started(let start) = event, let folder = start.folder?.path else { return .continue }
        try AtomicFile.write("\(JSON.object(model.configurationFields))\n", to: Translator.path(folder, "config.json"))
        try AtomicFile.write("\(source.file)\n", to: Translator.path(folder, "source-tokenizer.json"))
        try AtomicFile.write("\(target.file)\n", to: Translator.path(folder, "target-tokenizer.json"))
        return .continue
    }

    /// The translator of a run's folder, or of a folder in Hugging Face's format with a T5, BART, mBART or Marian.
    public static func load(_ folder: String) throws -> Translator {
        let fields = try ConfigurationFields(file: path(folder, "config.json"))
        guard try fields.string("model_type", default: "").isExactly(SequenceToSequenceConfiguration.modelType) else {
            return try Translator(checkpoint: Checkpoint(folder))
        }
        let weights = path(folder, "weights/best.safetensors")
        let tensors = try Safetensors.load(weights)
        let sizes = try SequenceToSequenceConfiguration(fields)
        try fields.checkSizes(against: tensors)
        let model = SequenceToSequence(sizes)
        do {
            try model.load(stateDict: tensors)
        } catch let error as InputError where error.subject == "state dictionary" {
            throw InputError(weights, at: error.place, error.problem, remedy: "it does not belong to config.json")
        }
        model.eval()
        return Translator(
            model, source: try Tokenizers.load(path(folder, "source-tokenizer.json")),
            target: try Tokenizers.load(path(folder, "target-tokenizer.json")))
    }

    private init(checkpoint: Checkpoint) throws {
        let folder = checkpoint.folder
        model = try checkpoint.encoderDecoder()
        let pair = Translator.path(folder, MarianTokenizer.source)
        if FileManager.default.fileExists(atPath: pair) {
            source = try MarianTokenizer(folder, side: MarianTokenizer.source)
            target = try MarianTokenizer(folder, side: MarianTokenizer.target)
        } else {
            source = try Tokenizers.load(folder)
            target = source
        }
        let configuration = checkpoint.configuration
        rules = try BeamSearch.Rules(checkpoint.generationFields() ?? configuration, configuration)
        if let limit = model.contextLength { rules.longest = min(rules.longest ?? limit, limit) }
        readsMarks = true
        let count = max(source.vocabularySize, target.vocabularySize)
        guard count <= model.outputWeight.size(0) else {
            throw InputError(
                folder, "its tokenizer has \(count) tokens, and the model only \(model.outputWeight.size(0))",
                remedy: "they belong to different models")
        }
    }
}
