import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackLanguage
import TestSupport
import Testing

/// Models beside Hugging Face's, on tiny checkpoints.
@Suite struct ModelParityTests {
    private static let languageModels = [
        "gpt2-tiny", "llama-tiny", "llama3-tiny", "yarn-tiny", "qwen2-tiny", "qwen3-tiny", "mistral-tiny",
        "gemma-tiny", "gemma2-tiny", "gemma3-tiny", "phi-tiny", "phi3-tiny", "smollm3-tiny", "olmo2-tiny",
        "granite-tiny", "stablelm-tiny", "neox-tiny", "falcon-tiny", "falcon-new-tiny", "opt-tiny", "opt-sums-tiny",
        "mixtral-tiny", "qwen3-moe-tiny", "dynamic-tiny",
    ]

    private func checkpoint(_ name: String) throws -> Checkpoint {
        try Checkpoint(fixtureFolder.appendingPathComponent("models/\(name)").path)
    }

    private func fixture(_ name: String) throws -> Fixture { try Fixture("models/\(name)/case") }

    @Test(arguments: languageModels)
    func languageModel(name: String) throws {
        let model = try checkpoint(name).languageModel()
        let fixture = try fixture(name)
        let tokens = fixture.tensors["input_ids"]!
        expectClose(model(tokens), fixture.tensors["logits"]!, where: fixture.tensors["attention_mask"]!)

        // The last token has nothing to tell, but is read: the loss for uneven routing counts it.
        let next = fixture.tensors["labels"]!.narrow(dim: 1, start: 1, length: tokens.size(1) - 1)
        let none = Tensor(Array(repeating: -100, count: tokens.size(0)), shape: [tokens.size(0), 1])
        let loss = model.loss(tokens, targets: Tensor.cat([next, none], dim: 1))
        expectGradients(of: model, loss, fixture)
    }

    /// The loss of a text beyond the context that angles are stretched from is that of Transformers, which reads the last
    /// token, too.
    @Test func lossOfStretchedTexts() throws {
        let fixture = try fixture("dynamic-tiny")
        let tokens = fixture.tensors["input_ids"]!.select(dim: 0, index: 0)
        let logits = fixture.tensors["logits"]!.select(dim: 0, index: 0)
        let count = tokens.size(0)
        let expected = logits.narrow(dim: 0, start: 0, length: count - 1)
            .crossEntropy(tokens.narrow(dim: 0, start: 1, length: count - 1)).item()
        let model = try checkpoint("dynamic-tiny").languageModel()
        let found = try model.meanLoss(on: TokenSequence(tokens.toArray(as: Int.self)))
        #expect(abs(found - expected) < 1e-5 * expected, "\(found) \(expected)")
    }

    /// Reading on from the cache, in blocks and token by token, chooses the tokens that Hugging Face's model chooses.
    @Test(arguments: languageModels)
    func greedyDecoding(name: String) throws {
        let model = try checkpoint(name).languageModel()
        let expected = try fixture(name).tensors["greedy"]!.toArray(as: Int.self)
        var tokens = Array(expected.prefix(8))
        let memory = model.makeMemory(batch: 1, capacity: expected.count)
        noGrad {
            _ = model.nextLogits(Tensor([Array(tokens.prefix(3))]), memory: memory)
            var logits = model.nextLogits(Tensor([Array(tokens.dropFirst(3))]), memory: memory)
            while tokens.count < expected.count {
                tokens.append(Int(logits.argmax().item()))
                if tokens.count < expected.count {
                    logits = model.nextLogits(Tensor([[tokens.last!]]), memory: memory)
                }
            }
        }
        #expect(tokens == expected)
    }

    @Test(arguments: ["bert-tiny", "modernbert-tiny"]) func encoder(name: String) throws {
        let model = try checkpoint(name).encoder()
        let fixture = try fixture(name)
        let mask = fixture.tensors["attention_mask"]!
        let logits = model(fixture.tensors["input_ids"]!, mask: mask, segments: fixture.tensors["token_type_ids"])
        expectClose(logits, fixture.tensors["logits"]!, where: mask)
        expectGradients(
            of: model, logits.flatten(end: 1).crossEntropy(fixture.tensors["labels"]!.flatten()), fixture)
    }

    /// Encoders without heads: what they make of sentences, pooled in each of the ways.
    @Test(arguments: ["minilm-tiny", "roberta-tiny", "distilbert-tiny"]) func sentenceEncoders(name: String) throws {
        let fixture = try fixture(name)
        let encoder = try SentenceEncoder(fixtureFolder.appendingPathComponent("models/\(name)").path)
        let sentences = try #require(fixture.manifest["sentences"] as? [String])
        let found = try encoder.embed(sentences)
        let expected = fixture.tensors["vectors"]!
        #expect((found - expected).abs().max().item() < 1e-5 * max(1, expected.abs().max().item()))
        let alone = try encoder.embed([sentences[0]])
        #expect((alone - found.narrow(dim: 0, start: 0, length: 1)).abs().max().item() < 1e-5)
        #expect(try encoder.embed([]).shape == [0, encoder.model.width])
    }

    /// A saved model loads again with the same numbers, whether its weights are in one file or in shards.
    @Test func savingAndLoading() throws {
        let model = try checkpoint("llama3-tiny").languageModel()
        let folder = try TemporaryFolder()
        try Checkpoint.save(model, to: folder.path("copy"))
        let copy = try Checkpoint(folder.path("copy")).languageModel()
        let tokens = Tensor([[1, 2, 3, 4, 5]])
        #expect(copy(tokens).toArray(as: Float.self) == model(tokens).toArray(as: Float.self))
    }

    /// Weights in PyTorch's files, whole and in shards, give the logits that Transformers printed.
    @Test(arguments: [false, true]) func pyTorchWeights(sharded: Bool) throws {
        let expected: [Float] = [
            -0.46156, -1.04531, -0.29663, -0.41184, -0.03134, 0.468, 2.10018, 1.22528, -1.35897, 1.47624, 0.51954,
        ]
        let folder = try TemporaryFolder()
        let source = fixtureFolder.appendingPathComponent("models/gpt2-bin")
        let weights = sharded ? "one.bin" : "pytorch_model.bin"
        for (name, copy) in [("config.json", "config.json"), ("pytorch_model.bin", weights)] {
            try FileManager.default.copyItem(
                atPath: source.appendingPathComponent(name).path, toPath: folder.path(copy))
        }
        if sharded {
            let names = try WeightFile.load(folder.path(weights)).keys.map { (name: $0, value: JSON.string(weights)) }
            let index = JSON.object([("weight_map", .object(names))])
            _ = try folder.write("\(index)", to: "pytorch_model.bin.index.json")
        }
        let logits = try Checkpoint(folder.url.path).languageModel()(Tensor([[1, 2, 3]])).toArray(as: Float.self)
        for (found, value) in zip(logits.suffix(expected.count), expected) { #expect(abs(found - value) < 2e-5) }
    }

    /// Every family is saved as it was read, and texts that are read together get what each gets by itself.
    @Test(arguments: languageModels) func familiesSaveAndBatch(name: String) throws {
        let checkpoint = try checkpoint(name)
        let model = try checkpoint.languageModel()
        let folder = try TemporaryFolder()
        try Checkpoint.save(model, to: folder.url.path)
        let copy = try Checkpoint(folder.url.path).languageModel()
        let tokens = Tensor([(1...20).map { $0 % model.vocabularySize }])
        #expect(copy(tokens).toArray(as: Float.self) == model(tokens).toArray(as: Float.self))
        let texts = [Array(1...14), (30...33).map { $0 % model.vocabularySize }]
        let (together, alone) = noGrad {
            let parts = texts.map { ($0, model.makeMemory(batch: 1, capacity: 40)) }
            _ = model.nextLogits(parts.map { (Array($0.0.dropLast()), $0.1) })
            let together = model.nextLogits(parts.map { ([$0.0.last!], $0.1) })
            return (together, texts.map { model(Tensor([$0])).select(dim: 1, index: $0.count - 1) })
        }
        for (row, expected) in zip(together.split(1), alone) { #expect((row - expected).abs().max().item() < 1e-4) }
    }

    /// An output layer that differs from the table counts, whatever the configuration says of the two.
    @Test(arguments: [("llama3-tiny", "model.embed_tokens.weight"), ("gpt2-tiny", "transformer.wte.weight")])
    func tiedWeightsThatDiffer(name: String, table: String) throws {
        let source = fixtureFolder.appendingPathComponent("models/\(name)").path
        let folder = try TemporaryFolder()
        var state = try Safetensors.load("\(source)/model.safetensors")
        let weight = try #require(state[table])
        state["lm_head.weight"] = weight
        try FileManager.default.copyItem(atPath: "\(source)/config.json", toPath: folder.path("config.json"))
        let tokens = Tensor([[1, 2, 3]])
        let expected = try Checkpoint(source).languageModel()(tokens)
        try Safetensors.save(state, to: folder.path("model.safetensors"))
        let same = try Checkpoint(folder.url.path).languageModel()
        #expect(same(tokens).toArray(as: Float.self) == expected.toArray(as: Float.self))
        state["lm_head.weight"] = try #require(state[table]) * 2
        try Safetensors.save(state, to: folder.path("model.safetensors"))
        let model = try Checkpoint(folder.url.path).languageModel()
        #expect((model(tokens) - expected * 2).abs().max().item() < 1e-4)
        #expect(model.parameterCount > same.parameterCount)
    }

    /// What is no language model is refused by its name.
    @Test(arguments: ["distilbert", "t5", "marian", "bart", "mistrl"]) func foreignArchitectures(kind: String) throws {
        let folder = try TemporaryFolder()
        _ = try folder.write(#"{"model_type": "\#(kind)"}"#, to: "config.json")
        let error = #expect(throws: InputError.self) { try Checkpoint(folder.url.path).languageModel() }
        #expect(error?.description.contains("the architecture \(kind) is not supported") == true)
    }

    // MARK: Comparing

    private func expectClose(_ found: Tensor, _ expected: Tensor, where mask: Tensor) {
        let difference = ((found - expected).abs() * mask.unsqueeze(2)).max().item()
        #expect(difference < 1e-4 * max(1, expected.abs().max().item()))
    }

    /// The loss, the norm of every gradient, and the whole gradient of some parameters.
    private func expectGradients(of model: Module, _ loss: Tensor, _ fixture: Fixture) {
        let expectedLoss = (fixture.manifest["loss"] as! NSNumber).doubleValue
        #expect(abs(loss.item() - expectedLoss) < 1e-5 * expectedLoss)
        loss.backward()
        let norms = (fixture.manifest["grad_norm"] as! [String: NSNumber]).mapValues(\.doubleValue)
        let parameters = model.namedParameters
        #expect(Set(parameters.map(\.name)) == Set(norms.keys))
        let largest = norms.values.max()!
        for (name, parameter) in parameters {
            let norm = parameter.grad.map { $0.square().sum().sqrt().item() } ?? 0
            #expect(abs(norm - norms[name]!) < 2e-5 * largest, "\(name)")
            guard let expected = fixture.tensors["grad/\(name)"], let found = parameter.grad else { continue }
            #expect((found - expected).abs().max().item() < 2e-5 * max(1, expected.abs().max().item()), "\(name)")
        }
    }
}
