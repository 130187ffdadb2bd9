import Switchback

/// The network of a block: two layers, of which the first may have a gate (Shazeer, "GLU Variants Improve Transformer",
/// 2020).
final class DecoderNetwork: Module {
    let gateProj, upProj, gateUpProj: Linear?
    let downProj: Linear
    private let style: DecoderStyle

    /// - Parameter inside: the size of the layer inside it.
    init(_ c: LlamaConfiguration, inside: Int) {
        style = c.style
        func layer(_ outputs: Int, _ isThere: Bool) -> Linear? {
            isThere ? Linear(c.width, outputs, bias: c.feedForwardBias) : nil
        }
        gateProj = layer(inside, style.network == .gated)
        upProj = layer(inside, style.network != .gatedJoined)
        gateUpProj = layer(2 * inside, style.network == .gatedJoined)
        downProj = Linear(inside, c.width, bias: c.feedForwardBias)
    }

    override var partNames: [String: String] { style.names }

    override func forward(_ x: Tensor) -> Tensor {
        if let gateUpProj {
            let parts = gateUpProj(x).chunk(2, dim: -1)
            return downProj(style.activation(parts[0]) * parts[1])
        }
        let inside = upProj?(x) ?? x
        return downProj(gateProj.map { style.activation($0(x)) * inside } ?? style.activation(inside))
    }
}
