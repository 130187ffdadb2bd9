import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackLanguage
import TestSupport
import Testing

/// Encoders with heads for classes, as Transformers writes them.
struct TextClassifierTests {
    /// A folder with the tokenizer that its fixture names.
    private func folder(_ name: String, _ fixture: Fixture, in place: TemporaryFolder) throws -> String {
        let path = place.path(name)
        try FileManager.default.copyItem(
            atPath: fixtureFolder.appendingPathComponent("models/\(name)").path, toPath: path)
        let tokenizer = try #require(fixture.manifest["tokenizer"] as? String)
        let source = fixtureFolder.appendingPathComponent("tokenizers/\(tokenizer).json").path
        // RoBERTa's marks are in its own fixture.
        let marked = fixtureFolder.appendingPathComponent("models/roberta-tiny/tokenizer.json").path
        try FileManager.default.copyItem(
            atPath: tokenizer == "gpt2" ? marked : source, toPath: "\(path)/tokenizer.json")
        return path
    }

    /// The logits of Transformers, of sentences together and alone.
    @Test(arguments: [
        ("bert-classes", ["bad", "fair", "good"]), ("roberta-classes", ["LABEL_0", "LABEL_1", "LABEL_2", "LABEL_3"]),
        ("distilbert-classes", ["NEGATIVE", "POSITIVE"]), ("modernbert-classes", ["LABEL_0", "LABEL_1"]),
    ])
    func logits(name: String, classes: [String]) throws {
        let place = try TemporaryFolder()
        let fixture = try Fixture("models/\(name)/case")
        let path = try folder(name, fixture, in: place)
        let classifier = try SequenceClassifier(path)
        let sentences = try #require(fixture.manifest["sentences"] as? [String])
        let expected = try #require(fixture.tensors["logits"])
        #expect(classifier.classes == classes && classifier.hasSeveral == (name == "roberta-classes"))
        #expect((try classifier.logits(of: sentences) - expected).abs().max().item() < 1e-5)
        #expect(
            (try classifier.logits(of: [sentences[1]]) - expected.narrow(dim: 0, start: 1, length: 1)).abs().max()
                .item() < 1e-5)
        let sums = try classifier.probabilities(of: sentences).sum(dim: 1).toArray(as: Double.self)
        #expect(classifier.hasSeveral || sums.allSatisfy { abs($0 - 1) < 1e-6 })
        let best = expected.argmax(dim: 1).toArray(as: Int.self).map { classes[$0] }
        #expect(try TextClassifiers.load(path).predict(sentences).map(\.class) == best)
        let ranked = try classifier.likeliest(of: [sentences[0]], count: 10)[0]
        #expect(
            ranked.count == classes.count
                && zip(ranked, ranked.dropFirst()).allSatisfy { $0.probability >= $1.probability })
        // The encoder alone makes vectors, too.
        #expect(try SentenceEncoder(path).embed(["a"]).shape == [1, 8])
        let long = #expect(throws: InputError.self) { try classifier.predict([String(repeating: "one ", count: 60)]) }
        #expect(long?.description.contains("the model reads at most") == true)
    }

    @Test func badFolders() throws {
        let place = try TemporaryFolder()
        let path = try folder("bert-classes", Fixture("models/bert-classes/case"), in: place)
        let config = "\(path)/config.json"
        let text = try String(contentsOfFile: config, encoding: .utf8)
        for (old, new, sentence) in [
            (#""2": "good""#, #""3": "good""#, "id2label.2"), (#""0": "bad","#, "", "it names 2 classes"),
            (#""model_type": "bert""#, #""model_type": "roberta""#, "tensor classifier.dense.weight"),
        ] {
            let changed = text.replacing(old, with: new)
            try #require(changed != text, "\(old)")
            try changed.write(toFile: config, atomically: true, encoding: .utf8)
            let error = #expect(throws: InputError.self) { try SequenceClassifier(path) }
            #expect(error?.description.contains(sentence) == true, "\(String(describing: error))")
        }
    }
}
