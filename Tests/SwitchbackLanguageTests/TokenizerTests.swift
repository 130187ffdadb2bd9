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

    /// Those put together from many parts, and those of SentencePiece's own files.
    private static let parts = ["unigram.json", "ends.json", "cuts.json", "ways.json", "unigram.model", "pairs.model"]

    private func fixture(_ name: String) throws -> any Tokenizer {
        let file = name.contains(".") ? name : "\(name).json"
        return try Tokenizers.load(TokenizerTests.fixtures.appendingPathComponent(file).path)
    }

    /// What `make_tokenizers.py` makes of a list of tokens.
    private func digest(_ tokens: [Int]) -> Int32 {
        let hash = tokens.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        return Int32(bitPattern: UInt32(hash >> 32))
    }

    /// 10,000 random strings get the tokens that the `tokenizers` package gives them.
    @Test(arguments: kinds)
    func agreesWithTheTokenizersPackage(name: String) throws {
        try expectHashes(name, TokenizerTests.fixtures.appendingPathComponent("hashes.safetensors").path)
    }

    /// Random strings get the tokens that the `tokenizers` and the `sentencepiece` package give them: 400, or as many as
    /// `make_tokenizers.py COUNT PATH` wrote to the path in `TOKENIZER_HASHES`.
    @Test(arguments: parts)
    func agreesWithBothPackages(name: String) throws {
        let usual = TokenizerTests.fixtures.appendingPathComponent("more_hashes.safetensors").path
        try expectHashes(name, ProcessInfo.processInfo.environment["TOKENIZER_HASHES"] ?? usual)
    }

    private func expectHashes(_ name: String, _ path: String) throws {
        let tokenizer = try fixture(name)
        let expected = try #require(Safetensors.load(path)[name]).toArray(as: Int32.self)
        var texts = RandomText(seed: 42)
        var wrong: [String] = []
        for hash in expected {
            let text = texts.next()
            let found = digest(try tokenizer.encode(text, addingSpecialTokens: true))
            if found != hash { wrong.append(text) }
        }
        #expect(wrong.isEmpty, "\(wrong.count) differ; the first: \(wrong.prefix(3).map(\.debugDescription))")
    }

    /// Characters of which the second becomes part of the first, and of others that only look so: the numbers are those of
    /// the `tokenizers` package.
    @Test(arguments: [
        ("\u{CCA}\u{CD5}", "\u{CCB}"), ("\u{CC6}\u{CC2}\u{CD5}", "\u{CCB}"), ("\u{AC00}\u{11A8}", "\u{AC01}"),
        ("\u{1100}\u{1161}\u{11A8}", "\u{AC01}"), ("w\u{308}", "\u{1E85}"), ("s\u{307}\u{323}", "\u{1E69}"),
        ("\u{110A5}\u{110BA}", "\u{110AB}"), ("q\u{344}", "q\u{308}\u{301}"),
        ("q\u{301}\u{F81}", "q\u{F71}\u{F80}\u{301}"), ("\u{958}", "\u{915}\u{93C}"),
    ])
    func composition(apart: String, together: String) throws {
        let qwen = try fixture("qwen")
        #expect(try qwen.encode("a\(apart)b") == qwen.encode("a\(together)b"))
        #expect(
            try Array(qwen.decode(qwen.encode("a\(apart)b")).unicodeScalars) == Array("a\(together)b".unicodeScalars))
    }

    @Test(arguments: [
        "\u{E0077}\u{308}", "\u{E01B0}\u{309}", "a\u{334}\u{1D165}", "\u{AC01}\u{11A8}", "\u{9C7}a\u{9BE}",
    ])
    func charactersThatStayApart(text: String) throws {
        let qwen = try fixture("qwen")
        #expect(try Array(qwen.decode(qwen.encode(text)).unicodeScalars) == Array(text.unicodeScalars))
    }

    /// Marks that another version of Unicode took for others: BERT leaves accents out as Unicode 8 knew them. The numbers
    /// are those of the `tokenizers` package.
    @Test func accentsOfUnicode8() throws {
        let bert = try fixture("bert")
        let (plain, unknown) = (try bert.encode("ab"), try bert.encode("a\u{4FF}b"))
        #expect(plain != unknown && unknown.count == 1)
        for mark in ["\u{1734}", "\u{1171D}", "\u{1171E}", "\u{301}"] { #expect(try bert.encode("a\(mark)b") == plain) }
        for mark in ["\u{1885}", "\u{1886}", "\u{A9BD}"] { #expect(try bert.encode("a\(mark)b") == unknown) }
        let ends = try fixture("ends")
        #expect(try ends.encode("a\u{301}b") == ends.encode("ab") && ends.encode("a\u{111C9}b") != ends.encode("ab"))
    }

    /// What was read from a file and written again makes the same tokens.
    @Test(arguments: kinds + parts)
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

    /// What tokens say, where spaces, bytes and pieces are written in each of the ways.
    @Test(arguments: [
        ("unigram.model", " bade 12 <sep> gona"), ("pairs.model", " bade 12 <sep> gona €"),
        ("unigram.json", " bade gona"),
        ("cuts.json", "Bade 12345 gona, 日本\n €"), ("ends.json", "bade gona "),
    ])
    func decodingParts(name: String, text: String) throws {
        let tokenizer = try fixture(name)
        #expect(tokenizer.decode(try tokenizer.encode(text.trimmingCharacters(in: .whitespaces))) == text)
    }

    /// A folder's settings say what stands around a text; T5 has tokens behind the file's.
    @Test(arguments: [
        (#"{"tokenizer_class": "LlamaTokenizer"}"#, ["<s>"], [String](), 0),
        (#"{"tokenizer_class": "T5Tokenizer"}"#, [], ["</s>"], 100),
        (#"{"tokenizer_class": "LlamaTokenizer", "add_bos_token": false, "add_eos_token": true}"#, [], ["</s>"], 0),
    ])
    func sentencePieceFolders(settings: String, before: [String], after: [String], more: Int) throws {
        let folder = try TemporaryFolder()
        try FileManager.default.copyItem(
            atPath: TokenizerTests.fixtures.appendingPathComponent("unigram.model").path,
            toPath: folder.path("spiece.model"))
        _ = try folder.write(settings, to: "tokenizer_config.json")
        let (tokenizer, plain) = (try Tokenizers.load(folder.url.path), try fixture("unigram.model"))
        func numbers(_ texts: [String]) -> [Int] { texts.compactMap(tokenizer.specialToken) }
        let text = try plain.encode("bade gona")
        #expect(
            try tokenizer.encode("bade gona", addingSpecialTokens: true) == numbers(before) + text + numbers(after))
        #expect(numbers(before + after).count == before.count + after.count)
        #expect(tokenizer.vocabularySize == plain.vocabularySize + more)
    }

    @Test func badSentencePieceFolders() throws {
        let folder = try TemporaryFolder()
        let model = folder.path("tokenizer.model")
        try FileManager.default.copyItem(
            atPath: TokenizerTests.fixtures.appendingPathComponent("pairs.model").path, toPath: model)
        _ = try folder.write(#"{"tokenizer_class": "XLNetTokenizer"}"#, to: "tokenizer_config.json")
        let kind = #expect(throws: InputError.self) { try Tokenizers.load(folder.url.path) }
        #expect(kind?.description.contains("it is XLNetTokenizer") == true)
        _ = try folder.write("no model", to: "tokenizer.model")
        let damaged = #expect(throws: InputError.self) { try Tokenizers.load(folder.url.path) }
        #expect(damaged?.description.contains(model) == true)
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
        (#"{"model": {"type": "Unigram", "vocab": []}}"#, "vocab"),
        (#"{"model": {"type": "Unigrm", "vocab": []}}"#, "Unigrm"),
        (#"{"version": "1.0"}"#, "model"),
        (#"{"model": {"type": "BPE", "vocab": {"a": 5000000}}}"#, "vocab"),
        (#"{"model": {"type": "BPE", "dropout": 0.1, "vocab": {"a": 0}}}"#, "dropout"),
        (#"{"model": {"type": "Unigram", "unk_id": 7, "vocab": [["a", 0]]}}"#, "unk_id"),
        (#"{"model": {"type": "Unigram", "vocab": [["a", 0]]}, "normalizer": {"type": "NFX"}}"#, "did you mean NF"),
        (
            #"{"model": {"type": "Unigram", "vocab": [["a", 0]]}, "pre_tokenizer": {"type": "Split", "pattern": {"Regex": "(a"}}}"#,
            "a ) is missing"
        ),
        (
            #"{"model": {"type": "Unigram", "vocab": [["a", 0]]}, "normalizer": {"type": "Precompiled", "precompiled_charsmap": "AAAA"}}"#,
            "precompiled_charsmap"
        ),
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
