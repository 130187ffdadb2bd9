import SwitchbackFormats

extension DecoderStyle {
    /// Mistral (Jiang et al., "Mistral 7B", 2023): Llama, of which every layer may see a window only.
    static func mistral(_ fields: ConfigurationFields, layers: Int) throws -> DecoderStyle {
        DecoderStyle(windows: try fields.windows(layers: layers) { _ in true })
    }
}
