import Foundation
import Switchback
import SwitchbackLanguage
import TestSupport
import Testing

/// Texts that are written together are those that are written alone.
struct BatchingTests {
    private let tokenizer = CharacterTokenizer(charactersOf: "abcdefghijklmnopqrstuvwxyz ")
    private let prompts = ["hello", "a", "the quick brown fox jumps over the lazy dog", "to be or not", "zzz"]

    private func model(_ name: String) -> LanguageModel {
        Generator.withDefault(Generator(seed: 3)) {
            switch name {
            case "gpt": GPT2(GPT2Configuration(vocabularySize: 27, contextLength: 96, width: 32, layers: 2, heads: 2))
            case "llama":
                Llama(
                    LlamaConfiguration(
                        vocabularySize: 27, contextLength: 96, width: 32, layers: 2, heads: 4, keyValueHeads: 2))
            default:
                LSTMLanguageModel(LSTMConfiguration(vocabularySize: 27, contextLength: 96, width: 32, layers: 2))
            }
        }.eval()
    }

    private func options(_ index: Int, temperature: Double) -> GenerationOptions {
        var options = GenerationOptions()
        options.sampling.temperature = temperature
        options.tokens = 12 + 7 * index
        options.seed = UInt64(index)
        return options
    }

    @Test(arguments: ["gpt", "llama", "lstm"], [0.0, 1.0])
    func theSameTokensAsAlone(name: String, temperature: Double) throws {
        let model = model(name)
        let alone = try prompts.enumerated().map { index, prompt in
            var generator = TextGenerator(model, tokenizer)
            generator.options = options(index, temperature: temperature)
            return try generator.generate(prompt).text
        }
        // They begin one after another, so that prompts are read while others are written.
        var texts: [Continuation] = []
        for step in 0..<100 {
            if step % 3 == 0, texts.count < prompts.count {
                texts.append(
                    try Continuation(
                        model, tokenizer, prompt: tokenizer.promptTokens(prompts[texts.count]),
                        options(texts.count, temperature: temperature)))
            }
            for result in model.advance(texts.filter { $0.ending == nil }) { _ = try result.get() }
        }
        #expect(texts.map(\.text) == alone)
        #expect(texts.allSatisfy { $0.ending == .length })
    }

    /// A prompt longer than what is read at once comes in pieces, and holds up nobody.
    @Test func longPromptsAreReadInPieces() throws {
        let model = Generator.withDefault(Generator(seed: 3)) {
            GPT2(GPT2Configuration(vocabularySize: 27, contextLength: 700, width: 16, layers: 1, heads: 2)).eval()
        }
        let long = String(repeating: "hello there ", count: 50)
        var options = GenerationOptions()
        options.tokens = 8
        let alone = try TextGenerator(model, tokenizer).generate(long, tokens: 8).text
        let texts = try [long, "hi", long].map {
            try Continuation(model, tokenizer, prompt: tokenizer.promptTokens($0), options)
        }
        _ = model.advance(texts)
        #expect(texts.map(\.tokenCount) == [0, 0, 0])
        for _ in 0..<20 { _ = model.advance(texts.filter { $0.ending == nil }) }
        #expect(texts[0].text == alone && texts[2].text == alone && texts[1].ending == .length)
    }

    /// A conversation that continues reads only what is new, and gives what reading all of it gives.
    @Test func memoryIsTakenOver() throws {
        let model = model("llama")
        var options = GenerationOptions()
        options.sampling.temperature = 0
        options.tokens = 10
        func written(_ prompt: String, after previous: Continuation? = nil) throws -> Continuation {
            let text = try Continuation(
                model, tokenizer, prompt: tokenizer.promptTokens(prompt), options, after: previous)
            while text.ending == nil { _ = try model.advance([text])[0].get() }
            return text
        }
        let first = try written("good morning ")
        let more = "good morning " + first.text + " and good night"
        let alone = try written(more).text
        #expect(try written(more, after: first).text == alone)
        // Another beginning altogether.
        let other = try written("what else", after: try written(more)).text
        #expect(try other == written("what else").text)
    }

    /// Weights that are not numbers fail their own text with a sentence, and stop nothing else.
    @Test func logitsThatAreNoNumbers() throws {
        let model = model("gpt")
        let text = try Continuation(model, tokenizer, prompt: [1, 2], GenerationOptions())
        noGrad { model.outputWeight.copy(from: Tensor.full([27, 32], Double.nan)) }
        let error = #expect(throws: InputError.self) { try model.advance([text])[0].get() }
        #expect(error?.description.contains("the weights are damaged") == true)
    }
}
