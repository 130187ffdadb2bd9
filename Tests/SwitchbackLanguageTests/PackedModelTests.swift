import Foundation
import Switchback
import SwitchbackLanguage
import TestSupport
import Testing

/// Language models with weights of few bits.
struct PackedModelTests {
    private func gpt2(width: Int = 32) -> LanguageModel {
        Generator.withDefault(Generator(seed: 3)) {
            GPT2(GPT2Configuration(vocabularySize: 50, contextLength: 16, width: width, layers: 2, heads: 2)).eval()
        }
    }

    private func llama() -> LanguageModel {
        Generator.withDefault(Generator(seed: 4)) {
            Llama(LlamaConfiguration(vocabularySize: 50, contextLength: 16, width: 32, layers: 2, heads: 2)).eval()
        }
    }

    /// Read token by token, a packed model gives the logits that it gives of the whole text, close to those of float32.
    @Test(arguments: [WeightFormat.bfloat16, .int8, .int4], [false, true])
    func logits(_ format: WeightFormat, _ isLlama: Bool) throws {
        let limits: [WeightFormat: Double] = [.bfloat16: 0.01, .int8: 0.03, .int4: 0.3]
        let (exact, packed) = isLlama ? (llama(), llama()) : (gpt2(), gpt2())
        try packed.packWeights(as: format)
        let tokens = Tensor.randint(0..<50, [1, 12], generator: Generator(seed: 5))
        try noGrad {
            let (wanted, found) = (exact(tokens), packed(tokens))
            let limit = try #require(limits[format])
            let error = (found - wanted).square().mean().item().squareRoot()
            #expect(error < limit * wanted.square().mean().item().squareRoot())
            let memory = packed.makeMemory(batch: 1, capacity: 16)
            for position in 0..<12 {
                let next = packed.nextLogits(tokens.narrow(dim: 1, start: position, length: 1), memory: memory)
                #expect(next[0].allClose(found[0, position], rtol: 1e-3, atol: 1e-3))
            }
            let (loss, direct) = (
                packed.loss(tokens, targets: tokens).item(), found[0].crossEntropy(tokens[0]).item()
            )
            #expect(abs(loss - direct) < 1e-4)
        }
    }

    /// A width that no group divides is named, and the model stays as it was.
    @Test func shapesThatDoNotFit() throws {
        let model = gpt2(width: 16)
        let error = #expect(throws: InputError.self) { try model.packWeights(as: .int4) }
        #expect("\(try #require(error))".contains("transformer.h.0.attn.c_attn.weight"))
        #expect(model.namedParameters.allSatisfy { $0.parameter.packed == nil })
        try model.packWeights(as: .bfloat16)
        try model.packWeights(as: .float32)
    }

    /// What a checkpoint is read as, by one call.
    @Test func checkpoints() throws {
        let temporary = try TemporaryFolder()
        let folder = temporary.path("model")
        let tokenizer = CharacterTokenizer(charactersOf: "abcdefghijklmnopqrstuvwxyz")
        try Checkpoint.save(gpt2(), tokenizer, to: folder)
        let (model, read) = try Checkpoint(folder).languageModelAndTokenizer(dtype: .int4)
        #expect(model.namedParameters.contains { $0.parameter.packed?.format == .int4 })
        let result = try TextGenerator(model, read).generate("abc", tokens: 20)
        #expect(result.tokens > 0)
    }
}
