import Switchback

/// Spatial pyramid pooling (He et al., 2015), fast: maxima over ever larger neighborhoods, found by pooling the
/// pooled. [N, channels, H, W] → [N, outputs, H, W].
public final class SPPF: Module {
    let cv1, cv2: ConvBlock
    private let addsInput: Bool

    /// How often the maximum is taken, of 5×5 pixels each time.
    private static let pools = 3

    /// - Parameters:
    ///   - addsInput: whether the input is added to the output, and the first convolution has no activation: so YOLO26.
    public init(_ inputs: Int, _ outputs: Int, addsInput: Bool) {
        let hidden = inputs / 2
        cv1 = ConvBlock(inputs, hidden, isActivated: !addsInput)
        cv2 = ConvBlock((SPPF.pools + 1) * hidden, outputs)
        self.addsInput = addsInput && inputs == outputs
    }

    public override func forward(_ input: Tensor) -> Tensor {
        var parts = [cv1(input)]
        for _ in 0..<SPPF.pools {
            parts.append(parts[parts.count - 1].maxPool2d(kernelSize: 5, stride: 1, padding: 2))
        }
        let output = cv2(Tensor.cat(parts, dim: 1))
        return addsInput ? output + input : output
    }
}
