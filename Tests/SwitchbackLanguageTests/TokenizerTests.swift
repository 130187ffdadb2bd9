import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackLanguage
import TestSupport
import Testing

struct TokenizerTests {
    private static let fixtures = fixtureFolder.appendingPathComponent("tokenizers")

    private static let kinds = [
        "gpt2", "llama3", "qwen", "gpt4o", "smollm", "bert", "llama2", "mistral", "metaspace", "gemma",
    ]

    private func fixture(_ name: String) throws -> any Tokenizer {
        try Tokenizers.load(TokenizerTests.fixtures.appendingPathComponent("\(name).json").path)
    }

    /// What `make_tokenizers.py` makes of a list of tokens.
    private func digest(_ tokens: [Int]) -> Int32 {
        let hash = tokens.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        return Int32(bitPattern: UInt32(hash >> 32))
    }

    /// 10,000 random strings get the tokens that the `tokenizers` package gives them.
    @Test(arguments: kinds)
    func agreesWithTheTokenizersPackage(name: String) throws {
        let tokenizer = try fixture(name)
        let hashes = try Safetensors.load(TokenizerTests.fixtures.appendingPathComponent("hashes.safetensors").path)
        let expected = try #require(hashes[name]).toArray(as: Int32.self)
        var texts = RandomText(seed: 42)
        var wrong: [String] = []
        for hash in expected {
            let text = texts.next()
            let found = digest(try tokenizer.encode(text, addingSpecialTokens: true))
            if found != hash { wrong.append(text) }
        }
        #expect(wrong.isEmpty, "\(wrong.count) differ; the first: \(wrong.prefix(3).map(\.debugDescription))")
    }

    /// What was read from a file and written again makes the same tokens.
    @Test(arguments: kinds)
    func writtenAgain(name: String) throws {
        let tokenizer = try fixture(name)
        let folder = try TemporaryFolder()
        try Tokenizers.save(tokenizer, to: folder.path(""))
        let copy = try Tokenizers.load(folder.path(""))
        var texts = RandomText(seed: 7)
        for _ in 0..<200 {
            let text = texts.next()
            #expect(
                try copy.encode(text, addingSpecialTokens: true) == tokenizer.encode(text, addingSpecialTokens: true))
        }
    }

    @Test(arguments: ["gpt2", "llama3"])
    func decodingRestoresTheText(name: String) throws {
        let tokenizer = try fixture(name)
        var texts = RandomText(seed: 3)
        for _ in 0..<500 {
            let text = texts.next()
            #expect(Array(tokenizer.decode(try tokenizer.encode(text)).utf8) == Array(text.utf8))
        }
    }

    /// Every piece that streams out is whole characters, and together they are the text.
    @Test func streamingNeverSplitsACharacter() throws {
        let tokenizer = try fixture("gpt2")
        var texts = RandomText(seed: 5)
        for _ in 0..<500 {
            let text = texts.next()
            var stream = StreamingDecoder(tokenizer)
            let tokens = try tokenizer.encode(text)
            let pieces = tokens.map { stream.append($0) } + [stream.finish()]
            // Special tokens are no text.
            let shown = tokenizer.decode(tokens.filter { !tokenizer.isSpecial($0) })
            #expect(Array(pieces.joined().utf8) == Array(shown.utf8))
        }
        var stream = StreamingDecoder(tokenizer)
        let euro = try tokenizer.encode("€")
        #expect(euro.count > 1 && euro.dropLast().allSatisfy { stream.append($0).isEmpty })
        #expect(stream.finish() == "\u{FFFD}")
    }

    @Test func characters() throws {
        let tokenizer = CharacterTokenizer(charactersOf: "hello\né")
        #expect(tokenizer.vocabularySize == 6)
        #expect(try tokenizer.decode(tokenizer.encode("hole\né")) == "hole\né")
        let error = #expect(throws: InputError.self) { try tokenizer.encode("hex") }
        #expect(error?.description.contains("'x' (U+78)") == true)
        let folder = try TemporaryFolder()
        try Tokenizers.save(tokenizer, to: folder.path(""))
        #expect(try Tokenizers.load(folder.path("")).encode("hole") == tokenizer.encode("hole"))
    }

    @Test func trainingFindsFrequentPairs() throws {
        let text = String(repeating: "low lower lowest newer newest ", count: 20)
        let tokenizer = try BytePairTokenizer.train(on: text, vocabularySize: 280)
        #expect(tokenizer.vocabularySize <= 280)
        #expect(try tokenizer.encode(" lowest newest").count <= 5)
        #expect(try tokenizer.decode(tokenizer.encode("neue Wörter 日本")) == "neue Wörter 日本")
        #expect(tokenizer.endOfText == tokenizer.vocabularySize - 1)
    }

    // MARK: vocab.json and merges.txt

    /// A folder with the vocabulary and merges of a fixture, more tokens, and settings.
    private func olderFolder(_ added: [String], _ settings: String) throws -> TemporaryFolder {
        let fields = try ConfigurationFields(file: TokenizerTests.fixtures.appendingPathComponent("gpt2.json").path)
        let model = try #require(try fields.object("model"))
        guard case .object(var vocabulary)? = model["vocab"] else { throw InputError("gpt2.json", "has no vocabulary") }
        for token in added { vocabulary.append((token, .integer(vocabulary.count))) }
        let merges = (try model.array("merges") ?? []).map { pair -> String in
            guard case .array(let names) = pair else { return "" }
            return names.map { if case .string(let name) = $0 { name } else { "" } }.joined(separator: " ")
        }
        let folder = try TemporaryFolder()
        _ = try folder.write("\(JSON.object(vocabulary))", to: "vocab.json")
        _ = try folder.write("#version: 0.2\n" + merges.joined(separator: "\n") + "\n", to: "merges.txt")
        _ = try folder.write(settings, to: "tokenizer_config.json")
        return folder
    }

    /// The numbers are those of `AutoTokenizer.from_pretrained(folder)(text)` of Transformers 5.24.
    @Test(arguments: [
        (["<|endoftext|>"], #"{"tokenizer_class": "GPT2Tokenizer"}"#, [Int](), [Int]()),
        (["<|endoftext|>"], #"{"tokenizer_class": "GPT2Tokenizer", "add_bos_token": true}"#, [700], []),
        (["<|endoftext|>"], #"{"tokenizer_class": "Qwen2TokenizerFast"}"#, [], []),
        (["<s>", "</s>", "<unk>", "<pad>", "<mask>"], #"{"tokenizer_class": "RobertaTokenizer"}"#, [700], [701]),
    ])
    func vocabularyAndMerges(added: [String], settings: String, before: [Int], after: [Int]) throws {
        let folder = try olderFolder(added, settings)
        let tokenizer = try Tokenizers.load(folder.url.path)
        let text = [566, 300, 386, 420, 11, 292, 290, 198, 19, 17, 158, 224, 105, 220, 700, 162, 245, 98]
        let mark = added[0]
        #expect(
            try tokenizer.encode("Bade gona, it's\n42€ \(mark)日", addingSpecialTokens: true) == before + text + after)
    }

    @Test func vocabularyAndMergesAgreeWithTheTokenizersPackage() throws {
        let folder = try olderFolder(["<|endoftext|>"], "{}")
        let (older, whole) = (try Tokenizers.load(folder.url.path), try fixture("gpt2"))
        var texts = RandomText(seed: 11)
        for _ in 0..<500 {
            let text = texts.next()
            #expect(try older.encode(text) == whole.encode(text))
        }
    }

    @Test func badVocabularyAndMerges() throws {
        let unknown = try olderFolder([], #"{"tokenizer_class": "CLIPTokenizer"}"#)
        let kind = #expect(throws: InputError.self) { try Tokenizers.load(unknown.url.path) }
        #expect(kind?.description.contains("field tokenizer_class") == true)
        let damaged = try olderFolder([], "{}")
        let merges = try damaged.write("#version: 0.2\na b c\n", to: "merges.txt")
        let line = #expect(throws: InputError.self) { try Tokenizers.load(damaged.url.path) }
        #expect(line?.description.contains(merges) == true && line?.description.contains("line 2") == true)
    }

    // MARK: Bad files

    @Test(arguments: [
        (
            #"{"model": {"type": "BPE", "vocab": {"a": 0}, "merges": []}, "pre_tokenizer": {"type": "ByteLevel"}}"#,
            "merges"
        ),
        (#"{"model": {"type": "Unigram", "vocab": []}}"#, "Unigram"),
        (#"{"version": "1.0"}"#, "model"),
        (#"{"model": {"type": "BPE", "vocab": {"a": 5}}}"#, "vocab"),
        (#"{"model": {"type": "BPE", "dropout": 0.1, "vocab": {"a": 0}}}"#, "dropout"),
        (#"{"model": {"#, "byte 11"),
    ])
    func badFiles(text: String, mentions: String) throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(text, to: "tokenizer.json")
        let error = #expect(throws: InputError.self) { try Tokenizers.load(path) }
        #expect(error?.description.contains(mentions) == true, "\(error?.description ?? "")")
        #expect(error?.description.contains(path) == true)
    }
}
