// Activations. Shapes are unchanged, except by glu. Gradients take one pass over memory where a kernel has them; a
// gradient that will be differentiated itself is composed of operations instead.

extension Tensor {
    /// `max(x, 0)`.
    public final func relu() -> Tensor {
        mapped(.relu, .relu, saving: .result, compactly: true) { gradient, y in y.reluGradient(gradient) }
    }

    /// The gradient of the input of `relu`, where this tensor is its output and `gradient` that of the output.
    final func reluGradient(_ gradient: Tensor) -> Tensor {
        Tensor.gradient(.reluGradient, gradient, at: self) { gradient.maskedFill(le(0), 0) }
    }

    /// `min(max(x, 0), 6)` (Howard et al., "MobileNets", 2017).
    public final func relu6() -> Tensor { clamped(.relu6, min: 0, max: 6) }

    /// `x` above 0, `negativeSlope * x` below.
    public final func leakyReLU(negativeSlope: Double = 0.01) -> Tensor {
        floating.mapped(OperationName("leakyReLU", .leakyReLU), .leakyReLU(slope: negativeSlope)) { gradient, x in
            Tensor.gradient(.leakyReLUGradient(slope: negativeSlope), gradient, at: x) {
                Tensor.where(x.gt(0), gradient, gradient * negativeSlope)
            }
        }
    }

    /// `x` above 0, `weight * x` below. `weight` has one element, or one for each channel (dimension 1), and learns (He
    /// et al., "Delving deep into rectifiers", 2015).
    public final func prelu(_ weight: Tensor) -> Tensor {
        let channels = rank > 1 ? shape[1] : 1
        require(
            weight.count == 1 || (weight.rank == 1 && weight.count == channels), "prelu",
            "the weight has shape \(weight.shape), which is neither one element nor one for each channel of \(shape)")
        var form = Shape(repeating: 1, count: rank)
        if weight.count > 1 { form[1] = channels }
        return Tensor.where(gt(0), self, self * weight.reshape(form))
    }

    /// `x` above 0, `alpha * (exp(x) - 1)` below (Clevert et al., 2015).
    public final func elu(alpha: Double = 1) -> Tensor {
        floating.mapped(OperationName("elu", .elu), .elu(alpha: alpha)) { gradient, x in
            x.eluGradient(gradient, alpha: alpha)
        }
    }

    /// `x` above 0, `alpha * (exp(x / alpha) - 1)` below (Barron, 2017).
    public final func celu(alpha: Double = 1) -> Tensor {
        floating.mapped(OperationName("celu", .celu), .celu(alpha: alpha)) { gradient, x in
            gradient * (x.clamp(max: 0) / alpha).exp()
        }
    }

    /// `scale * elu(x, alpha)` with constants that keep mean 0 and variance 1 (Klambauer et al., 2017).
    public final func selu() -> Tensor {
        let (scale, alpha) = (1.0507009873554804934193349852946, 1.6732632423543772848170429916717)
        return floating.mapped(OperationName("selu", .selu), .selu) { gradient, x in
            x.eluGradient(gradient * scale, alpha: alpha)
        }
    }

    private func eluGradient(_ gradient: Tensor, alpha: Double) -> Tensor {
        Tensor.gradient(.eluGradient(alpha: alpha), gradient, at: self) {
            // exp of what is above 0 is not used, and must not overflow.
            Tensor.where(gt(0), gradient, gradient * (clamp(max: 0).exp() * alpha))
        }
    }

    /// How `gelu` computes the normal distribution.
    public enum GELUApproximation: Sendable { case none, tanh }

    /// `x * Φ(x)`, with Φ the normal distribution (Hendrycks and Gimpel, 2016), exactly or by their approximation.
    public final func gelu(approximate: GELUApproximation = .none) -> Tensor {
        switch approximate {
        case .none:
            floating.mapped(OperationName("gelu", .gelu), .gelu, compactly: true) { gradient, x in
                Tensor.gradient(.geluGradient, gradient, at: x) {
                    let density = (x.square() * -0.5).exp() * (1 / (2 * Double.pi).squareRoot())
                    let distribution = ((-x) * 0.5.squareRoot()).erfc() * 0.5
                    return gradient * (distribution + x * density)
                }
            }
        case .tanh:
            floating.mapped(OperationName("gelu", .gelu), .geluTanh, compactly: true) { gradient, x in
                Tensor.gradient(.geluTanhGradient, gradient, at: x) {
                    let scale = (2 / Double.pi).squareRoot()
                    let t = ((x + x.pow(3) * 0.044715) * scale).tanh()
                    let slope = (x.square() * (3 * 0.044715) + 1) * scale
                    return gradient * ((t + 1) * 0.5 + x * (1 - t.square()) * slope * 0.5)
                }
            }
        }
    }

    /// `x * sigmoid(x)` (Elfwing et al., 2017), also called swish.
    public final func silu() -> Tensor {
        floating.mapped(.silu, .silu, compactly: true) { gradient, x in x.siluGradient(gradient) }
    }

    /// The gradient of the input of `silu`, which this tensor is, from `gradient`, that of the output.
    final func siluGradient(_ gradient: Tensor) -> Tensor {
        Tensor.gradient(.siluGradient, gradient, at: self) {
            let s = sigmoid()
            return gradient * (s * (self * (1 - s) + 1))
        }
    }

    /// `x * tanh(softplus(x))` (Misra, 2019).
    public final func mish() -> Tensor {
        floating.mapped(OperationName("mish", .mish), .mish) { gradient, x in
            Tensor.gradient(.mishGradient, gradient, at: x) {
                let t = x.softplus().tanh()
                return gradient * (t + x * (1 - t.square()) * x.sigmoid())
            }
        }
    }

    /// `x * relu6(x + 3) / 6` (Howard et al., "Searching for MobileNetV3", 2019). Its gradient is 0 at -3 and 1 at 3.
    public final func hardswish() -> Tensor {
        floating.mapped(OperationName("hardswish", .hardswish), .hardSwish) { gradient, x in
            Tensor.gradient(.hardSwishGradient, gradient, at: x) {
                let inner = Tensor.where(x.lt(3), gradient * (x / 3 + 0.5), gradient)
                return inner.maskedFill(x.le(-3), 0)
            }
        }
    }

    /// `relu6(x + 3) / 6`. Its gradient is 0 at -3 and 3.
    public final func hardsigmoid() -> Tensor {
        floating.mapped(OperationName("hardsigmoid", .hardsigmoid), .hardSigmoid) { gradient, x in
            (gradient / 6).maskedFill((x.gt(-3) .& x.lt(3)).logicalNot(), 0)
        }
    }

    /// Each element, or the bound that it is beyond. Unlike that of `clamp`, its gradient is 0 on the bounds.
    public final func hardtanh(min: Double = -1, max: Double = 1) -> Tensor {
        clamped(OperationName("hardtanh", .hardtanh), min: min, max: max)
    }

    private func clamped(_ name: OperationName, min: Double, max: Double) -> Tensor {
        mapped(name, .clamp(minimum: min, maximum: max)) { gradient, x in
            // NaN is not between the bounds either, and gets no gradient, as in PyTorch's vector code.
            gradient.maskedFill((x.gt(min) .& x.lt(max)).logicalNot(), 0)
        }
    }

    /// `log(1 + exp(beta * x)) / beta`, and `x` itself where `beta * x` is above `threshold`.
    public final func softplus(beta: Double = 1, threshold: Double = 20) -> Tensor {
        floating.mapped("softplus", .softplus(beta: beta, threshold: threshold)) { gradient, x in
            Tensor.gradient(.softplusGradient(beta: beta, threshold: threshold), gradient, at: x) {
                let scaled = x * beta
                return Tensor.where(scaled.gt(threshold), gradient, gradient * scaled.sigmoid())
            }
        }
    }

    /// `x / (1 + |x|)`.
    public final func softsign() -> Tensor {
        floating.mapped(OperationName("softsign", .softsign), .softSign) { gradient, x in
            gradient / (x.abs() + 1).square()
        }
    }

    /// Each element moved toward 0 by `lambda`, and not past it.
    public final func softshrink(lambda: Double = 0.5) -> Tensor {
        floating.shrunk("softshrink", lambda) { $0 - $0.clamp(min: -lambda, max: lambda) }
    }

    /// Each element, or 0 where its magnitude is at most `lambda`.
    public final func hardshrink(lambda: Double = 0.5) -> Tensor {
        shrunk("hardshrink", lambda) { $0.maskedFill($0.abs().le(lambda), 0) }
    }

    /// A function of slope 1 beyond `lambda` on both sides and 0 between them; NaN gets no gradient.
    private func shrunk(_ name: OperationName, _ lambda: Double, _ function: (Tensor) -> Tensor) -> Tensor {
        let value = function(detach())
        return Tensor.record(name, value.array, of: self, saving: self) { saved, gradient in
            let x = saved.tensor(0)
            return gradient.maskedFill((x.gt(lambda) .| x.lt(-lambda)).logicalNot(), 0)
        }
    }

    /// `x - tanh(x)`.
    public final func tanhshrink() -> Tensor { self - tanh() }

    /// Each element that is above `threshold`, and `value` in the place of the others.
    public final func threshold(_ threshold: Double, _ value: Double) -> Tensor { maskedFill(le(threshold), value) }

    /// `1 / (1 + exp(-x))`.
    public final func sigmoid() -> Tensor {
        floating.mapped(.sigmoid, .sigmoid, saving: .result) { gradient, y in
            Tensor.gradient(.sigmoidGradient, gradient, at: y) { gradient * y * (1 - y) }
        }
    }

    /// `log(sigmoid(x))`, exact for large magnitudes.
    public final func logSigmoid() -> Tensor {
        floating.mapped("logSigmoid", .logSigmoid) { gradient, x in gradient * (-x).sigmoid() }
    }

    /// The first half along a dimension times the sigmoid of the second half (Dauphin et al., 2017). Stops if the size
    /// there is odd.
    public final func glu(dim: Int = -1) -> Tensor {
        let dim = dimension(dim, "glu")
        require(rank > 0 && shape[dim] % 2 == 0, "glu", "\(shape) cannot be halved along dimension \(dim)")
        let half = shape[dim] / 2
        return narrow(dim: dim, start: 0, length: half) * narrow(dim: dim, start: half, length: half).sigmoid()
    }
}

// MARK: - Activations that kernels apply to their own results

extension FusedActivation {
    /// Whether its gradient is computed from its input or its output.
    var gradientSource: Tensor.GradientSource {
        switch self {
        case .none, .relu: .result
        case .silu: .operand
        }
    }

    /// The gradient of what the activation was applied to, from that of what it gave and, where that is needed, its
    /// source.
    func gradient(_ gradient: Tensor, at source: @autoclosure () -> Tensor) -> Tensor {
        switch self {
        case .none: gradient
        case .relu: source().reluGradient(gradient)
        case .silu: source().siluGradient(gradient)
        }
    }

    /// The operation that it is in the place of.
    fileprivate var name: OperationName? {
        switch self {
        case .none: nil
        case .relu: .relu
        case .silu: .silu
        }
    }
}

extension Tensor {
    /// The activation as an operation of its own.
    final func activated(_ activation: FusedActivation) -> Tensor {
        switch activation {
        case .none: self
        case .relu: relu()
        case .silu: silu()
        }
    }

    /// The tensor itself, after its node and observers were told of the activation that a kernel applied to its own
    /// result.
    final func noting(_ activation: FusedActivation) -> Tensor {
        guard let name = activation.name else { return self }
        node?.ensureExtras().activation = name
        if ThreadState.isObserved { ThreadState.current.observe { $0.computed(array, byFused: name) } }
        return self
    }
}
