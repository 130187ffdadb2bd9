import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackLanguage
import TestSupport
import Testing

/// Encoder–decoders beside Hugging Face's, on tiny checkpoints (`make_translators.py`).
@Suite struct TranslatorTests {
    private static let names = ["t5-tiny", "flan-t5-tiny", "bart-tiny", "mbart-tiny", "marian-tiny"]
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// A folder as Hugging Face has it, of the fixtures of a model and of tokenizers.
    private func modelFolder(_ name: String) throws -> String {
        let path = folder.path(name)
        try FileManager.default.copyItem(
            atPath: fixtureFolder.appendingPathComponent("models/\(name)").path, toPath: path)
        let tokenizers: KeyValuePairs =
            name == "marian-tiny"
            ? ["unigram.model": "source.spm", "pairs.model": "target.spm"] : ["unigram.json": "tokenizer.json"]
        for (own, usual) in tokenizers {
            try FileManager.default.copyItem(
                atPath: fixtureFolder.appendingPathComponent("tokenizers/\(own)").path, toPath: "\(path)/\(usual)")
        }
        return path
    }

    /// Logits, the loss, and the norm of every gradient.
    @Test(arguments: names) func model(name: String) throws {
        let fixture = try Fixture("models/\(name)/case")
        let model = try Checkpoint(fixtureFolder.appendingPathComponent("models/\(name)").path).encoderDecoder()
        let source = try #require(fixture.tensors["input_ids"])
        let labels = try #require(fixture.tensors["labels"])
        let padding = try #require(fixture.tensors["attention_mask"]).eq(0)
        let fields = try ConfigurationFields(
            file: fixtureFolder.appendingPathComponent("models/\(name)/config.json").path)
        let start = Tensor(
            Array(repeating: try fields.integer("decoder_start_token_id", minimum: 0), count: 2), shape: [2, 1])
        let target = Tensor.cat([start, labels], dim: 1)

        let read = target.narrow(dim: 1, start: 0, length: labels.size(1))
        let expected = try #require(fixture.tensors["logits"])
        let memory = model.encode(source, padding: padding)
        for length in [1, 4, 6] {
            let found = model.nextLogits(
                read.narrow(dim: 1, start: 0, length: length), memory, padding: padding
            ).narrow(dim: 1, start: 0, length: expected.size(2))
            let difference = found - expected.select(dim: 1, index: length - 1)
            #expect(difference.abs().max().item() < 1e-5 * max(1, expected.abs().max().item()), "\(length)")
        }

        let loss = model.loss(source, target, padding: padding)
        let expectedLoss = (fixture.manifest["loss"] as! NSNumber).doubleValue
        #expect(abs(loss.item() - expectedLoss) < 1e-5 * expectedLoss)
        loss.backward()
        let norms = (fixture.manifest["grad_norm"] as! [String: NSNumber]).mapValues(\.doubleValue)
        let largest = norms.values.max()!
        #expect(Set(model.namedParameters.map(\.name)) == Set(norms.keys))
        for (name, parameter) in model.namedParameters {
            let norm = parameter.grad.map { $0.square().sum().sqrt().item() } ?? 0
            #expect(abs(norm - (norms[name] ?? 0)) < 2e-5 * largest, "\(name)")
        }
    }

    /// What `generate` of Transformers writes, greedily and by beam search with the rules of the folder.
    @Test(arguments: names) func generation(name: String) throws {
        let fixture = try Fixture("models/\(name)/case")
        var translator = try Translator.load(try modelFolder(name))
        let cases = try #require(fixture.manifest["generated"] as? [[String: Any]])
        for one in cases {
            let source = try #require(one["source"] as? [Int])
            translator.beam = try #require(one["beams"] as? Int)
            #expect(
                try translator.translate(tokens: source) == one["target"] as? [Int], "\(translator.beam): \(source)")
        }
        #expect(try translator.translate(" ") == "")
    }

    /// Marian's numbers are those of vocab.json, and a language may be named first.
    @Test func sentencesAreRead() throws {
        let path = try modelFolder("marian-tiny")
        let translator = try Translator.load(path)
        let plain = try translator.translate("bade gona")
        #expect(try translator.translate("  bade   gona ") == plain)
        let error = #expect(throws: InputError.self) {
            try translator.translate(String(repeating: "bade gona ", count: 40))
        }
        #expect(error?.description.contains("the model reads up to 40") == true)
    }

    @Test func badFolders() throws {
        let path = try modelFolder("bart-tiny")
        let config = try String(contentsOfFile: "\(path)/config.json", encoding: .utf8)
        for (old, new, sentence) in [
            (#""bart""#, #""bartt""#, "did you mean bart"), (#""bart""#, #""llama""#, "supported for translation are"),
            (#""d_model": 8"#, #""d_model": 9"#, "cannot be divided"),
            (#""activation_function": "gelu""#, #""activation_function": "mish""#, "activation_function"),
        ] {
            try config.replacing(old, with: new).write(toFile: "\(path)/config.json", atomically: true, encoding: .utf8)
            let error = #expect(throws: InputError.self) { try Translator.load(path) }
            #expect(error?.description.contains(sentence) == true, "\(String(describing: error))")
        }
    }
}
