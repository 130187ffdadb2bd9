import Switchback

/// Predefined models to train from scratch.
public enum LanguageModelSize: String, CaseIterable, Codable, Sendable {
    /// 0.8 million parameters: nanoGPT's model for a laptop.
    case gptMini = "gpt-mini"
    /// 10.7 million parameters: nanoGPT's model of characters.
    case gptSmall = "gpt-small"
    /// 124 million parameters.
    case gpt2
    /// As `gptMini` and `gptSmall`, with rotary positions, gates and root mean squares.
    case llamaMini = "llama-mini"
    case llamaSmall = "llama-small"
    /// Two recurrent layers of 256.
    case lstm

    /// The length that windows of the text have where none is requested.
    public var defaultContextLength: Int {
        switch self {
        case .gptMini, .llamaMini, .lstm: 64
        case .gptSmall, .llamaSmall: 256
        case .gpt2: 1024
        }
    }

    /// The highest learning rate of AdamW that a new model bears well: measured on tinyshakespeare for the small ones,
    /// the one of GPT-2's reproduction in nanoGPT for `gpt2`.
    public var usualLearningRate: Double {
        switch self {
        case .lstm: 4e-3
        case .gptMini: 2e-3
        case .llamaMini, .gptSmall, .llamaSmall: 1e-3
        case .gpt2: 6e-4
        }
    }

    /// Whether `makeModel` can drop numbers at random.
    var hasDropout: Bool {
        switch self {
        case .llamaMini, .llamaSmall: false
        case .gptMini, .gptSmall, .gpt2, .lstm: true
        }
    }

    /// A model with fresh weights from the default generator.
    public func makeModel(vocabularySize: Int, contextLength: Int? = nil, dropout: Double = 0) -> LanguageModel {
        let context = contextLength ?? defaultContextLength
        func gpt(_ width: Int, _ layers: Int, _ heads: Int, bias: Bool) -> LanguageModel {
            GPT2(
                GPT2Configuration(
                    vocabularySize: vocabularySize, contextLength: context, width: width, layers: layers, heads: heads,
                    bias: bias, dropout: dropout))
        }
        func llama(_ width: Int, _ layers: Int, _ heads: Int) -> LanguageModel {
            Llama(
                LlamaConfiguration(
                    vocabularySize: vocabularySize, contextLength: context, width: width, layers: layers, heads: heads))
        }
        switch self {
        case .gptMini: return gpt(128, 4, 4, bias: false)
        case .gptSmall: return gpt(384, 6, 6, bias: false)
        case .gpt2: return gpt(768, 12, 12, bias: true)
        case .llamaMini: return llama(128, 4, 4)
        case .llamaSmall: return llama(384, 6, 6)
        case .lstm:
            return LSTMLanguageModel(
                LSTMConfiguration(
                    vocabularySize: vocabularySize, contextLength: context, width: 256, layers: 2, dropout: dropout))
        }
    }
}
