import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackLanguage
import TestSupport
import Testing

/// Every model of text that we ship, exported and run by `onnxruntime`, with batches of other sizes than the example's.
@Suite(.seeded(), .enabled(if: ONNXRuntime.isInstalled, ONNXRuntime.missing), .serialized)
struct ONNXTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func tokens(_ batch: Int, _ length: Int, below limit: Int = 50, seed: UInt64 = 1) -> Tensor {
        Tensor.randint(0..<limit, [batch, length], generator: Generator(seed: seed + UInt64(batch)))
    }

    /// Exports what `forward` computes, and compares for several batches.
    private func expectSame(
        _ model: Module, _ inputs: (Int) -> [(name: String, example: Tensor)], output: String,
        _ forward: @escaping ([Tensor]) -> Tensor
    ) throws {
        model.eval()
        let path = folder.path("model.onnx")
        try ONNX.export(model, inputs: inputs(2), outputs: [output], to: path) { [forward($0)] }
        let cases = [1, 4].map { batch -> ONNXRuntime.Case in
            let inputs = inputs(batch)
            return ONNXRuntime.Case(
                Dictionary(uniqueKeysWithValues: inputs.map { ($0.name, $0.example) }),
                [output: noGrad { forward(inputs.map(\.example)) }])
        }
        let complaints = try ONNXRuntime.complaints(of: path, cases)
        #expect(complaints == "")
    }

    private func expectSame(_ model: LanguageModel) throws {
        model.eval()
        let path = folder.path("model.onnx")
        try model.export(.onnx, length: 9, to: path)
        let cases = [1, 4].map { batch -> ONNXRuntime.Case in
            let tokens = tokens(batch, 9)
            return ONNXRuntime.Case(["tokens": tokens], ["logits": noGrad { model(tokens) }])
        }
        let complaints = try ONNXRuntime.complaints(of: path, cases)
        #expect(complaints == "")
    }

    @Test func gpt2() throws {
        manualSeed(0)
        try expectSame(
            GPT2(GPT2Configuration(vocabularySize: 50, contextLength: 16, width: 32, layers: 2, heads: 4)))
    }

    /// With keys that heads share.
    @Test(arguments: LlamaConfiguration.Family.allCases)
    func llamaAndQwen(_ family: LlamaConfiguration.Family) throws {
        manualSeed(0)
        var sizes = LlamaConfiguration(
            vocabularySize: 50, contextLength: 16, width: 32, layers: 2, heads: 4, keyValueHeads: 2)
        sizes.family = family
        sizes.queryBias = family == .qwen2
        try expectSame(Llama(sizes))
    }

    @Test func lstm() throws {
        manualSeed(0)
        try expectSame(
            LSTMLanguageModel(LSTMConfiguration(vocabularySize: 50, contextLength: 16, width: 24, layers: 2)))
    }

    @Test func bert() throws {
        manualSeed(0)
        let model = BERT(BERTConfiguration(vocabularySize: 50, contextLength: 16, width: 32, layers: 2, heads: 4))
        func inputs(_ batch: Int) -> [(name: String, example: Tensor)] {
            // The second half of every other text is padding.
            let mask = (0..<batch).flatMap { row in (0..<8).map { row % 2 == 0 || $0 < 4 ? 1 : 0 } }
            return [
                ("input_ids", tokens(batch, 8)), ("attention_mask", Tensor(mask, shape: [batch, 8])),
                ("token_type_ids", tokens(batch, 8, below: 2)),
            ]
        }
        try expectSame(model, inputs, output: "logits") { model($0[0], mask: $0[1], segments: $0[2]) }
    }

    @Test func sequenceToSequence() throws {
        manualSeed(0)
        let model = SequenceToSequence(
            SequenceToSequenceConfiguration(
                sourceVocabulary: 50, targetVocabulary: 40, width: 32, layers: 2, heads: 4, feedForward: 64))
        let inputs = { (batch: Int) in
            [("source", self.tokens(batch, 7)), ("target", self.tokens(batch, 5, below: 40, seed: 9))]
        }
        try expectSame(model, inputs, output: "logits") { model.nextLogits($0[1], model.encode($0[0])) }
    }

    /// A graph cannot choose experts.
    @Test func experts() throws {
        let path = fixtureFolder.appendingPathComponent("models/mixtral-tiny").path
        let model = try Checkpoint(path).languageModel()
        let error = #expect(throws: InputError.self) {
            try model.export(.onnx, length: 4, to: folder.path("model.onnx"))
        }
        #expect(error?.description.contains("experts") == true)
        #expect(folder.contents.isEmpty)
    }

    /// Longer texts than a model can read are refused, and nothing is written.
    @Test func lengthsThatDoNotFit() throws {
        let model = GPT2(GPT2Configuration(vocabularySize: 50, contextLength: 16, width: 32, layers: 1, heads: 4))
        #expect(throws: InputError.self) { try model.export(.onnx, length: 17, to: folder.path("model.onnx")) }
        #expect(folder.contents.isEmpty)
    }
}
