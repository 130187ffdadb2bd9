import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackLanguage
import SwitchbackTraining
import TestSupport
import Testing

struct LanguageTrainingTests {
    private let text = String(repeating: "the quick brown fox jumps over the lazy dog. ", count: 60)

    private func configuration(_ folder: TemporaryFolder) throws -> LanguageTrainingConfiguration {
        var configuration = LanguageTrainingConfiguration()
        configuration.data = try folder.write(text, to: "text.txt")
        configuration.contextLength = 16
        configuration.training.steps = 60
        configuration.training.batch = 8
        configuration.training.warmupSteps = 5
        configuration.training.validateEvery = 30
        return configuration
    }

    /// Every kind of model learns a sentence, and what is saved is what was learned.
    @Test(arguments: [LanguageModelSize.gptMini, .llamaMini, .lstm])
    func learns(size: LanguageModelSize) throws {
        let folder = try TemporaryFolder()
        var configuration = try configuration(folder)
        configuration.model = size
        if size == .lstm { configuration.training.lr = 5e-3 }
        let training = try LanguageTraining(configuration)
        let run = try RunFolder(in: folder.path("runs"), task: "text", name: "train", arguments: configuration)
        let outcome = try training.run(in: run)
        let loss = try #require(outcome.best?.validation["loss"])
        #expect(loss < 1.5)
        let (model, tokenizer) = try Checkpoint(run.path).languageModelAndTokenizer()
        let tokens = TokenSequence(try tokenizer.encode(String(text.suffix(270))))
        let again = try model.meanLoss(on: tokens, contextLength: 16)
        #expect(abs(again - loss) < 1e-4)
    }

    /// A sample of windows is evenly spread, the same each time, and all of the text where it has no more windows.
    @Test func validationReadsASampleOfWindows() throws {
        let model = LanguageModelSize.gptMini.makeModel(vocabularySize: 30, contextLength: 8)
        model.eval()
        let tokens = TokenSequence((0..<805).map { ($0 * $0) % 30 })
        func mean(_ starts: [Int]) -> Double {
            noGrad {
                starts.reduce(0) { sum, start in
                    let (window, targets) = tokens.windows(at: [start], length: 8)
                    return sum + model.loss(window, targets: targets).item() / Double(starts.count)
                }
            }
        }
        let sampled = try model.meanLoss(on: tokens, windowLimit: 4)
        #expect(abs(sampled - mean([0, 200, 400, 600])) < 1e-5)
        #expect(try model.meanLoss(on: tokens, windowLimit: 4) == sampled)
        #expect(try model.meanLoss(on: tokens, windowLimit: 100) == model.meanLoss(on: tokens))
    }

    /// Recomputing blocks and accumulating gradients change memory, not what is learned.
    @Test func recomputingChangesNothing() throws {
        let folder = try TemporaryFolder()
        var losses: [Double] = []
        for recompute in [false, true] {
            var configuration = try configuration(folder)
            configuration.recompute = recompute
            configuration.training.steps = 10
            let run = try RunFolder(in: folder.path("runs"), task: "text", name: "train", arguments: configuration)
            // Other tests draw numbers at the same time.
            let outcome = try Generator.withDefault(Generator(seed: 0)) {
                try LanguageTraining(configuration).run(in: run)
            }
            losses.append(try #require(outcome.best?.validation["loss"]))
        }
        #expect(losses[0] == losses[1])
    }

    /// Blocks are computed again where adapters are trained, although the model itself is in inference mode.
    @Test(arguments: [false, true]) func recomputingHoldsForAdapters(_ recompute: Bool) throws {
        let folder = try TemporaryFolder()
        var configuration = try configuration(folder)
        let base = try RunFolder(in: folder.path("runs"), task: "text", name: "base", arguments: configuration)
        configuration.training.steps = 1
        try LanguageTraining(configuration).run(in: base)
        configuration.from = base.path
        configuration.lora = 4
        configuration.recompute = recompute
        let task = try #require(LanguageTraining(configuration).adaptation)
        task.model.train()
        let batch = try #require(try task.source.batches(epoch: 0)())
        let loss = try task.loss(batch).total
        #expect(loss.graph.nodes.contains { $0.operation == "checkpoint" } == recompute)
        loss.backward()
        #expect(task.model.parameters.allSatisfy { $0.grad != nil })
    }

    @Test func whatHasNoBlocksIsNotComputedAgain() throws {
        let folder = try TemporaryFolder()
        var configuration = try configuration(folder)
        configuration.model = .lstm
        configuration.recompute = true
        let error = #expect(throws: InputError.self) { try LanguageTraining(configuration) }
        #expect(error?.description.contains("option recompute: the model has no blocks") == true)
    }

    /// Low-rank adapters learn, and merged into the weights they give the same losses.
    @Test func lowRankAdaptation() throws {
        let folder = try TemporaryFolder()
        var configuration = try configuration(folder)
        let first = try RunFolder(in: folder.path("runs"), task: "text", name: "first", arguments: configuration)
        try LanguageTraining(configuration).run(in: first)
        configuration.data = try folder.write(
            text.uppercased().lowercased().replacing("fox", with: "cow"), to: "cow.txt")
        configuration.from = first.path
        configuration.lora = 4
        configuration.loraAlpha = 12
        configuration.training.lr = 1e-2
        let training = try LanguageTraining(configuration)
        let lossBefore = try training.model.meanLoss(on: training.data.validation, contextLength: 16)
        let second = try RunFolder(in: folder.path("runs"), task: "text", name: "second", arguments: configuration)
        let outcome = try training.run(in: second)
        let after = try #require(outcome.best?.validation["loss"])
        #expect(after < lossBefore - 0.05)
        let merged = try Checkpoint(second.path).languageModel()
        #expect(try abs(merged.meanLoss(on: training.data.validation, contextLength: 16) - after) < 1e-3)

        // The adapters stand by themselves, too, as `peft` names them: W + α / rank · B A is what was merged.
        let adapters = try Safetensors.load(second.file("adapter/adapter_model.safetensors"))
        let fields = try ConfigurationFields(file: second.file("adapter/adapter_config.json"))
        #expect(try fields.integer("r") == 4 && fields.number("lora_alpha") == 12)
        let before = try Safetensors.load("\(first.path)/model.safetensors")
        let changed = try Safetensors.load("\(second.path)/model.safetensors")
        let name = "transformer.h.0.attn.c_attn"
        let a = try #require(adapters["base_model.model.\(name).lora_A.weight"])
        let b = try #require(adapters["base_model.model.\(name).lora_B.weight"])
        // GPT-2's weights lie the other way around.
        let expected = try #require(before["\(name).weight"]) + (b.matmul(a) * 3).t()
        #expect((try #require(changed["\(name).weight"]) - expected).abs().max().item() < 1e-5)
    }

    private static let peftMissing = "the Python packages peft and transformers are not installed"

    /// Adapters as the package `peft` has them: ours there, and its own here.
    @Test(.enabled(if: Python.has("peft", "transformers"), Comment(rawValue: peftMissing)))
    func adaptersOfPeft() throws {
        let folder = try TemporaryFolder()
        var configuration = try configuration(folder)
        let model = LanguageModelSize.gptMini.makeModel(vocabularySize: 28, contextLength: 16)
        try Checkpoint.save(model, TextData.load(configuration.data).tokenizer, to: folder.path("model"))
        configuration.from = folder.path("model")
        configuration.lora = 2
        configuration.loraDropout = 0.2
        configuration.loraTargets = ["c_attn", "c_fc"]
        configuration.training.lr = 1e-2
        let run = try RunFolder(in: folder.path("runs"), task: "text", name: "run", arguments: configuration)
        try LanguageTraining(configuration).run(in: run)
        try Python.run(
            #"""
            import json, sys
            import numpy as np, torch
            from peft import LoraConfig, PeftModel, get_peft_model
            from transformers import AutoModelForCausalLM

            base, adapter, other = sys.argv[1:4]
            tokens = torch.arange(12).unsqueeze(0)
            load = lambda: AutoModelForCausalLM.from_pretrained(base)
            with torch.no_grad():
                np.save(other + "-ours.npy", PeftModel.from_pretrained(load(), adapter).eval()(tokens).logits.numpy())
                torch.manual_seed(0)
                model = get_peft_model(load(), LoraConfig(
                    r=3, lora_alpha=5, use_rslora=True, target_modules=["c_attn", "c_proj"], fan_in_fan_out=True,
                    init_lora_weights=False, task_type="CAUSAL_LM")).eval()
                np.save(other + "-theirs.npy", model(tokens).logits.numpy())
            model.save_pretrained(other)
            """#, [folder.path("model"), run.file("adapter"), folder.path("other")])
        let tokens = Tensor(Array(0..<12), shape: [1, 12])
        for (path, name) in [(run.path, "ours"), (run.file("adapter"), "ours"), (folder.path("other"), "theirs")] {
            let expected = try NumPy.load(folder.path("other-\(name).npy"))
            let model = try Checkpoint(path).languageModel()
            let found = noGrad { model(tokens) }
            #expect((expected - found).abs().max().item() < 1e-4, "\(path)")
        }
        configuration.loraTargets = ["c_atn"]
        let error = #expect(throws: InputError.self) { try LanguageTraining(configuration) }
        #expect(error?.description.contains("did you mean c_attn?") == true)
    }

    /// A run that is stopped again and again, and continued, ends with the bits of one that never was.
    @Test(arguments: [nil, 4])
    func resumedRunsEndWithTheSameBits(lora: Int?) throws {
        let folder = try TemporaryFolder()
        var configuration = try configuration(folder)
        configuration.training.steps = 20
        configuration.training.validateEvery = 6
        configuration.dropout = 0.1
        if lora != nil {
            let model = LanguageModelSize.gptMini.makeModel(vocabularySize: 28, contextLength: 16)
            try Checkpoint.save(model, TextData.load(configuration.data).tokenizer, to: folder.path("model"))
            configuration.from = folder.path("model")
            configuration.lora = lora
        }
        func weights(_ name: String, stoppingEvery stop: Int) throws -> Data? {
            let run = try RunFolder(in: folder.path("runs"), task: "text", name: name, arguments: configuration)
            while true {
                var batches = 0
                // Other tests draw numbers at the same time.
                let outcome = try Generator.withDefault(Generator(seed: 0)) {
                    try LanguageTraining(configuration).run(
                        in: run, resuming: true,
                        listeners: [
                            { event in
                                if case .batch = event { batches += 1 }
                                return batches == stop ? .stop : .continue
                            }
                        ])
                }
                if outcome.reason != .stopped {
                    return FileManager.default.contents(atPath: run.path + "/model.safetensors")
                }
            }
        }
        let whole = try weights("whole", stoppingEvery: -1)
        #expect(try whole != nil && weights("parts", stoppingEvery: 7) == whole)
    }

    /// A prepared folder has the same tokens as the text, and a file of another vocabulary is refused.
    @Test func preparedFolders() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(text, to: "text.txt")
        let plain = try TextData.load(path, tokenizer: .characters)
        let counts = try TextData.prepare(path, tokenizer: .characters, to: folder.path("prepared"))
        let mapped = try TextData.load(folder.path("prepared"))
        #expect(counts.training == plain.training.count && mapped.training.count == plain.training.count)
        #expect(mapped.training[0..<100] == plain.training[0..<100])
        #expect(mapped.validation[0..<50] == plain.validation[0..<50])
        _ = try folder.write([9, 9, 9, 9] as [UInt8], to: "prepared/val.bin")
        #expect(throws: InputError.self) { try TextData.load(folder.path("prepared")) }
    }

    /// A text that is read in pieces has the tokens that it has as a whole, whatever stands where pieces end.
    @Test(
        arguments: [
            "the quick brown fox, isn't it? ", "line after line\n", "two\r\nsigns end a line\r\n\r\n",
            "日本語の文章です。次の行\n", "été 123 456\u{301} is a word \n\n\t<|endoftext|> x", "12345678901234567890",
        ])
    func piecesHaveTheTokensOfTheWhole(_ sentence: String) throws {
        let folder = try TemporaryFolder()
        let text = String(repeating: sentence, count: 40_000 / sentence.utf8.count)
        let path = try folder.write(text, to: "text.txt")
        var (pieces, characters) = ([String](), 0)
        try TextPieces([path], size: 2000).forEach { piece, _ in
            pieces.append(piece)
            characters += piece.unicodeScalars.count
        }
        #expect(pieces.joined() == text && (pieces.count > 1 || sentence.contains("1234567")))
        #expect(try TextPieces([path]).scalarCount() == characters)
        if sentence.contains("1234567") { return }
        let tokenizers: [any Tokenizer] = [
            try BytePairTokenizer.train(on: String(text.prefix(2000)), vocabularySize: 300),
            CharacterTokenizer(charactersOf: text),
        ]
        for tokenizer in tokenizers {
            let whole = try tokenizer.encode(text)
            #expect(try pieces.flatMap { try tokenizer.encode($0) } == whole)
        }
        let data = try TextData.load(path, tokenizer: .bytePairs(vocabularySize: 270))
        let cut = text.unicodeScalars.index(
            text.unicodeScalars.startIndex, offsetBy: Int(Double(characters) * (1 - 0.1)))
        let training = try BytePairTokenizer.train(on: String(text[..<cut]), vocabularySize: 270).encode(
            String(text[..<cut]))
        #expect(data.training.count == training.count && data.training[0..<training.count] == training)
    }

    /// Tokens beyond a limit lie in a file, and read the same.
    @Test func manyTokensLieInAFile() throws {
        for size in [300, 70_000] {
            var (few, many) = (TokenWriter(vocabularySize: size), TokenWriter(vocabularySize: size, limit: 10))
            for start in stride(from: 0, to: 300, by: 7) {
                let part = (start..<min(start + 7, 300)).map { $0 * (size / 300) }
                try few.append(part)
                try many.append(part)
            }
            let (inMemory, inFile) = (try few.sequence(), try many.sequence())
            #expect(inMemory.count == 300 && inFile.count == 300 && inMemory[0..<300] == inFile[0..<300])
        }
    }

    // MARK: Bad input

    @Test func badTexts() throws {
        let folder = try TemporaryFolder()
        let invalid = try folder.write([0x61, 0xC3, 0xA9, 0xFF, 0x62] as [UInt8], to: "invalid.txt")
        let error = #expect(throws: InputError.self) { try TextFiles(invalid).text() }
        #expect(error?.place == "byte 3")
        let empty = try folder.write("", to: "empty.txt")
        #expect(throws: InputError.self) { try TextData.load(empty) }
        #expect(throws: InputError.self) { try TextData.load(folder.path("missing")) }
        var configuration = try configuration(folder)
        configuration.data = try folder.write("too short", to: "short.txt")
        #expect(throws: InputError.self) { try LanguageTraining(configuration) }
    }

    @Test func filesOfAFolderWhoseNamesAreText() throws {
        let folder = try TemporaryFolder()
        try FileManager.default.createDirectory(
            atPath: folder.path("texts/a"), withIntermediateDirectories: true)
        let files = try [folder.write("b", to: "texts/a/b.txt"), folder.write("c", to: "texts/c.md")]
        _ = try folder.write("d", to: "texts/d.csv")
        let unnamed: [CChar] =
            folder.path("texts/").utf8.map { CChar(bitPattern: $0) } + [-1] + ".txt\0".utf8.map { CChar($0) }
        fclose(fopen(unnamed, "w"))
        #expect(try TextFiles(folder.path("texts")).files == files)
    }

    @Test func badCheckpoints() throws {
        let folder = try TemporaryFolder()
        let model = GPT2(GPT2Configuration(vocabularySize: 11, contextLength: 8, width: 8, layers: 1, heads: 2))
        try Checkpoint.save(model, to: folder.path("model"))
        let config = try String(contentsOfFile: folder.path("model/config.json"), encoding: .utf8)

        func problem(_ change: (String) throws -> Void) throws -> String {
            try FileManager.default.removeItem(atPath: folder.path("model"))
            try Checkpoint.save(model, to: folder.path("model"))
            try change(folder.path("model"))
            let error = #expect(throws: InputError.self) { try Checkpoint(folder.path("model")).languageModel() }
            return error?.description ?? ""
        }
        #expect(
            try problem { _ in _ = try folder.write(config.replacing("gpt2", with: "gpt3"), to: "model/config.json") }
                .contains("supported are gpt2, llama"))
        #expect(
            try problem { _ in
                _ = try folder.write(
                    config.replacing("\"vocab_size\": 11", with: "\"vocab_size\": 12"), to: "model/config.json")
            }.contains("vocab_size"))
        #expect(try problem { try FileManager.default.removeItem(atPath: $0 + "/config.json") }.contains("config.json"))
        #expect(
            try problem { path in
                let bytes = try Data(contentsOf: URL(fileURLWithPath: path + "/model.safetensors"))
                try bytes.prefix(bytes.count / 2).write(to: URL(fileURLWithPath: path + "/model.safetensors"))
            }.contains("cut short"))
        #expect(
            try problem { path in
                try FileManager.default.removeItem(atPath: path + "/model.safetensors")
                _ = try folder.write(
                    #"{"weight_map": {"transformer.wte.weight": "model-00002-of-00002.safetensors"}}"#,
                    to: "model/model.safetensors.index.json")
            }.contains("model-00002-of-00002.safetensors"))
    }

    /// A checkpoint in shards is the same model.
    @Test func shards() throws {
        let folder = try TemporaryFolder()
        let model = GPT2(GPT2Configuration(vocabularySize: 11, contextLength: 8, width: 8, layers: 1, heads: 2)).eval()
        try Checkpoint.save(model, to: folder.path("model"))
        let state = model.namedState
        let half = state.count / 2
        try Safetensors.save(
            state[..<half].map { ($0.name, $0.tensor) }, to: folder.path("model/a.safetensors"))
        try Safetensors.save(
            state[half...].map { ($0.name, $0.tensor) }, to: folder.path("model/b.safetensors"))
        let map = state.enumerated().map { "\"\($1.name)\": \"\($0 < half ? "a" : "b").safetensors\"" }
        _ = try folder.write(
            "{\"weight_map\": {\(map.joined(separator: ", "))}}", to: "model/model.safetensors.index.json")
        try FileManager.default.removeItem(atPath: folder.path("model/model.safetensors"))
        let copy = try Checkpoint(folder.path("model")).languageModel()
        let tokens = Tensor([[1, 2, 3]])
        #expect(copy(tokens).toArray(as: Float.self) == model(tokens).toArray(as: Float.self))
    }
}
