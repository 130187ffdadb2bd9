import Switchback

/// Two convolutions, the first to fewer channels, around which the input is added (He et al., 2016):
/// [N, inputs, H, W] → [N, outputs, H, W].
public final class DarknetBottleneck: Module {
    let cv1, cv2: ConvBlock
    private let addsInput: Bool

    /// - Parameters:
    ///   - addsInput: whether the input is added to the output; never done where their channels differ.
    ///   - expansion: the channels between the convolutions, as a share of `outputs`.
    public init(_ inputs: Int, _ outputs: Int, addsInput: Bool = true, expansion: Double = 0.5) {
        let hidden = Int(Double(outputs) * expansion)
        cv1 = ConvBlock(inputs, hidden, kernelSize: 3)
        cv2 = ConvBlock(hidden, outputs, kernelSize: 3)
        self.addsInput = addsInput && inputs == outputs
    }

    public override func forward(_ input: Tensor) -> Tensor {
        let output = cv2(cv1(input))
        return addsInput ? input + output : output
    }
}
