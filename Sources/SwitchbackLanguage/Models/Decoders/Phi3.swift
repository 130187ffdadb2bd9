import SwitchbackFormats

extension DecoderStyle {
    /// Phi 3 and 4 (Abdin et al., "Phi-3 Technical Report", 2024): Llama with joined projections, of which a part of each
    /// head may be rotated.
    static func phi3(_ fields: ConfigurationFields, layers: Int) throws -> DecoderStyle {
        DecoderStyle(
            projections: .joined, network: .gatedJoined, windows: try fields.windows(layers: layers) { _ in true },
            rotatedPart: try fields.rotatedPart(default: 1))
    }
}

extension ConfigurationFields {
    /// Which part of each head is rotated.
    func rotatedPart(default usual: Double) throws -> Double {
        let rope = try object("rope_parameters")
        let place = rope?["partial_rotary_factor"] == nil ? self : rope ?? self
        let part = try place.number("partial_rotary_factor", default: usual)
        guard part > 0, part <= 1 else { throw place.problem("partial_rotary_factor", "a part of up to 1 is needed") }
        return part
    }
}
