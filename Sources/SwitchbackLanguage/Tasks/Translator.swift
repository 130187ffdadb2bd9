import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackTraining

/// A translation model, with the tokenizers of both languages.
public struct Translator {
    public let model: SequenceToSequence
    let source, target: any Tokenizer
    /// How many translations are followed at the same time; 1 takes the most likely word each time.
    public var beam = 4

    init(_ model: SequenceToSequence, source: any Tokenizer, target: any Tokenizer) {
        self.model = model
        self.source = source
        self.target = target
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

    /// The token that begins and ends a translation.
    private var mark: Int { target.endOfText ?? 0 }

    func sourceTokens(_ sentence: String) throws -> [Int] {
        try source.encode(sentence) + [source.endOfText ?? 0]
    }

    func targetTokens(_ sentence: String) throws -> [Int] { try [mark] + target.encode(sentence) + [mark] }

    // MARK: Translating

    private struct Hypothesis {
        var tokens: [Int]
        /// log p of the tokens together.
        var score: Double

        /// By which translations of different lengths are compared (Wu et al., 2016, equation 14, with α = 0.6).
        var normalized: Double { score / pow((5 + Double(tokens.count)) / 6, 0.6) }
    }

    /// The most likely translation that beam search finds.
    public func translate(_ sentence: String) throws -> String {
        if sentence.allSatisfy(\.isWhitespace) { return "" }
        let tokens = try sourceTokens(sentence)
        let best = noGrad { search(tokens) }
        return target.decode(best.tokens.filter { $0 != mark }).trimmingCharacters(in: .whitespaces)
    }

    private func search(_ tokens: [Int]) -> Hypothesis {
        let backend = model.backend
        let memory = model.encode(Tensor([tokens]).to(backend))
        var open = [Hypothesis(tokens: [mark], score: 0)]
        var finished: [Hypothesis] = []
        for _ in 0..<2 * tokens.count + 10 {
            let logits = model.nextLogits(
                Tensor(open.map(\.tokens)).to(backend), memory.expand(to: open.count, memory.size(1), memory.size(2)))
            let (values, indices) = logits.logSoftmax(dim: 1).topK(min(2 * beam, logits.size(1)), dim: 1)
            let (scores, words) = (values.toArray(as: Double.self), indices.toArray(as: Int.self))
            let width = values.size(1)
            let continued = scores.indices.map { i in
                Hypothesis(tokens: open[i / width].tokens + [words[i]], score: open[i / width].score + scores[i])
            }.sorted { $0.score > $1.score }
            finished += continued.prefix(beam).filter { $0.tokens.last == mark }
            open = Array(continued.filter { $0.tokens.last != mark }.prefix(beam))
            if finished.count >= beam || open.isEmpty { break }
        }
        return (finished.isEmpty ? open : finished).max { $0.normalized < $1.normalized } ?? open[0]
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
        try AtomicFile.write("\(JSON.object(model.sizes.fields))\n", to: Translator.path(folder, "config.json"))
        try AtomicFile.write("\(source.file)\n", to: Translator.path(folder, "source-tokenizer.json"))
        try AtomicFile.write("\(target.file)\n", to: Translator.path(folder, "target-tokenizer.json"))
        return .continue
    }

    /// The translator of a run's folder.
    public static func load(_ folder: String) throws -> Translator {
        let fields = try ConfigurationFields(file: path(folder, "config.json"))
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
}
