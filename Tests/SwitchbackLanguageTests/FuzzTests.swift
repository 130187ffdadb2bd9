import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackLanguage
import TestSupport
import Testing

/// Every reader of tokenizers and language models against damaged files; see `Fuzzer`.
@Suite(.seeded(), .serialized) struct FuzzTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func makeFolder(_ name: String) throws {
        try FileManager.default.createDirectory(atPath: folder.path(name), withIntermediateDirectories: true)
    }

    private func bytes(_ path: String) throws -> [UInt8] { try [UInt8](Data(contentsOf: URL(fileURLWithPath: path))) }

    private static let text = "to be or not to be, that is the question: whether 'tis nobler in the mind to suffer"

    @Test func byteTokenizers() throws {
        let tokenizer = try BytePairTokenizer.train(on: Self.text, vocabularySize: 290)
        try Tokenizers.save(tokenizer, to: folder.url.path)
        try readTokenizers([try bytes(folder.path("tokenizer.json"))])
    }

    @Test func wordPieces() throws {
        let vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "to", "be", "##er", "no", "##t"]
        let entries = vocabulary.enumerated().map { "\"\($1)\": \($0)" }.joined(separator: ", ")
        let file = """
            {"model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "vocab": {\(entries)}},
            "normalizer": {"type": "BertNormalizer", "lowercase": true}, "pre_tokenizer": {"type": "BertPreTokenizer"},
            "added_tokens": [{"id": 2, "content": "[CLS]", "special": true}]}
            """
        try readTokenizers([Array(file.utf8)])
    }

    @Test func sentencePieces() throws {
        try readTokenizers(
            ["llama2", "mistral", "metaspace"].map { name in
                try bytes(fixtureFolder.appendingPathComponent("tokenizers/\(name).json").path)
            })
    }

    @Test func tokenizersOfManyParts() throws {
        try readTokenizers(
            ["unigram", "ends", "cuts", "ways"].map { name in
                try bytes(fixtureFolder.appendingPathComponent("tokenizers/\(name).json").path)
            })
    }

    @Test func sentencePieceModels() throws {
        let seeds = try ["unigram", "pairs"].map { name in
            try bytes(fixtureFolder.appendingPathComponent("tokenizers/\(name).model").path)
        }
        try readTokenizers(seeds, named: "tokenizer.model")
    }

    /// A tokenizer that could be read must also work.
    private func readTokenizers(_ seeds: [[UInt8]], named name: String = "tokenizer.json") throws {
        var fuzzer = Fuzzer(seeds: seeds)
        try fuzzer.run(to: folder.path(name)) { path in
            let tokenizer = try Tokenizers.load(path)
            let tokens = try tokenizer.encode(Self.text, addingSpecialTokens: true)
            _ = tokenizer.decode(tokens)
        }
    }

    /// A template that could be read is also run: it ends, within its bounds.
    @Test func chatTemplates() throws {
        let fixture = try ConfigurationFields(file: fixtureFolder.appendingPathComponent("chat_templates.json").path)
        let programs = try ["templates", "language"].flatMap { list in
            try (fixture.array(list) ?? []).map { try ConfigurationFields($0, path: "fixture").string("template") }
        }
        let messages = [
            ChatMessage(.system, "a"), ChatMessage(.user, "b <|im_end|>"), ChatMessage(.assistant, "<think>c</think>d"),
        ]
        let tokenizer = try BytePairTokenizer.train(on: Self.text, vocabularySize: 290)
        let tools = JSON.array([
            .object([("type", .string("function")), ("function", .object([("name", .string("f"))]))])
        ])
        var fuzzer = Fuzzer(seeds: programs.map { Array($0.utf8) })
        try fuzzer.run(to: folder.path("chat_template.jinja")) { _ in
            guard let template = try ChatTemplate.load(folder.url.path) else { return }
            let encoded = try template.encode(messages, with: tokenizer)
            #expect(encoded.tokens.count == encoded.isAnswer.count)
            _ = try template.prompt(for: messages, with: tokenizer, ChatTemplate.Context(tools: tools))
        }
    }

    private func small(_ family: LlamaConfiguration.Family) -> Llama {
        manualSeed(0)
        var sizes = LlamaConfiguration(vocabularySize: 20, contextLength: 8, width: 8, layers: 1, heads: 2)
        sizes.family = family
        return Llama(sizes)
    }

    @Test func configurations() throws {
        let gpt2 = GPT2(GPT2Configuration(vocabularySize: 20, contextLength: 8, width: 8, layers: 1, heads: 2))
        let lstm = LSTMLanguageModel(LSTMConfiguration(vocabularySize: 20, contextLength: 8, width: 8, layers: 1))
        for (name, model) in [("gpt2", gpt2), ("llama", small(.llama)), ("qwen3", small(.qwen3)), ("lstm", lstm)]
            as [(String, LanguageModel)]
        {
            let path = folder.path(name)
            try Checkpoint.save(model, to: path)
            var fuzzer = Fuzzer(seeds: [try bytes("\(path)/config.json")])
            try fuzzer.run(to: "\(path)/config.json") { _ in _ = try Checkpoint(path).languageModel() }
        }
    }

    /// The families whose configuration says more than Llama's.
    @Test(arguments: [
        "gemma2-tiny", "gemma3-tiny", "phi3-tiny", "smollm3-tiny", "granite-tiny", "stablelm-tiny", "yarn-tiny",
        "neox-tiny", "falcon-new-tiny", "opt-sums-tiny", "phi-tiny", "mixtral-tiny", "qwen3-moe-tiny", "dynamic-tiny",
    ])
    func familyConfigurations(_ name: String) throws {
        let source = fixtureFolder.appendingPathComponent("models/\(name)").path
        try makeFolder(name)
        let path = folder.path(name)
        try FileManager.default.copyItem(
            atPath: "\(source)/model.safetensors", toPath: "\(path)/model.safetensors")
        var fuzzer = Fuzzer(seeds: [try bytes("\(source)/config.json")])
        try fuzzer.run(max(1, Fuzzer.inputsPerReader / 4), to: "\(path)/config.json") { _ in
            let model = try Checkpoint(path).languageModel()
            _ = noGrad { model(Tensor([[1, 2, 3]])) }
        }
    }

    @Test func encoders() throws {
        let config = """
            {"model_type": "bert", "vocab_size": 20, "max_position_embeddings": 8, "hidden_size": 8, "hidden_act": "gelu",
            "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16, "pad_token_id": 0,
            "hidden_dropout_prob": 0.1, "layer_norm_eps": 1e-12}
            """
        try makeFolder("bert")
        let path = try folder.write(config, to: "bert/config.json")
        let checkpoint = folder.path("bert")
        let model = BERT(try BERTConfiguration(ConfigurationFields(file: path)))
        try Safetensors.save(model.stateDict(), to: "\(checkpoint)/model.safetensors")
        #expect(try Checkpoint(checkpoint).encoder().parameterCount == model.parameterCount)
        var fuzzer = Fuzzer(seeds: [Array(config.utf8)])
        try fuzzer.run(to: path) { _ in _ = try Checkpoint(checkpoint).encoder() }
    }

    /// Every file of a sentence encoder's folder.
    @Test(arguments: ["minilm-tiny", "roberta-tiny", "distilbert-tiny"])
    func sentenceEncoders(_ name: String) throws {
        let path = folder.path(name)
        try FileManager.default.copyItem(
            atPath: fixtureFolder.appendingPathComponent("models/\(name)").path, toPath: path)
        for file in ["config.json", "1_Pooling/config.json", "modules.json", "sentence_bert_config.json"] {
            let whole = try bytes("\(path)/\(file)")
            var fuzzer = Fuzzer(seeds: [whole])
            try fuzzer.run(max(1, Fuzzer.inputsPerReader / 8), to: "\(path)/\(file)") { _ in
                _ = try SentenceEncoder(path).embed(["to be", "or not to be, that is the question"])
            }
            try Data(whole).write(to: URL(fileURLWithPath: "\(path)/\(file)"))
        }
    }

    @Test func translators() throws {
        let tokenizer = try BytePairTokenizer.train(on: Self.text, vocabularySize: 290)
        let config = """
            {"model_type": "seq2seq", "source_vocab_size": 290, "target_vocab_size": 290, "hidden_size": 8,
            "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16, "dropout": 0.1, "norm_first": true}
            """
        let path = try folder.write(config, to: "config.json")
        try Tokenizers.save(tokenizer, to: folder.url.path)
        for side in ["source", "target"] {
            try FileManager.default.copyItem(
                atPath: folder.path("tokenizer.json"), toPath: folder.path("\(side)-tokenizer.json"))
        }
        let sizes = SequenceToSequenceConfiguration(
            sourceVocabulary: 290, targetVocabulary: 290, width: 8, layers: 1, heads: 2, feedForward: 16,
            normFirst: true)
        try makeFolder("weights")
        try Safetensors.save(SequenceToSequence(sizes).stateDict(), to: folder.path("weights/best.safetensors"))
        _ = try Translator.load(folder.url.path)
        var fuzzer = Fuzzer(seeds: [Array(config.utf8)])
        try fuzzer.run(to: path) { _ in _ = try Translator.load(folder.url.path) }
    }

    /// Every file of the folders of translators of others.
    @Test(arguments: ["flan-t5-tiny", "bart-tiny", "marian-tiny"])
    func foreignTranslators(_ name: String) throws {
        let path = folder.path(name)
        try FileManager.default.copyItem(
            atPath: fixtureFolder.appendingPathComponent("models/\(name)").path, toPath: path)
        for (own, usual) in [
            ("unigram.json", "tokenizer.json"), ("unigram.model", "source.spm"), ("pairs.model", "target.spm"),
        ] where (usual == "tokenizer.json") != (name == "marian-tiny") {
            try FileManager.default.copyItem(
                atPath: fixtureFolder.appendingPathComponent("tokenizers/\(own)").path, toPath: "\(path)/\(usual)")
        }
        for file in ["config.json", "generation_config.json"] + (name == "marian-tiny" ? ["vocab.json"] : []) {
            let whole = try bytes("\(path)/\(file)")
            var fuzzer = Fuzzer(seeds: [whole])
            try fuzzer.run(max(1, Fuzzer.inputsPerReader / 20), to: "\(path)/\(file)") { _ in
                _ = try Translator.load(path).translate("bade gona")
            }
            try Data(whole).write(to: URL(fileURLWithPath: "\(path)/\(file)"))
        }
    }

    @Test func shards() throws {
        let path = folder.path("model")
        let model = small(.llama)
        try Checkpoint.save(model, to: path)
        try FileManager.default.moveItem(atPath: "\(path)/model.safetensors", toPath: "\(path)/one.safetensors")
        let map = model.namedState.map { "\"\($0.name)\": \"one.safetensors\"" }.joined(separator: ", ")
        var fuzzer = Fuzzer(seeds: [Array("{\"weight_map\": {\(map)}}".utf8)])
        try fuzzer.run(to: "\(path)/model.safetensors.index.json") { _ in _ = try Checkpoint(path).languageModel() }
    }

    @Test func sentences() throws {
        var labeled = Fuzzer(seeds: [Array("a lovely film\tgood\nno fun at all\tbad\n".utf8)])
        try labeled.run { _ = try LabeledSentences($0) }
        let path = folder.path("classifier.safetensors")
        let classifier = SentenceClassifier(terms: ["fun", "film"], classes: ["good", "bad"], width: 2)
        let metadata = ["switchback.classes": "good\nbad", "switchback.terms": "fun\nfilm"]
        try Safetensors.save(classifier.stateDict(), metadata: metadata, to: path)
        let whole = try bytes(path)
        let length = whole[0..<8].reversed().reduce(0) { $0 << 8 | Int($1) } + 8
        let numbers = Array(whole[length...])
        var weights = Fuzzer(seeds: [Array(whole[..<length])])
        try weights.run(max(1, Fuzzer.inputsPerReader / 10), pack: { $0 + numbers }) {
            _ = try SentenceClassifier.load($0)
        }
    }
}
