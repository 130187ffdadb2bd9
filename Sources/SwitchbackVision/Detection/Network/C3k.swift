import Switchback

/// A cross-stage partial block (Wang et al., "CSPNet", 2020): one half of the channels goes through bottlenecks, the
/// other past them. [N, inputs, H, W] → [N, outputs, H, W].
public final class C3k: Module {
    let cv1, cv2, cv3: ConvBlock
    let m: Sequential

    public init(_ inputs: Int, _ outputs: Int, depth: Int) {
        let hidden = outputs / 2
        cv1 = ConvBlock(inputs, hidden)
        cv2 = ConvBlock(inputs, hidden)
        cv3 = ConvBlock(2 * hidden, outputs)
        m = Sequential((0..<depth).map { _ in DarknetBottleneck(hidden, hidden, expansion: 1) })
    }

    public override func forward(_ input: Tensor) -> Tensor {
        cv3(Tensor.cat([m(cv1(input)), cv2(input)], dim: 1))
    }
}
