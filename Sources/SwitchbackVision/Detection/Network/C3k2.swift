import Switchback

/// The stage of YOLO11 and YOLO26: half of the channels goes through a chain of blocks, and what each of them computed
/// is joined to the whole. [N, inputs, H, W] → [N, outputs, H, W].
public final class C3k2: Module {
    /// The parts of the chain.
    public enum Inner: Sendable {
        case bottleneck
        case c3k
        /// A bottleneck and then self-attention.
        case attention
    }

    let cv1, cv2: ConvBlock
    let m: [Module]

    /// - Parameters:
    ///   - depth: the length of the chain.
    ///   - expansion: the channels of the chain, as a share of `outputs`.
    public init(_ inputs: Int, _ outputs: Int, depth: Int, inner: Inner, expansion: Double) {
        let hidden = Int(Double(outputs) * expansion)
        cv1 = ConvBlock(inputs, 2 * hidden)
        cv2 = ConvBlock((2 + depth) * hidden, outputs)
        m = (0..<depth).map { _ in
            switch inner {
            case .bottleneck: DarknetBottleneck(hidden, hidden)
            case .c3k: C3k(hidden, hidden, depth: 2)
            case .attention: Sequential(DarknetBottleneck(hidden, hidden), PSABlock(hidden))
            }
        }
    }

    public override func forward(_ input: Tensor) -> Tensor {
        var parts = cv1(input).chunk(2, dim: 1)
        for block in m { parts.append(block(parts.last!)) }
        return cv2(Tensor.cat(parts, dim: 1))
    }
}
