import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackLanguage
import TestSupport
import Testing

/// Texts and tokenizers that ask for more than they should get.
struct HostileTextTests {
    private static let folder = fixtureFolder.appendingPathComponent("tiny-llama")

    /// The tokenizer with something else in its file.
    private func tokenizer(
        _ old: String = "", _ new: String = "", in folder: TemporaryFolder
    ) throws -> any Tokenizer {
        let text = try String(contentsOf: Self.folder.appendingPathComponent("tokenizer.json"), encoding: .utf8)
        return try Tokenizers.load(
            folder.write(old.isEmpty ? text : text.replacing(old, with: new), to: "tokenizer.json"))
    }

    @Test func longRuns() throws {
        let folder = try TemporaryFolder()
        let llama = try tokenizer(in: folder)
        for run in ["1", "a", " ", "\n", "!", " \n", "<", "<|", "'s"] {
            let text = String(repeating: run, count: 200_000)
            let tokens = try withinAMinute { try llama.encode(text) }
            #expect(llama.decode(tokens) == text, "\(run)")
        }
        #expect(try llama.encode("12345678") == llama.encode("123") + llama.encode("456") + llama.encode("78"))
    }

    /// Whatever a text repeats, expressions, pieces and merges take a time that grows with its length.
    @Test(arguments: ["unigram.json", "ends.json", "cuts.json", "ways.json", "unigram.model", "pairs.model"])
    func longRunsOfParts(name: String) throws {
        let tokenizer = try Tokenizers.load(fixtureFolder.appendingPathComponent("tokenizers/\(name)").path)
        for run in ["1", "a", " ", "\n", "an", "'", " \n", "e.", "日", "e\u{301}"] {
            let text = String(repeating: run, count: 20_000)
            #expect(try withinAMinute { try tokenizer.encode(text) }.count < 80_000, "\(run)")
        }
    }

    @Test func marksInAnyOrder() throws {
        let folder = try TemporaryFolder()
        let nfc = try tokenizer(#""normalizer": null"#, #""normalizer": {"type": "NFC"}"#, in: folder)
        let plain = try tokenizer(in: folder)
        // What the normal form is for few marks, it is for many.
        for count in [1, 5, 40, 300] {
            let text = "e" + String(repeating: "\u{301}\u{327}", count: count) + "x"
            #expect(
                try nfc.encode(text) == plain.encode(text.precomposedStringWithCanonicalMapping),
                "\(count) pairs of marks")
        }
        let many = String(repeating: "\u{301}\u{327}", count: 262_144)
        #expect(try withinAMinute { try nfc.encode(many) }.isEmpty == false)
    }

    @Test(arguments: [
        (#""ids": [700]"#, #""ids": [-1]"#, "-1 is the number of no token"),
        (#""ids": [700]"#, #""ids": [9223372036854775807]"#, "is the number of no token"),
        (#""id": 701"#, #""id": 9223372036854775807"#, "is the number of no token"),
        (#""id": 701"#, #""id": -5"#, "at least 0"),
    ])
    func numbersOfNoToken(_ old: String, _ new: String, _ sentence: String) throws {
        let folder = try TemporaryFolder()
        let error = #expect(throws: InputError.self) { try tokenizer(old, new, in: folder) }
        #expect(error?.description.contains(sentence) == true, "\(String(describing: error))")
    }

    /// Replacements one after the other multiply what they make.
    @Test(arguments: [("normalizer", "normalizers"), ("decoder", "decoders")])
    func replacementsThatMultiply(_ part: String, _ list: String) throws {
        let folder = try TemporaryFolder()
        let data = try Data(contentsOf: fixtureFolder.appendingPathComponent("tokenizers/unigram.json"))
        var file = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
        func load(_ count: Int) throws -> any Tokenizer {
            let step: [String: Any] = ["type": "Replace", "pattern": ["String": "a"], "content": "aaaaaaaaaa"]
            file[part] = ["type": "Sequence", list: [[String: Any]](repeating: step, count: count)]
            let text = String(decoding: try JSONSerialization.data(withJSONObject: file), as: UTF8.self)
            return try Tokenizers.load(folder.write(text, to: "tokenizer.json"))
        }
        _ = try load(4)
        let error = #expect(throws: InputError.self) { try load(12) }
        #expect(error?.description.contains("more than 10000 characters of one") == true)
    }

    /// A template may name a token that the model has no row for.
    @Test func numbersBeyondTheModel() throws {
        let folder = try TemporaryFolder()
        for name in ["config.json", "model.safetensors"] {
            try FileManager.default.copyItem(
                atPath: Self.folder.appendingPathComponent(name).path, toPath: folder.path(name))
        }
        _ = try tokenizer(in: folder)
        _ = try Checkpoint(folder.url.path).languageModelAndTokenizer()
        _ = try tokenizer(#""ids": [700]"#, #""ids": [710]"#, in: folder)
        let error = #expect(throws: InputError.self) { try Checkpoint(folder.url.path).languageModelAndTokenizer() }
        #expect(
            error?.description.contains("711 tokens, and the model only 710") == true, "\(String(describing: error))")
    }
}
