import Kernels

extension CPUBackend {
    public static func convolution(
        _ x: NDArray, _ weight: NDArray, laidOut: NDArray?, bias: NDArray?, residual: NDArray?,
        activation: FusedActivation, _ convolution: Convolution2D, outputShape: Shape
    ) -> NDArray? {
        guard areFloats(x, weight, bias, residual) else { return nil }
        let image = x.channelsTogether()
        let bias = bias?.contiguous()
        let residual = residual?.channelsLast()
        defer { withExtendedLifetime((image, bias, residual, laidOut)) {} }
        let y = NDArray(emptyChannelsLast: outputShape, dtype: .float32, backend: self)
        var source = image.kernelArray
        var filter = weight.kernelArray
        var target = y.kernelArray
        let epilogue = sb_conv2d_epilogue(
            bias: bias?.floats, residual: residual?.floats, activation: activation.kernelForm)
        sb_conv2d_forward(&source, &filter, laidOut?.floats, convolution.kernelForm, epilogue, &target)
        return y
    }

    public static func layOutFilters(_ weight: NDArray, groups: Int) -> NDArray? {
        guard areFloats(weight) else { return nil }
        var filter = weight.kernelArray
        let form = Convolution2D(groups: groups).kernelForm
        let count = sb_conv2d_panels_size(&filter, form)
        guard count > 0 else { return nil }
        let panels = NDArray(empty: [count], dtype: .float32, backend: self)
        sb_conv2d_lay_out(&filter, form, panels.floats)
        withExtendedLifetime(weight) {}
        return panels
    }

    public static func convolutionInputGradient(
        _ gradient: NDArray, _ weight: NDArray, _ convolution: Convolution2D, inputShape: Shape
    ) -> NDArray? {
        guard areFloats(gradient, weight) else { return nil }
        let gradient = gradient.channelsTogether()
        defer { withExtendedLifetime(gradient) {} }
        let gx = NDArray(emptyChannelsLast: inputShape, dtype: .float32, backend: self)
        var source = gradient.kernelArray
        var filter = weight.kernelArray
        var target = gx.kernelArray
        sb_conv2d_input_gradient(&source, &filter, convolution.kernelForm, &target)
        return gx
    }

    public static func convolutionWeightGradient(
        _ x: NDArray, _ gradient: NDArray, _ convolution: Convolution2D, weightShape: Shape, withBias: Bool
    ) -> (weight: NDArray, bias: NDArray?)? {
        guard areFloats(gradient), areKept(x) else { return nil }
        let image = x.channelsTogether()
        let gradient = gradient.channelsTogether()
        defer { withExtendedLifetime((image, gradient)) {} }
        let gw = NDArray(empty: weightShape, dtype: .float32, backend: self)
        let gbias = withBias ? NDArray(empty: [weightShape[0]], dtype: .float32, backend: self) : nil
        var source = image.kernelArray
        var upstream = gradient.kernelArray
        var target = gw.kernelArray
        sb_conv2d_weight_gradient(&source, &upstream, convolution.kernelForm, &target, gbias?.floats)
        return (gw, gbias)
    }

    static func areBFloats(_ operands: NDArray...) -> Bool { operands.allSatisfy { $0.dtype == .bfloat16 } }

    /// Whether the operands that are there are float32, which the fused kernels are written for.
    static func areFloats(_ operands: NDArray?...) -> Bool {
        operands.allSatisfy { $0.map { $0.dtype == .float32 } ?? true }
    }

    /// Whether the operands that are there are of the types, one or the other, in which gradients read what was saved.
    static func areKept(_ operands: NDArray?...) -> Bool {
        operands.allSatisfy { $0.map { $0.dtype == .float32 || $0.dtype == .bfloat16 } ?? true }
    }
}

extension FusedActivation {
    var kernelForm: sb_activation {
        switch self {
        case .none: SB_ACT_NONE
        case .relu: SB_ACT_RELU
        case .silu: SB_ACT_SILU
        }
    }
}

extension Convolution2D {
    fileprivate var kernelForm: sb_conv2d {
        sb_conv2d(
            stride: stride.kernelPair, padding: padding.kernelPair, dilation: dilation.kernelPair, groups: groups,
            rounded: isRounded ? 1 : 0)
    }
}
