import Switchback

/// What YOLO's networks are made of: a convolution without bias, batch normalization and SiLU.
/// [N, inputs, H, W] → [N, outputs, H / stride, W / stride], rounded up.
public final class ConvBlock: Module {
    public private(set) var conv: Conv2d
    /// `nil` once it is folded into the convolution.
    public private(set) var bn: BatchNorm2d?
    private let outputs, kernelSize, stride, groups: Int
    private let isActivated: Bool

    /// - Parameter isActivated: whether SiLU follows the normalization.
    public init(
        _ inputs: Int, _ outputs: Int, kernelSize: Int = 1, stride: Int = 1, groups: Int = 1,
        isActivated: Bool = true
    ) {
        conv = Conv2d(
            inputs, outputs, kernelSize: kernelSize, stride: stride, padding: kernelSize / 2, groups: groups,
            bias: false)
        bn = BatchNorm2d(outputs, eps: ConvBlock.epsilon, momentum: 0.03)
        self.outputs = outputs
        self.kernelSize = kernelSize
        self.stride = stride
        self.groups = groups
        self.isActivated = isActivated
    }

    /// A depthwise convolution: one filter for each channel.
    public static func depthwise(_ channels: Int, kernelSize: Int, isActivated: Bool = true) -> ConvBlock {
        ConvBlock(channels, channels, kernelSize: kernelSize, groups: channels, isActivated: isActivated)
    }

    private static let epsilon = 1e-3

    public override func forward(_ input: Tensor) -> Tensor {
        let activation: FusedActivation = isActivated ? .silu : .none
        guard let bn else { return conv(input, activation: activation) }
        return bn(conv(input), activation: activation)
    }

    /// Puts the normalization by running averages into the filters, which then have a bias: w·γ/√(σ² + ε) and
    /// β − μ·γ/√(σ² + ε). Inference gets faster; the block can be trained no more.
    func foldNormalization() {
        guard let bn, let mean = bn.runningMean, let variance = bn.runningVar, let gain = bn.weight, let shift = bn.bias
        else { return }
        noGrad {
            let scale = gain / (variance + ConvBlock.epsilon).sqrt()
            let folded = Conv2d(
                conv.weight.shape[1] * groups, outputs, kernelSize: kernelSize, stride: stride,
                padding: kernelSize / 2, groups: groups)
            folded.weight.copy(from: conv.weight * scale.reshape(-1, 1, 1, 1))
            folded.bias?.copy(from: shift - mean * scale)
            folded.train(isTraining).freeze()
            conv = folded
        }
        self.bn = nil
    }
}
