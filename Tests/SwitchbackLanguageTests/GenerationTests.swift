import Foundation
import Switchback
import SwitchbackLanguage
import TestSupport
import Testing

struct GenerationTests {
    private func tinyModel(context: Int = 16) -> LanguageModel {
        Generator.withDefault(Generator(seed: 3)) {
            GPT2(GPT2Configuration(vocabularySize: 27, contextLength: context, width: 16, layers: 2, heads: 2))
        }
    }

    private let tokenizer = CharacterTokenizer(charactersOf: "abcdefghijklmnopqrstuvwxyz ")

    /// The probabilities of the sampling options, on odds that can be followed by hand.
    @Test func samplingOptions() throws {
        let logits = [0.5, 0.25, 0.125, 0.125].map { Float(log($0)) }
        func probabilities(_ change: (inout Sampling) -> Void, occurred: [Int: Int] = [:]) throws -> [Int: Double] {
            var sampling = Sampling()
            change(&sampling)
            let found = try sampling.candidates(logits: logits, occurred: occurred)
            #expect(abs(found.reduce(0) { $0 + $1.probability } - 1) < 1e-12)
            return Dictionary(uniqueKeysWithValues: found.map { ($0.token, ($0.probability * 1000).rounded() / 1000) })
        }
        #expect(try probabilities { _ in } == [0: 0.5, 1: 0.25, 2: 0.125, 3: 0.125])
        #expect(try probabilities { $0.temperature = 0 } == [0: 1])
        #expect(try probabilities { $0.temperature = 0.5 } == [0: 0.727, 1: 0.182, 2: 0.045, 3: 0.045])
        #expect(try probabilities { $0.topK = 3 } == [0: 0.571, 1: 0.286, 2: 0.143])
        #expect(try probabilities { $0.topP = 0.7 } == [0: 0.667, 1: 0.333])
        #expect(try probabilities { $0.minP = 0.4 } == [0: 0.667, 1: 0.333])
        // log 0.5 · 2 is log 0.25.
        #expect(
            try probabilities({ $0.repetitionPenalty = 2 }, occurred: [0: 0])
                == [0: 0.333, 1: 0.333, 2: 0.167, 3: 0.167])
    }

    /// OpenAI's formula, on logits that can be followed by hand: what was written counts, the prompt does not.
    @Test func countedTokensAndBias() throws {
        let same: [Float] = [1, 1, 1, 1]
        func logits(after occurred: [Int: Int], _ change: (inout Sampling) -> Void) throws -> [Int: Double] {
            var sampling = Sampling()
            change(&sampling)
            let found = try sampling.candidates(logits: same, occurred: occurred)
            let base = found.first { $0.token == 3 }.map { log($0.probability) } ?? .nan
            return Dictionary(
                uniqueKeysWithValues: found.map { ($0.token, ((log($0.probability) - base) * 1e6).rounded() / 1e6) })
        }
        let occurred = [0: 2, 1: 1, 2: 0]
        #expect(try logits(after: occurred) { $0.presencePenalty = 0.5 } == [0: -0.5, 1: -0.5, 2: 0, 3: 0])
        #expect(try logits(after: occurred) { $0.frequencyPenalty = 0.5 } == [0: -1, 1: -0.5, 2: 0, 3: 0])
        #expect(try logits(after: occurred) { $0.bias = [2: 2, 99: 1] } == [0: 0, 1: 0, 2: 2, 3: 0])
        var sampling = Sampling()
        sampling.presencePenalty = 3
        #expect(throws: InputError.self) { try sampling.check() }
    }

    /// The log-probabilities are those of the model, whatever is done to the choice.
    @Test func scoresOfTokens() throws {
        let model = tinyModel().eval()
        var options = GenerationOptions()
        options.tokens = 6
        options.scoredAlternatives = 3
        options.sampling.temperature = 0.3
        options.sampling.bias = [4: 5]
        let prompt = [7, 4, 11]
        let text = try Continuation(model, tokenizer, prompt: prompt, options)
        var scores: [TokenScore] = []
        while text.ending == nil {
            _ = try model.advance([text])[0].get()
            scores += text.takeScores()
        }
        #expect(scores.count == 6 && text.takeScores().isEmpty)
        var tokens = prompt
        for score in scores {
            let logits = noGrad { model(Tensor(tokens, shape: [1, tokens.count])) }
            let expected = logits.select(dim: 1, index: tokens.count - 1).logSoftmax(dim: -1).toArray(as: Double.self)
            #expect(abs(score.logProbability - expected[score.token]) < 1e-4)
            let best = expected.indices.sorted { expected[$0] > expected[$1] }.prefix(3)
            #expect(score.alternatives.map(\.token) == Array(best))
            tokens.append(score.token)
        }
    }

    @Test func logitsThatAreNoNumbers() {
        #expect(throws: InputError.self) { try Sampling().candidates(logits: [0, .nan], occurred: [:]) }
    }

    /// With the same seed the same text, which streams out in pieces; with more tokens than the context holds, too.
    @Test func generating() throws {
        let model = tinyModel()
        var generator = TextGenerator(model, tokenizer)
        generator.options.seed = 5
        var streamed = ""
        let first = try generator.generate("hello", tokens: 40) { piece in
            streamed += piece
            return true
        }
        #expect(first.tokens == 40 && first.text.count == 40 && streamed == first.text && first.ending == .length)
        #expect(try generator.generate("hello", tokens: 40).text == first.text)
        generator.options.seed = 6
        #expect(try generator.generate("hello", tokens: 40).text != first.text)
        let stop = String(first.text.dropFirst(10).prefix(3))
        generator.options.seed = 5
        generator.options.stopWords = [stop]
        let stopped = try generator.generate("hello", tokens: 40)
        #expect(stopped.ending == .stop && !stopped.text.contains(stop) && first.text.hasPrefix(stopped.text))
    }

    /// Reading a prompt in blocks and from the cache gives the logits that reading all at once gives.
    @Test func cacheAgreesWithReadingAtOnce() throws {
        let lstm = LSTMLanguageModel(LSTMConfiguration(vocabularySize: 27, contextLength: 16, width: 16, layers: 2))
        let llama = Llama(
            LlamaConfiguration(
                vocabularySize: 27, contextLength: 16, width: 16, layers: 2, heads: 4, keyValueHeads: 2))
        let tokens = Tensor.randint(0..<27, [2, 12], generator: Generator(seed: 1))
        for model in [tinyModel(), lstm, llama] {
            model.eval()
            let whole = noGrad { model(tokens) }
            let memory = model.makeMemory(batch: 2, capacity: 12)
            var start = 0
            for length in [5, 4, 1, 2] {
                let part = tokens.narrow(dim: 1, start: start, length: length)
                let logits = noGrad { model.nextLogits(part, memory: memory) }
                start += length
                let expected = whole.select(dim: 1, index: start - 1)
                #expect((logits - expected).abs().max().item() < 1e-5, "\(type(of: model))")
            }
        }
    }

    /// Of a prompt that is longer than the context, the end is read.
    @Test func promptsThatAreTooLong() throws {
        var generator = TextGenerator(tinyModel(context: 8), tokenizer)
        generator.options.sampling.temperature = 0
        let cut = try generator.generate("hello hello", tokens: 5)
        #expect(cut.promptTokens == 8)
        #expect(cut.text == (try generator.generate("lo hello", tokens: 5).text))
    }

    /// What a reader sees as one character can hold the end of a stop text.
    @Test func stopTextsAreCompared() throws {
        let tokenizer = CharacterTokenizer(charactersOf: "a\r\n")
        var generator = TextGenerator(tinyModel(context: 8), tokenizer)
        generator.options.stopWords = ["\n"]
        for seed in 0..<20 {
            generator.options.seed = UInt64(seed)
            let result = try generator.generate("a", tokens: 30)
            #expect(
                !result.text.unicodeScalars.contains("\n")
                    && result.ending == (result.tokens < 30 ? .stop : result.ending))
        }
    }
}
