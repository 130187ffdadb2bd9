import Switchback

/// Self-attention among the positions of a feature map, and two layers on each position; both are added to what they
/// were given. [N, C, H, W] → [N, C, H, W].
public final class PSABlock: Module {
    let attn: SpatialAttention
    let ffn: Sequential

    public init(_ channels: Int) {
        attn = SpatialAttention(channels, heads: max(channels / SpatialAttention.headSize, 1))
        ffn = Sequential(
            ConvBlock(channels, 2 * channels), ConvBlock(2 * channels, channels, isActivated: false))
    }

    public override func forward(_ input: Tensor) -> Tensor {
        let attended = input + attn(input)
        return attended + ffn(attended)
    }
}

/// Multi-head attention whose keys are half as long as its values (Vaswani et al., 2017), with a depthwise convolution
/// of the values that tells where each is. [N, C, H, W] → [N, C, H, W].
public final class SpatialAttention: Module {
    let qkv, proj, pe: ConvBlock
    private let heads, keySize, valueSize: Int

    /// The channels that a head is meant to have.
    static let headSize = 64

    init(_ channels: Int, heads: Int) {
        self.heads = heads
        valueSize = channels / heads
        keySize = valueSize / 2
        qkv = ConvBlock(channels, channels + 2 * heads * keySize, isActivated: false)
        proj = ConvBlock(channels, channels, isActivated: false)
        pe = .depthwise(channels, kernelSize: 3, isActivated: false)
    }

    public override func forward(_ input: Tensor) -> Tensor {
        let (batch, height, width) = (input.shape[0], input.shape[2], input.shape[3])
        /// [N, heads, H·W, …] as an image, [N, C, H, W].
        func image(_ rows: Tensor) -> Tensor {
            rows.permute(0, 2, 1, 3).reshape(batch, height, width, -1).permute(0, 3, 1, 2)
        }
        let mixed = qkv(input).permute(0, 2, 3, 1)
            .reshape(batch, height * width, heads, 2 * keySize + valueSize).permute(0, 2, 1, 3)
        let parts = mixed.split([keySize, keySize, valueSize], dim: -1)
        let attended = Tensor.scaledDotProductAttention(parts[0], parts[1], parts[2])
        return proj(image(attended) + pe(image(parts[2])))
    }
}
