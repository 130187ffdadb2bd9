import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackLanguage
import SwitchbackTraining
import TestSupport
import Testing

/// Tuning on preferences between answers.
@Suite(.seeded()) struct PreferenceTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    // MARK: Data

    private func pairs(_ text: String, _ name: String = "pairs.jsonl") throws -> [[[ChatMessage]]] {
        var found: [[[ChatMessage]]] = []
        try PreferenceData(folder.write(text, to: name)).forEach { found.append([$0.messages, $1.messages]) }
        return found
    }

    /// The same pair in each of the forms in which data sets have it.
    @Test func formsOfData() throws {
        var question = ChatMessage(.user, "Hi")
        question.isLearned = false
        let expected = [[question, ChatMessage(.assistant, "yes")], [question, ChatMessage(.assistant, "no")]]
        let user = #"{"role": "user", "content": "Hi"}"#
        let (yes, no) = (
            #"{"role": "assistant", "content": "yes"}"#, #"{"role": "assistant", "content": "no"}"#
        )
        for (text, name) in [
            (#"{"prompt": "Hi", "chosen": "yes", "rejected": "no"}"#, "a.jsonl"),
            ("\u{FEFF}{\"prompt\": \"Hi\", \"chosen\": \"yes\", \"rejected\": \"no\"}\r\n", "b.jsonl"),
            (#"{"question": "Hi", "chosen": "yes", "rejected": "no"}"#, "c.jsonl"),
            (#"{"prompt": [\#(user)], "chosen": [\#(yes)], "rejected": [\#(no)]}"#, "d.jsonl"),
            (#"{"chosen": [\#(user), \#(yes)], "rejected": [\#(user), \#(no)]}"#, "e.jsonl"),
            (#"{"prompt": "Hi", "chosen": [\#(user), \#(yes)], "rejected": [\#(user), \#(no)]}"#, "f.jsonl"),
            (#"[{"prompt": [\#(user)], "chosen": "yes", "rejected": "no"}]"#, "g.json"),
            ("prompt,chosen,rejected\nHi,yes,no\n", "h.csv"),
        ] { #expect(try pairs(text, name) == [expected], "\(name)") }
        let system = try pairs(#"{"system": "Be kind.", "prompt": "Hi", "chosen": "yes", "rejected": "no"}"#)
        #expect(system[0].allSatisfy { $0.count == 3 && $0[0].role == .system && !$0[0].isLearned })
        // Earlier answers that both conversations have belong to the question.
        let turns = "[\(user), \(yes), \(user)"
        let longer = try pairs(#"{"chosen": \#(turns), \#(yes)], "rejected": \#(turns), \#(no)]}"#)
        #expect(longer[0].allSatisfy { $0.map(\.isLearned) == [false, false, false, true] })
    }

    @Test func allBadLinesAreNamed() throws {
        let lines = [
            "{", #"{"chosen": "a", "rejected": "b"}"#, #"{"prompt": "a", "chosen": "b"}"#,
            #"{"prompt": "a", "chosen": 5, "rejected": "b"}"#, #"{"prompt": "a", "chosen": "", "rejected": "b"}"#,
            #"{"prompt": "a", "chosen": [{"role": "user", "content": "b"}], "rejected": "b"}"#,
            #"{"prompt": "a", "chosen": [{"role": "asistant", "content": "b"}], "rejected": "b"}"#,
            #"{"prompt": "a", "chosen": "b", "rejected": "c"}"#,
        ]
        let error = #expect(throws: InputError.self) { try pairs(lines.joined(separator: "\n")) }
        let text = error?.description ?? ""
        for sentence in [
            "7 of 8 lines cannot be used", "line 1, byte", "line 2, field prompt: it is missing",
            "line 3, field rejected: it is missing", "line 4, field chosen: a text or a list of messages is needed",
            "line 5, field chosen: it has no message of the assistant", "line 6, field chosen: it has no message",
            "did you mean assistant?",
        ] { #expect(text.contains(sentence), "\(text)") }
        #expect(throws: InputError.self) { try pairs("\n") }
    }

    // MARK: The loss

    private struct Expected: Decodable {
        struct Pair: Decodable { let prompt, chosen, rejected: String }
        struct Case: Decodable {
            let labelSmoothing: Double
            let losses: [Double]
            let rewards: [[Double]]
            let gradNorm: [String: Double]
        }

        let characters: String
        let beta: Double
        let heldOut: Int
        let pairs: [Pair]
        let cases: [Case]
    }

    /// Losses, rewards and gradients beside PyTorch's (`make_preferences.py`).
    @Test func lossAndGradients() throws {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let expected = try decoder.decode(
            Expected.self, from: Data(contentsOf: fixtureFolder.appendingPathComponent("preferences.json")))
        let lines = expected.pairs.map {
            #"{"prompt": "\#($0.prompt)", "chosen": "\#($0.chosen)", "rejected": "\#($0.rejected)"}"#
        }
        let data = try PreferenceData(folder.write(lines.joined(separator: "\n"), to: "pairs.jsonl"))
        let checkpoint = try Checkpoint(fixtureFolder.appendingPathComponent("models/llama-tiny").path)
        let (model, reference) = (try checkpoint.languageModel().eval(), try checkpoint.languageModel())
        noGrad { for parameter in reference.parameters { parameter.copy(from: parameter * 0.9) } }

        for one in expected.cases {
            let task = try PreferenceTask(
                model, CharacterTokenizer(charactersOf: expected.characters), ChatTemplate(.plain), on: data,
                PreferenceLoss(beta: expected.beta, labelSmoothing: one.labelSmoothing), batchSize: 3)
            try task.measureReference(reference)
            let measured = try task.validate()
            let (chosen, rejected) = (one.rewards[expected.heldOut][0], one.rewards[expected.heldOut][1])
            for (name, value) in [
                ("loss", one.losses[expected.heldOut]), ("chosen", chosen), ("rejected", rejected),
                ("margin", chosen - rejected), ("accuracy", chosen > rejected ? 1 : 0),
            ] { #expect(abs(try #require(measured[name]) - value) < 2e-5, "\(name)") }

            let next = task.source.batches(epoch: 0)
            let loss = task.loss(try #require(try next()))
            let trained = one.losses.indices.filter { $0 != expected.heldOut }.map { one.losses[$0] }
            #expect(loss.count == 3 && abs(loss.total.item() - trained.reduce(0, +) / 3) < 2e-5)
            let margins = one.rewards.indices.filter { $0 != expected.heldOut }.map {
                one.rewards[$0][0] - one.rewards[$0][1]
            }
            let items = Dictionary(uniqueKeysWithValues: loss.items.map { ($0.name, $0.value.item()) })
            #expect(abs(try #require(items["margin"]) - margins.reduce(0, +) / 3) < 2e-5)
            #expect(abs(try #require(items["accuracy"]) - Double(margins.count { $0 > 0 }) / 3) < 1e-6)

            for parameter in model.parameters { parameter.zeroGrad() }
            loss.total.backward()
            let largest = one.gradNorm.values.max() ?? 0
            #expect(Set(model.namedParameters.map(\.name)) == Set(one.gradNorm.keys))
            for (name, parameter) in model.namedParameters {
                let norm = parameter.grad.map { $0.square().sum().sqrt().item() } ?? 0
                #expect(abs(norm - (one.gradNorm[name] ?? .nan)) < 2e-5 * largest, "\(name)")
            }
        }
    }

    /// Logits that are made in pieces give what all at once give, gradients included.
    @Test func logProbabilitiesInPieces() {
        let model = GPT2(
            GPT2Configuration(vocabularySize: 1 << 20, contextLength: 24, width: 4, layers: 1, heads: 1))
        let tokens = Tensor([(0..<20).map { $0 * 7 }])
        let targets = Tensor([(0..<20).map { $0 == 3 ? -100 : $0 * 11 }])
        let places = (0..<20).filter { $0 != 3 }
        let sum = model.logProbabilities(of: Tensor(places.map { $0 * 11 }), at: Tensor(places), in: tokens)
        sum.sum().backward()
        let found = model.parameters.map { $0.grad.map { $0.square().sum().item() } ?? 0 }
        for parameter in model.parameters { parameter.zeroGrad() }
        let whole = model.loss(tokens, targets: targets) * -19
        #expect(abs(sum.item() - whole.item()) < 1e-4 * abs(whole.item()))
        whole.backward()
        for (one, parameter) in zip(found, model.parameters) {
            let other = parameter.grad.map { $0.square().sum().item() } ?? 0
            #expect(abs(one - other) <= 1e-4 * other)
        }
    }

    // MARK: Training

    /// Small answers about colors, of which the right one is preferred.
    private func configuration(lora: Int? = nil) throws -> PreferenceConfiguration {
        let answers = ["red": "apple", "yellow": "lemon", "green": "pear"]
        let lines = (0..<24).map { index in
            let color = answers.keys.sorted()[index % 3]
            let wrong = answers.keys.sorted()[(index + 1) % 3]
            return #"{"prompt": "what is \#(color)", "chosen": "the \#(answers[color] ?? "")", "#
                + #""rejected": "the \#(answers[wrong] ?? "")"}"#
        }
        var configuration = PreferenceConfiguration()
        configuration.data = try folder.write(lines.joined(separator: "\n"), to: "colors.jsonl")
        configuration.from = try folder.saveChatModel(width: 32)
        configuration.lora = lora
        configuration.training.epochs = 8
        configuration.training.batch = 6
        configuration.training.lr = lora == nil ? 2e-3 : 1e-2
        return configuration
    }

    private func run(_ configuration: PreferenceConfiguration, _ name: String) throws -> RunFolder {
        try RunFolder(in: folder.path("runs"), task: "prefer", name: name, arguments: configuration)
    }

    /// The model starts with no preference and learns them; interrupted and resumed, it ends with the same bits.
    @Test(arguments: [nil, 8]) func learnsAndResumesExactly(lora: Int?) throws {
        let configuration = try configuration(lora: lora)
        let whole = try run(configuration, "whole")
        let outcome = try PreferenceTraining(configuration).run(in: whole)
        let first = try #require(outcome.history.first?.training)
        #expect(abs(try #require(first["loss"]) - log(2)) < 0.1)
        let best = try #require(outcome.best?.validation)
        // Adapters of a model that has learned nothing itself learn less.
        #expect(try #require(best["accuracy"]) >= (lora == nil ? 1 : 0.5))
        #expect(try #require(best["margin"]) > (lora == nil ? 0.5 : 0))

        let parts = try run(configuration, "parts")
        try PreferenceTraining(configuration).run(
            in: parts,
            listeners: [
                { event in
                    if case .batch(let result) = event, result.step == 7 { return .stop }
                    return .continue
                }
            ])
        try PreferenceTraining(configuration).run(in: parts, resuming: true)
        #expect(
            try Data(contentsOf: URL(fileURLWithPath: whole.weights("last")))
                == Data(contentsOf: URL(fileURLWithPath: parts.weights("last"))))
        let (model, tokenizer) = try Checkpoint(whole.path).languageModelAndTokenizer()
        var conversation = Conversation(model, tokenizer, try #require(try ChatTemplate.load(whole.path)))
        conversation.options.tokens = 4
        #expect(try conversation.ask("what is red").promptTokens > 0)
    }

    @Test func pairsThatCannotBeUsed() throws {
        var configuration = try configuration()
        configuration.contextLength = 8
        let error = #expect(throws: InputError.self) { try PreferenceTraining(configuration) }
        #expect(error?.description.contains("0 of 24 pairs have two different answers within 8 tokens") == true)
        configuration.contextLength = nil
        let same = #"{"prompt": "a", "chosen": "b", "rejected": "b"}"#
        let other = #"{"prompt": "a", "chosen": "b", "rejected": "c"}"#
        configuration.data = try folder.write([same, other, other].joined(separator: "\n"), to: "ties.jsonl")
        #expect(try PreferenceTraining(configuration).task.tieCount == 1)
        configuration.beta = 0
        #expect(throws: InputError.self) { try PreferenceTraining(configuration) }
    }
}
