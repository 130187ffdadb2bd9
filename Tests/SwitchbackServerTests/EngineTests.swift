import Foundation
import Switchback
import SwitchbackLanguage
import SwitchbackServer
import Testing

/// Many texts at once, of which some are given up.
struct EngineTests {
    private let tokenizer = CharacterTokenizer(charactersOf: "abcdefghijklmnopqrstuvwxyz ")

    private func model() -> LanguageModel {
        Generator.withDefault(Generator(seed: 3)) {
            GPT2(GPT2Configuration(vocabularySize: 27, contextLength: 400, width: 32, layers: 2, heads: 2)).eval()
        }
    }

    private func options(_ tokens: Int, seed: Int = 0) -> GenerationOptions {
        var options = GenerationOptions()
        options.tokens = tokens
        options.seed = UInt64(seed)
        return options
    }

    private func text(_ request: GenerationRequest) async throws -> (text: String, summary: GenerationSummary?) {
        var text = ""
        for try await event in request.events {
            switch event {
            case .text(let piece): text += piece
            case .score: break
            case .finished(let summary): return (text, summary)
            }
        }
        return (text, nil)
    }

    @Test func everyRequestGetsItsOwnText() async throws {
        let engine = GenerationEngine("test", model(), tokenizer, ServerLimits(), ServerMetrics())
        defer { engine.stop() }
        let own = model()
        let requests = try (0..<40).map {
            try engine.submit(prompt: [$0 % 27, 3], options(5 + 3 * $0, seed: $0))
        }
        for (index, request) in requests.enumerated() {
            let found = try await text(request)
            var generator = TextGenerator(own, tokenizer)
            generator.options = options(5 + 3 * index, seed: index)
            let expected = try generator.generate(tokenizer.decode([index % 27, 3])).text
            #expect(found.text == expected)
            #expect(found.summary?.tokens == 5 + 3 * index && found.summary?.ending == .length)
        }
    }

    /// Prompts that begin alike are read once, and give the same texts to the bit: those of which most is shared in the
    /// midst of a block of reading, and those of which little is.
    @Test(arguments: [300, 100, 257]) func promptsThatBeginAlike(_ length: Int) async throws {
        let beginning = (0..<length).map { ($0 * 7 + $0 / 27) % 27 }
        var limits = ServerLimits()
        func scores(
            _ prompts: [[Int]], _ engine: GenerationEngine
        ) async throws -> (scores: [[TokenScore]], cached: Int) {
            var found: [[TokenScore]] = []
            var cached = 0
            var options = options(20, seed: 4)
            options.scoredAlternatives = 2
            for request in try prompts.map({ try engine.submit(prompt: $0, options) }) {
                var own: [TokenScore] = []
                for try await event in request.events {
                    if case .score(let score) = event { own.append(score) }
                    if case .finished(let summary) = event { cached += summary.cachedTokens }
                }
                found.append(own)
            }
            return (found, cached)
        }
        let prompts = (0..<5).map { number in beginning + [number, 3, number + 5] + (0..<10 * number).map { $0 % 27 } }
        limits.prefixBytes = 0
        let plain = GenerationEngine("plain", model(), tokenizer, limits, ServerMetrics())
        defer { plain.stop() }
        var expected: [[TokenScore]] = []
        for prompt in prompts { expected += try await scores([prompt], plain).scores }
        limits.prefixBytes = 8 << 20
        let engine = GenerationEngine("test", model(), tokenizer, limits, ServerMetrics())
        defer { engine.stop() }
        let together = try await scores(prompts, engine)
        // For the last few tokens that another one is about to read, nobody waits.
        let saved = 4 * (length - PrefixCache.shortest)...4 * length
        #expect(together.scores == expected && saved.contains(together.cached))
        let later = try await scores(prompts, engine)
        #expect(later.scores == expected && later.cached >= 5 * (length - PrefixCache.shortest))
        // The whole conversation so far, and the next question.
        let conversation = prompts[1] + expected[1].map(\.token) + [9, 9]
        let longer = try await scores([conversation], engine)
        #expect(try await longer.scores == scores([conversation], plain).scores && longer.cached == prompts[1].count)
    }

    /// What is computed, as `/metrics` tells it: a long prompt is read in blocks, and what was read before not again.
    @Test func whatIsComputed() async throws {
        let metrics = ServerMetrics()
        let engine = GenerationEngine("test", model(), tokenizer, ServerLimits(), metrics)
        defer { engine.stop() }
        func figures() -> [Int] {
            ["prompt_tokens", "cached_tokens", "generated_tokens", "steps"].map { name in
                let line = metrics.text.split(separator: "\n").first { $0.hasPrefix("switchback_\(name)_total ") }
                return line.flatMap { Int($0.split(separator: " ")[1]) } ?? -1
            }
        }
        let prompt = (0..<300).map { ($0 * 7 + $0 / 27) % 27 }
        let first = try await text(engine.submit(prompt: prompt, options(5))).text
        // Two blocks, of which the second gives the first token, and a step for each of the others.
        #expect(LanguageModel.readingBlock == 256 && figures() == [300, 0, 5, 6])
        // Two tokens of the prompt are read again.
        #expect(try await text(engine.submit(prompt: prompt, options(5))).text == first)
        #expect(figures() == [600, 298, 10, 11])
    }

    /// The same for sizes at which products take the paths of larger models.
    @Test func widerPromptsThatBeginAlike() async throws {
        let make = {
            Generator.withDefault(Generator(seed: 3)) {
                GPT2(GPT2Configuration(vocabularySize: 1000, contextLength: 200, width: 192, layers: 1, heads: 3))
                    .eval()
            }
        }
        var found: [[[TokenScore]]] = []
        for bytes in [0, 64 << 20] {
            var limits = ServerLimits()
            limits.prefixBytes = bytes
            let engine = GenerationEngine("test", make(), tokenizer, limits, ServerMetrics())
            defer { engine.stop() }
            var options = options(6, seed: 4)
            options.scoredAlternatives = 1
            var scores: [[TokenScore]] = []
            for number in 0..<4 {
                let prompt = (0..<90).map { ($0 * 7) % 27 } + (0..<(1 + 3 * number)).map { $0 % 20 + number }
                var own: [TokenScore] = []
                for try await event in try engine.submit(prompt: prompt, options).events {
                    if case .score(let score) = event { own.append(score) }
                }
                scores.append(own)
            }
            found.append(scores)
        }
        #expect(found[0] == found[1])
    }

    @Test func theCacheOfPromptsIsBounded() throws {
        let model = model()
        // Two layers, keys and values of 32 numbers for each token.
        let perToken = 2 * 2 * 32 * 4
        let cache = PrefixCache(limit: 200 * perToken)
        for number in 0..<10 {
            let text = try Continuation(
                model, tokenizer, prompt: (0..<50).map { ($0 * number + number) % 27 }, options(2))
            while text.ending == nil { _ = try model.advance([text])[0].get() }
            cache.keep(text)
            #expect(cache.byteCount <= 200 * perToken)
        }
        #expect(cache.byteCount > 100 * perToken)
        #expect(cache.best(for: (0..<60).map { ($0 * 9 + 9) % 27 }, among: []) != nil)
        #expect(cache.best(for: (0..<60).map { _ in 26 }, among: []) == nil)
    }

    /// What a model cannot compute ends the text that it was asked for, and the server goes on.
    @Test func aModelThatFailsEndsItsTextAlone() async throws {
        let engine = GenerationEngine("test", model(), tokenizer, ServerLimits(), ServerMetrics())
        defer { engine.stop() }
        for _ in 0..<3 {
            let wrong = try engine.submit(prompt: [99], options(5))
            let error = await #expect(throws: APIError.self) { try await text(wrong) }
            #expect(error?.message.contains("embedding") == true, "\(String(describing: error))")
            let right = try engine.submit(prompt: [1, 3], options(5))
            #expect(try await text(right).summary?.tokens == 5)
        }
    }

    @Test func aFullQueueIsRefused() async throws {
        var limits = ServerLimits()
        limits.parallel = 1
        limits.queue = 2
        let engine = GenerationEngine("test", model(), tokenizer, limits, ServerMetrics())
        defer { engine.stop() }
        var accepted: [GenerationRequest] = []
        var refusal: APIError?
        for _ in 0..<10 {
            do { accepted.append(try engine.submit(prompt: [1], options(300))) } catch { refusal = error as? APIError }
        }
        #expect(refusal?.status == .tooManyRequests && (2...3).contains(accepted.count))
        // Those that are given up leave their places at once.
        for request in accepted { request.cancel() }
        for request in accepted {
            let summary = try await text(request).summary
            #expect(summary?.ending == .cancelled && (summary?.tokens ?? 300) < 300)
        }
        #expect(try await text(engine.submit(prompt: [1], options(3))).text.count == 3)
    }

    @Test func timeIsLimited() async throws {
        var limits = ServerLimits()
        limits.parallel = 1
        limits.seconds = 0.05
        let engine = GenerationEngine("test", model(), tokenizer, limits, ServerMetrics())
        defer { engine.stop() }
        let requests = try (0..<30).map { _ in try engine.submit(prompt: [1], options(390)) }
        var statuses: Set<Int> = []
        for request in requests {
            do { _ = try await text(request) } catch let error as APIError { statuses.insert(Int(error.status.code)) }
        }
        #expect(statuses.isSubset(of: [503, 504]) && statuses.contains(503))
    }

    @Test func damagedWeightsAreAnError() async throws {
        let model = model()
        noGrad { model.outputWeight.copy(from: Tensor.full([27, 32], Double.nan)) }
        let engine = GenerationEngine("test", model, tokenizer, ServerLimits(), ServerMetrics())
        let request = try engine.submit(prompt: [1], options(5))
        let error = await #expect(throws: APIError.self) { try await text(request) }
        #expect(error?.status == .internalServerError && error?.message.contains("damaged") == true)
        engine.stop()
        #expect(throws: APIError.self) { try engine.submit(prompt: [1], options(5)) }
    }
}
