import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackLanguage
import TestSupport
import Testing

/// Vectors of sentences as sentence-transformers 6 makes them of a folder that it wrote.
struct SentenceEncoderTests {
    private let fixture: Fixture
    private let sentences: [String]
    private let folder: TemporaryFolder
    private let path: String

    init() throws {
        fixture = try Fixture("models/e5-tiny/case")
        sentences = try #require(fixture.manifest["sentences"] as? [String])
        folder = try TemporaryFolder()
        path = folder.path("e5")
        try FileManager.default.copyItem(
            atPath: fixtureFolder.appendingPathComponent("models/e5-tiny").path, toPath: path)
    }

    private func expectEqual(_ found: Tensor, _ name: String) throws {
        let expected = try #require(fixture.tensors[name])
        #expect((found - expected).abs().max().item() < 1e-5, "\(name)")
    }

    /// With the prompt before each sentence, the pooling and the longest text of the folder, and one long.
    @Test func asTheFolderSays() throws {
        let encoder = try SentenceEncoder(path)
        #expect(
            encoder.length == 30 && encoder.prompt == "query: " && encoder.pooling == .meanSquareRoot
                && encoder.normalizes)
        try expectEqual(encoder.embed(sentences), "vectors")
        try expectEqual(encoder.embed([String(repeating: "one two three four five six ", count: 9)]), "long")
        let tokens = try encoder.tokens(of: sentences[2])
        let row = try #require(fixture.tensors["vectors"]).narrow(dim: 0, start: 2, length: 1)
        #expect((encoder.embed(tokens: [tokens]) - row).abs().max().item() < 1e-5)
        let short = encoder.shortened(try encoder.embed(sentences), to: 3)
        #expect(short.shape == [sentences.count, 3] && encoder.canShorten(to: 3) && !encoder.canShorten(to: 9))
        #expect((short.square().sum(dim: 1) - 1).abs().max().item() < 1e-6)
        let config = "\(path)/config.json"
        let text = try String(contentsOfFile: config, encoding: .utf8)
        try text.replacing("{", with: #"{"matryoshka_dimensions": [4, 6],"#, maxReplacements: 1)
            .write(toFile: config, atomically: true, encoding: .utf8)
        #expect(try SentenceEncoder(path).canShorten(to: 4) && !SentenceEncoder(path).canShorten(to: 3))
    }

    /// Each way of pooling, in the words of newer and of older files.
    @Test(arguments: [
        ("weightedmean", "weightedmean_tokens"), ("lasttoken", "lasttoken"), ("cls", "cls_token"),
        ("max", "max_tokens"),
        ("mean", "mean_tokens"),
    ])
    func poolings(mode: String, flag: String) throws {
        try FileManager.default.removeItem(atPath: "\(path)/modules.json")
        try FileManager.default.removeItem(atPath: "\(path)/config_sentence_transformers.json")
        for text in [
            #"{"pooling_mode": "\#(mode)"}"#, #"{"pooling_mode_\#(flag)": true, "pooling_mode_other": false}"#,
        ] {
            _ = try folder.write(text, to: "e5/1_Pooling/config.json")
            try expectEqual(SentenceEncoder(path).embed(sentences), mode)
        }
        for text in [
            #"{"pooling_mode": ["cls", "mean"]}"#, #"{"pooling_mode": "sum"}"#, #"{"pooling_mode_other": true}"#,
        ] {
            _ = try folder.write(text, to: "e5/1_Pooling/config.json")
            let error = #expect(throws: InputError.self) { try SentenceEncoder(path) }
            #expect(
                error?.description.contains("1_Pooling/config.json") == true
                    && error?.description.contains("needed") == true)
        }
    }
}
