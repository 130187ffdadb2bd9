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
