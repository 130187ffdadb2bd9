import Switchback

/// What YOLO's networks are made of: a convolution without bias, batch normalization and SiLU.
/// [N, inputs, H, W] → [N, outputs, H / stride, W / stride], rounded up.
public final class ConvBlock: Module {
    public let conv: Conv2d
    public let bn: BatchNorm2d
    private let activation: FusedActivation

    /// - Parameter isActivated: whether SiLU follows the normalization.
    public init(
        _ inputs: Int, _ outputs: Int, kernelSize: Int = 1, stride: Int = 1, groups: Int = 1,
        isActivated: Bool = true
    ) {
        conv = Conv2d(
            inputs, outputs, kernelSize: kernelSize, stride: stride, padding: kernelSize / 2, groups: groups,
            bias: false)
        bn = BatchNorm2d(outputs, eps: 1e-3, momentum: 0.03)
        activation = isActivated ? .silu : .none
    }

    /// A depthwise convolution: one filter for each channel.
    public static func depthwise(_ channels: Int, kernelSize: Int, isActivated: Bool = true) -> ConvBlock {
        ConvBlock(channels, channels, kernelSize: kernelSize, groups: channels, isActivated: isActivated)
    }

    /// Takes PyTorch's ε and momentum, which classifiers have, instead of the detectors'.
    func normalizeAsClassifiers() {
        bn.eps = 1e-5
        bn.momentum = 0.1
    }

    public override func forward(_ input: Tensor) -> Tensor {
        conv(input, normalizedBy: bn, activation: activation)
    }
}
