import Switchback
import SwitchbackFormats

extension DecoderStyle {
    /// Granite (IBM, "Granite 3.0 Language Models", 2024): Llama with fixed factors.
    static func granite(_ fields: ConfigurationFields) throws -> DecoderStyle {
        let scaling = try fields.number("logits_scaling", default: 1)
        guard scaling != 0 else { throw fields.problem("logits_scaling", "a number other than 0 is needed") }
        return DecoderStyle(
            embeddingScale: try fields.number("embedding_multiplier", default: 1),
            residualScale: try fields.number("residual_multiplier", default: 1), logitScale: 1 / scaling,
            attentionScale: try fields.number("attention_multiplier", default: 1))
    }
}
