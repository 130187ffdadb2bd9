import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackLanguage
import SwitchbackTraining
import TestSupport
import Testing

/// Language models in GGUF files.
struct GGUFModelTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private static let text = "the 12 quick brown foxes, and a caf\u{e9}!\n"

    private func tokenizer() throws -> any Tokenizer {
        try Tokenizers.load(fixtureFolder.appendingPathComponent("tiny-llama/tokenizer.json").path)
    }

    /// A folder with a small model of a family.
    private func saved(_ family: String) throws -> String {
        let model: LanguageModel = Generator.withDefault(Generator(seed: 5)) {
            if family == "gpt2" {
                return GPT2(GPT2Configuration(vocabularySize: 710, contextLength: 64, width: 64, layers: 2, heads: 4))
            }
            var sizes = LlamaConfiguration(
                vocabularySize: 710, contextLength: 64, width: 64, layers: 2, heads: 4, keyValueHeads: 2)
            sizes.family = .init(rawValue: family) ?? .llama
            return Llama(sizes)
        }
        try Checkpoint.save(model, try tokenizer(), to: folder.path(family))
        return folder.path(family)
    }

    private func logits(_ model: LanguageModel, _ tokens: [Int]) -> Tensor {
        noGrad { model.eval()(Tensor(tokens, shape: [1, tokens.count])).squeeze(0) }
    }

    private static let families = ["llama", "qwen3", "gpt2"]

    /// What is written comes back: the same tokens, and the same logits but for what fewer bits lose.
    @Test(arguments: GGUFModelTests.families, [(GGUFWeights.f16, 2e-3), (.q8_0, 0.02), (.q4_0, 0.3)])
    func thereAndBack(_ family: String, _ weights: (GGUFWeights, Double)) throws {
        let source = try saved(family)
        let path = folder.path("model.gguf")
        try Checkpoint(source).exportGGUF(weights: weights.0, to: path)
        let (model, tokenizer) = try Checkpoint(source).languageModelAndTokenizer()
        let (other, words) = try Checkpoint(path).languageModelAndTokenizer()
        let tokens = try tokenizer.encode(Self.text, addingSpecialTokens: true)
        #expect(try words.encode(Self.text, addingSpecialTokens: true) == tokens)
        #expect(words.decode(tokens) == tokenizer.decode(tokens))
        let (expected, found) = (logits(model, tokens), logits(other, tokens))
        let scale = expected.abs().max().item()
        #expect((expected - found).abs().max().item() < weights.1 * scale)
        #expect(
            try Checkpoint(path).generationOptions().endTokens
                == Checkpoint(source).generationOptions().endTokens.union(tokenizer.endOfText.map { [$0] } ?? []))
    }

    /// llama.cpp reads the file, cuts the text into the same tokens and has the same logits: `make_llama_cpp.py` asked it
    /// for them, of the files that this test leaves in the folder `GGUF_FOLDER`.
    @Test(arguments: GGUFModelTests.families) func asLlamaCppRunsIt(_ family: String) throws {
        let source = try saved(family)
        let home = ProcessInfo.processInfo.environment["GGUF_FOLDER"] ?? folder.path("")
        let path = "\(home)/\(family).gguf"
        try Checkpoint(source).exportGGUF(weights: .f16, to: path)
        let (model, tokenizer) = try Checkpoint(path).languageModelAndTokenizer()
        let tokens = try tokenizer.encode(Self.text, addingSpecialTokens: true)
        let fixture = try Fixture("llama_cpp/\(family)")
        #expect(fixture.tensors["tokens"]?.toArray(as: Int.self) == tokens)
        let expected = try #require(fixture.tensors["logits"])
        let own = logits(model, tokens)
        let found = own.narrow(dim: 1, start: 0, length: expected.size(1))
        #expect((expected - found).abs().max().item() < 5e-3 * own.abs().max().item())
    }

    /// The chat template of a file is found by its path, and stays with a model that is tuned further, as do the ends.
    @Test func whatStaysWithTunedModels() throws {
        let source = try saved("llama")
        let program = "{{ bos_token }}{% for m in messages %}{{ m.content }}</s>{% endfor %}"
        let settings = JSON.object([("bos_token", .string("<s>")), ("chat_template", .string(program))])
        _ = try folder.write("\(settings)", to: "llama/tokenizer_config.json")
        let path = folder.path("model.gguf")
        try Checkpoint(source).exportGGUF(weights: .f16, to: path)
        let template = try #require(try ChatTemplate.load(path))
        let messages = [ChatMessage(.user, "hi")]
        let text = try template.text(of: messages, awaitingAnswer: false)
        #expect(template.jinja == program && text.hasSuffix("hi</s>"))
        var configuration = LanguageTrainingConfiguration()
        (configuration.data, configuration.from) = (
            try folder.write(String(repeating: Self.text, count: 30), to: "a.txt"), path
        )
        (configuration.contextLength, configuration.training.steps, configuration.training.batch) = (8, 1, 1)
        let run = try RunFolder(in: folder.path("runs"), task: "text", name: "tuned", arguments: configuration)
        try LanguageTraining(configuration).run(in: run)
        let tuned = try Checkpoint(run.path)
        #expect(try tuned.chatTemplate()?.text(of: messages, awaitingAnswer: false) == text)
        let ends = try Checkpoint(path).generationOptions().endTokens
        #expect(try !ends.isEmpty && tuned.generationOptions().endTokens == ends)
    }

    @Test func whatIsNotWritten() throws {
        let letters = CharacterTokenizer(charactersOf: "abc")
        let model = GPT2(GPT2Configuration(vocabularySize: 3, contextLength: 16, width: 32, layers: 1, heads: 1))
        try Checkpoint.save(model, letters, to: folder.path("letters"))
        let error = #expect(throws: InputError.self) {
            try Checkpoint(folder.path("letters")).exportGGUF(weights: .f16, to: folder.path("a.gguf"))
        }
        #expect(error?.description.contains("only byte-level BPE") == true && !folder.contents.contains("a.gguf"))
        let other = folder.path("other.gguf")
        try GGUFWriter.write([("general.architecture", .string("mamba"))], [], to: other)
        let refusal = #expect(throws: InputError.self) { try Checkpoint(other) }
        #expect(refusal?.description.contains("it is mamba; supported in GGUF files are llama") == true)
    }

    /// SentencePiece's tokens with their scores: the ids that the `tokenizers` package gives for the same merges.
    @Test func tokensWithScores() throws {
        let pieces =
            ["<unk>", "<s>", "</s>"]
            + (0..<256).map { byte in
                let digits = String(byte, radix: 16, uppercase: true)
                return "<0x\(digits.count < 2 ? "0" : "")\(digits)>"
            }
        let letters = ["\u{2581}", "h", "e", "l", "o", "he", "ll", "hell", "hello", "\u{2581}hello", "lo"]
        let scores = Array(repeating: Float(0), count: pieces.count) + letters.indices.map { Float(-$0) }
        let types = [2, 3, 3] + Array(repeating: 6, count: 256) + letters.map { _ in 1 }
        let path = folder.path("spm.gguf")
        try GGUFWriter.write(
            [
                ("general.architecture", .string("llama")), ("tokenizer.ggml.model", .string("llama")),
                ("tokenizer.ggml.tokens", .strings(pieces + letters)), ("tokenizer.ggml.scores", .floats(scores)),
                ("tokenizer.ggml.token_type", .int32s(types)), ("tokenizer.ggml.bos_token_id", .uint32(1)),
                ("tokenizer.ggml.eos_token_id", .uint32(2)),
            ], [], to: path)
        let tokenizer = try Tokenizers.load(path)
        #expect(
            try tokenizer.encode("hello lo\u{e9}", addingSpecialTokens: true) == [1, 268, 259, 269, 3 + 0xC3, 3 + 0xA9])
        #expect(tokenizer.decode([268, 259, 269]) == " hello lo" && tokenizer.isSpecial(2))
    }

    /// SmolLM 2 has no tokens for some bytes: they are left out, as `tokenizers` and llama.cpp do.
    @Test func tokensOfSomeBytes() throws {
        let path = folder.path("bytes.gguf")
        try GGUFWriter.write(
            [
                ("general.architecture", .string("llama")), ("tokenizer.ggml.model", .string("gpt2")),
                ("tokenizer.ggml.pre", .string("smollm")), ("tokenizer.ggml.tokens", .strings(["a", "b", "ab", "1"])),
                ("tokenizer.ggml.merges", .strings(["a b"])),
            ], [], to: path)
        #expect(try Tokenizers.load(path).encode("abca\u{4}11") == [2, 0, 3, 3])
    }

    /// A byte-level tokenizer in a file: of each byte, and of `more`.
    private func words(
        _ pre: String?, more: [String] = [], merges: [String] = ["a b"], _ fields: [(String, GGUFWriter.Value)] = []
    ) throws -> String {
        let alphabet = try tokenizer().file
        guard case .object(let members)? = try ConfigurationFields(alphabet, path: "").object("model")?["vocab"] else {
            throw InputError("tokenizer", "it has no vocabulary")
        }
        let bytes = members.map(\.name).filter { $0.unicodeScalars.count == 1 }
        let path = folder.path("words.gguf")
        let own = pre.map { [("tokenizer.ggml.pre", GGUFWriter.Value.string($0))] } ?? []
        try GGUFWriter.write(
            [
                ("general.architecture", .string("llama")), ("tokenizer.ggml.model", .string("gpt2")),
                ("tokenizer.ggml.tokens", .strings(bytes + ["ab"] + more)), ("tokenizer.ggml.merges", .strings(merges)),
                ("tokenizer.ggml.bos_token_id", .uint32(0)),
            ] + own + fields, [], to: path)
        return path
    }

    /// Qwen's tokenizer composes letters, that of DeepSeek's models of its kind does not; Llama 3's texts begin with a mark
    /// where the file says nothing else, as llama.cpp has it.
    @Test func tokenizersByTheirNames() throws {
        func encoded(_ pre: String, _ text: String, _ fields: [(String, GGUFWriter.Value)] = []) throws -> [Int] {
            try Tokenizers.load(words(pre, fields)).encode(text, addingSpecialTokens: true)
        }
        #expect(try encoded("qwen2", "e\u{301}") == encoded("qwen2", "\u{e9}"))
        #expect(try encoded("deepseek-r1-qwen", "e\u{301}").count == 3)
        #expect(try encoded("llama-bpe", "a").first == 0 && encoded("llama-bpe", "a").count == 2)
        #expect(try encoded("llama-bpe", "a", [("tokenizer.ggml.add_bos_token", .bool(false))]).count == 1)
        #expect(try encoded("qwen2", "a").count == 1)
        // Where a file has no name, words are cut as GPT-2 does it.
        #expect(try Tokenizers.load(words(nil)).encode("ab 1") == Tokenizers.load(words("gpt-2")).encode("ab 1"))
    }

    /// What a name of llama.cpp's does not say of a tokenizer is refused where texts would be other tokens.
    @Test func tokenizersThatNoNameDescribes() throws {
        let source = try saved("llama")
        let plain = try String(contentsOfFile: "\(source)/tokenizer.json", encoding: .utf8)
        let file = try ConfigurationFields(tokenizer().file, path: "")
        let model = try #require(try file.object("model"))
        let ignores = try model.bool("ignore_merges", default: false)
        let (own, other) = (#""ignore_merges": \#(ignores)"#, #""ignore_merges": \#(!ignores)"#)
        #expect(plain.contains(own))
        func export(_ text: String) throws -> String {
            try text.write(toFile: "\(source)/tokenizer.json", atomically: true, encoding: .utf8)
            let path = folder.path("again.gguf")
            try Checkpoint(source).exportGGUF(weights: .f16, to: path)
            return path
        }
        // Where merges make all tokens, it is the same either way.
        let again = try Tokenizers.load(export(plain.replacing(own, with: other)))
        #expect(try again.encode(Self.text) == tokenizer().encode(Self.text))
        // A merge less, and the token that it made is only found whole.
        let cut = try #require(plain.range(of: #""merges": ["#))
        let end = try #require(plain[cut.upperBound...].range(of: ","))
        let less = plain.replacingCharacters(in: cut.upperBound..<end.upperBound, with: "")
        let error = #expect(throws: InputError.self) { try export(less.replacing(own, with: other)) }
        #expect(error?.description.contains("the merges do not make the token") == true, "\(String(describing: error))")
    }

    /// A file is read once, however much of it is needed: all of it is known when it is gone.
    @Test func aFileIsReadOnce() throws {
        let source = try saved("qwen3")
        _ = try folder.write(#"{"chat_template": "{{ messages[0].content }}"}"#, to: "qwen3/tokenizer_config.json")
        let path = folder.path("model.gguf")
        try Checkpoint(source).exportGGUF(weights: .f16, to: path)
        let checkpoint = try Checkpoint(path)
        try FileManager.default.removeItem(atPath: path)
        let (model, tokenizer) = try checkpoint.languageModelAndTokenizer()
        #expect(model.vocabularySize >= tokenizer.vocabularySize)
        let template = try ChatTemplate.choose(nil, for: checkpoint)
        #expect(try template.text(of: [ChatMessage(.user, "hello")], awaitingAnswer: true) == "hello")
    }

    /// Whatever is damaged, the file is read or refused.
    @Test func damagedModels() throws {
        let source = try saved("llama")
        let path = folder.path("seed.gguf")
        try Checkpoint(source).exportGGUF(weights: .q4_0, to: path)
        var fuzzer = Fuzzer(seeds: [try [UInt8](Data(contentsOf: URL(fileURLWithPath: path)))])
        try fuzzer.run(to: folder.path("damaged.gguf")) { path in
            let (model, tokenizer) = try Checkpoint(path).languageModelAndTokenizer()
            _ = tokenizer.decode(try tokenizer.encode(Self.text))
            _ = model.vocabularySize
        }
    }
}
