import Switchback
import SwitchbackFormats
import SwitchbackLanguage
import SwitchbackTraining
import TestSupport
import Testing

/// The language tasks on memory that nobody but the kernels can touch; see the engine's suite of the same name.
@Suite struct MirrorBackendTests {
    private let words = ["red", "blue", "green", "one", "two", "three"]

    @Test(arguments: [LanguageModelSize.gptMini, .llamaMini, .lstm])
    func text(_ size: LanguageModelSize) throws {
        let folder = try TemporaryFolder()
        var configuration = LanguageTrainingConfiguration()
        configuration.model = size
        configuration.data = try folder.write(String(repeating: "the quick brown fox. ", count: 40), to: "text.txt")
        configuration.contextLength = 8
        configuration.training.batch = 2
        let differences = try differencesOnMirror(configuration.training) { try LanguageTraining(configuration).task }
        #expect(differences == [])
    }

    @Test func sentiment() throws {
        let folder = try TemporaryFolder()
        let lines = (0..<16).map { $0 % 2 == 0 ? "a fine film \($0)\tgood\n" : "a dull film \($0)\tbad\n" }.joined()
        for name in ["train", "dev"] { _ = try folder.write(lines, to: "\(name).tsv") }
        var configuration = SentimentConfiguration()
        configuration.data = folder.path("")
        configuration.training.batch = 8
        #expect(try differencesOnMirror(configuration.training) { try configuration.makeTask() } == [])
    }

    @Test func translation() throws {
        let folder = try TemporaryFolder()
        let pairs = words.flatMap { a in words.map { b in ("\(a) \(b)", "\(b) \(a)") } }
        for name in ["train", "val"] {
            _ = try folder.write(pairs.map { $0.0 + "\n" }.joined(), to: "\(name).en")
            _ = try folder.write(pairs.map { $0.1 + "\n" }.joined(), to: "\(name).de")
        }
        var configuration = TranslationConfiguration()
        configuration.data = folder.path("")
        configuration.vocabularySize = 270
        configuration.layers = 1
        configuration.width = 32
        configuration.training.batch = 12
        #expect(try differencesOnMirror(configuration.training) { try configuration.makeTask() } == [])
        let task = try configuration.makeTask()
        task.model.to(ProcessorMirror.self)
        _ = try task.translator.translate("red blue")
    }

    @Test func chat() throws {
        let folder = try TemporaryFolder()
        let lines = words.map {
            #"{"messages": [{"role": "user", "content": "what is \#($0)"}, "#
                + #"{"role": "assistant", "content": "the \#($0)"}]}"#
        }
        let tokenizer = CharacterTokenizer(charactersOf: "abcdefghijklmnopqrstuvwxyz UA:-\n")
        let model = GPT2(
            GPT2Configuration(
                vocabularySize: tokenizer.vocabularySize, contextLength: 64, width: 16, layers: 2, heads: 2))
        try Checkpoint.save(model, tokenizer, to: folder.path("model"))
        var configuration = ChatTrainingConfiguration()
        configuration.data = try folder.write(lines.joined(separator: "\n"), to: "chat.jsonl")
        configuration.from = folder.path("model")
        configuration.training.batch = 2
        #expect(try differencesOnMirror(configuration.training) { try ChatTraining(configuration).task } == [])
    }

    @Test func preferences() throws {
        let folder = try TemporaryFolder()
        let lines = words.map { #"{"prompt": "what is \#($0)", "chosen": "the \#($0)", "rejected": "\#($0) it is"}"# }
        let tokenizer = CharacterTokenizer(charactersOf: "abcdefghijklmnopqrstuvwxyz UA:-\n")
        let data = try PreferenceData(folder.write(lines.joined(separator: "\n"), to: "pairs.jsonl"))
        var options = TrainingConfiguration()
        options.batch = 2
        let differences = try differencesOnMirror(options) {
            let model = GPT2(
                GPT2Configuration(
                    vocabularySize: tokenizer.vocabularySize, contextLength: 64, width: 16, layers: 2, heads: 2))
            let task = try PreferenceTask(model, tokenizer, ChatTemplate(.plain), on: data, batchSize: 2)
            try task.measureReference()
            return task
        }
        #expect(differences == [])
    }

    /// What is generated with a memory of keys and values, for several texts at once.
    @Test func generation() throws {
        let model = GPT2(GPT2Configuration(vocabularySize: 11, contextLength: 16, width: 16, layers: 2, heads: 2))
        func logits() -> [Float] {
            noGrad {
                let texts = [[1, 2, 3], [4, 5]].map { tokens in
                    (tokens: tokens, memory: model.eval().makeMemory(batch: 1, capacity: 16))
                }
                _ = model.nextLogits(texts)
                return model.nextLogits(texts.map { (tokens: [7], memory: $0.memory) }).toArray()
            }
        }
        let expected = logits()
        model.to(ProcessorMirror.self)
        #expect(zip(logits(), expected).allSatisfy { abs($0 - $1) < 1e-4 })
    }
}
