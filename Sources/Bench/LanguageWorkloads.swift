import Switchback
import SwitchbackLanguage

/// Training steps and decoding of language models, as the peer's script has them.
let languageWorkloads: [Workload] = [
    Workload(name: "gpt_small_train", items: 8 * 256) {
        let sizes = GPT2Configuration(
            vocabularySize: 65, contextLength: 256, width: 384, layers: 6, heads: 6, bias: false)
        return trainingStep(GPT2(sizes), batch: 8, length: 256)
    },
    Workload(name: "gpt2_124m_train_b1_t512", items: 512) {
        trainingStep(GPT2(), batch: 1, length: 512)
    },
    Workload(name: "gpt2_124m_decode", items: 64) { decodingStep(GPT2()) },
    packedDecoding(.bfloat16), packedDecoding(.int8), packedDecoding(.int4),
    Workload(name: "seq2seq_transformer_b64", items: 64 * 24) {
        let sizes = SequenceToSequenceConfiguration(
            sourceVocabulary: 8000, targetVocabulary: 8000, width: 256, layers: 3, heads: 8, feedForward: 1024,
            dropout: 0)
        let model = SequenceToSequence(sizes)
        let source = Tensor.randint(0..<8000, [64, 24])
        let target = Tensor.randint(0..<8000, [64, 25])
        let optimizer = Adam(model.parameters, learningRate: 1e-4)
        return {
            optimizer.zeroGrad()
            model.loss(source, target).backward()
            optimizer.step()
        }
    },
]

/// Decoding with weights of fewer bits.
private func packedDecoding(_ format: WeightFormat) -> Workload {
    Workload(
        name: "gpt2_124m_decode_\(format.rawValue)", peer: "gpt2_124m_decode",
        numbers: format == .bfloat16 ? .bf16 : .int8, items: 64
    ) {
        let model = GPT2()
        try model.packWeights(as: format)
        return decodingStep(model)
    }
}

/// The most likely 64 tokens after a prompt of 64, one by one.
private func decodingStep(_ model: LanguageModel) -> () -> Void {
    model.eval()
    let prompt = Tensor.randint(0..<model.vocabularySize, [1, 64])
    let memory = model.makeMemory(batch: 1, capacity: 128)
    let first = noGrad { model.nextLogits(prompt, memory: memory) }.argmax(dim: -1, keepDim: true)
    return {
        memory.rewind(to: 64)
        noGrad {
            var token = first
            for _ in 0..<64 { token = model.nextLogits(token, memory: memory).argmax(dim: -1, keepDim: true) }
        }
    }
}

/// A step that learns random tokens.
private func trainingStep(_ model: LanguageModel, batch: Int, length: Int) -> () -> Void {
    let tokens = Tensor.randint(0..<model.vocabularySize, [batch, length])
    let targets = Tensor.randint(0..<model.vocabularySize, [batch, length])
    let optimizer = AdamW(model.parameters, learningRate: 3e-4, betas: (0.9, 0.95), weightDecay: 0.1)
    return {
        optimizer.zeroGrad()
        model.loss(tokens, targets: targets).backward()
        optimizer.step()
    }
}
