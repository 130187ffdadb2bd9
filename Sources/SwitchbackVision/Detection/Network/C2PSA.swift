import Switchback

/// Half of the channels goes through self-attention, the other past it. [N, C, H, W] → [N, C, H, W].
public final class C2PSA: Module {
    let cv1, cv2: ConvBlock
    let m: Sequential

    public init(_ channels: Int, depth: Int) {
        let hidden = channels / 2
        cv1 = ConvBlock(channels, 2 * hidden)
        cv2 = ConvBlock(2 * hidden, channels)
        m = Sequential((0..<depth).map { _ in PSABlock(hidden) })
    }

    public override func forward(_ input: Tensor) -> Tensor {
        let parts = cv1(input).chunk(2, dim: 1)
        return cv2(Tensor.cat([parts[0], m(parts[1])], dim: 1))
    }
}
