// Functions of one element. Shapes are unchanged; integers give float32 except where a function keeps them whole.

extension Tensor {
    // MARK: Parts and signs

    /// The magnitude of each element. Its gradient is 0 at 0.
    public final func abs() -> Tensor { mapped("abs", .abs) { $0 * $1.sign() } }

    /// -1, 0 or 1. Its gradient is 0.
    public final func sign() -> Tensor { stepped("sign", .sign) }

    /// The next integer down. Its gradient is 0, as that of all roundings.
    public final func floor() -> Tensor { stepped("floor", .floor) }

    /// The next integer up.
    public final func ceil() -> Tensor { stepped("ceil", .ceil) }

    /// The next integer toward zero.
    public final func trunc() -> Tensor { stepped("trunc", .truncate) }

    /// The nearest integer; halves go to the even one.
    public final func round() -> Tensor { stepped("round", .round) }

    /// The nearest multiple of `10^-decimals`.
    public final func round(decimals: Int) -> Tensor {
        let scale = Tensor([10.0]).pow(Swift.abs(decimals)).item()
        return decimals >= 0 ? (self * scale).round() / scale : (self / scale).round() * scale
    }

    /// The part after the point, with the sign of the element.
    public final func frac() -> Tensor { self - trunc() }

    /// A function that is flat wherever it has a derivative.
    private func stepped(_ name: OperationName, _ operation: UnaryFunction) -> Tensor {
        Tensor.record(name, array.unary(operation), from: [self]) { _, gradient in [gradient.zerosLike()] }
    }

    // MARK: Powers and roots

    /// Each element times itself. Bools give int64.
    public final func square() -> Tensor { (dtype == .bool ? to(.int64) : self).squared("square") }

    /// The square root. Its gradient is infinite at 0.
    public final func sqrt() -> Tensor { floating.mapped("sqrt", .sqrt, saving: .result) { $0 / ($1 * 2) } }

    /// 1 / √x.
    public final func rsqrt() -> Tensor {
        floating.mapped("rsqrt", .reciprocalSqrt, saving: .result) { $0 * ($1.pow(3) * -0.5) }
    }

    /// 1 / x.
    public final func reciprocal() -> Tensor {
        floating.mapped("reciprocal", .reciprocal, saving: .result) { -$0 * $1.square() }
    }

    // MARK: Exponentials and logarithms

    /// e to the power of each element.
    public final func exp() -> Tensor { floating.mapped("exp", .exp, saving: .result) { $0 * $1 } }

    /// 2 to the power of each element.
    public final func exp2() -> Tensor { floating.mapped("exp2", .exp2, saving: .result) { $0 * $1 * naturalLogOf2 } }

    /// `exp(x) - 1`, exact for small elements.
    public final func expm1() -> Tensor { floating.mapped("expm1", .expMinus1, saving: .result) { $0 * ($1 + 1) } }

    /// The natural logarithm.
    public final func log() -> Tensor { floating.mapped("log", .log) { $0 / $1 } }

    /// The logarithm to base 2.
    public final func log2() -> Tensor { floating.mapped("log2", .log2) { $0 / ($1 * naturalLogOf2) } }

    /// The logarithm to base 10.
    public final func log10() -> Tensor { floating.mapped("log10", .log10) { $0 / ($1 * naturalLogOf10) } }

    /// `log(1 + x)`, exact for small elements.
    public final func log1p() -> Tensor { floating.mapped("log1p", .logOf1Plus) { $0 / ($1 + 1) } }

    /// `log(x / (1 - x))`, the inverse of `sigmoid`; with `eps`, elements are first clamped to `eps ... 1 - eps`.
    public final func logit(eps: Double? = nil) -> Tensor {
        let x = floating
        let value = eps.map { x.detach().clamp(min: $0, max: 1 - $0) } ?? x.detach()
        return Tensor.record("logit", (value / (1 - value)).log().array, of: x, saving: x) { saved, gradient in
            let x = saved.tensor(0)
            let low = eps ?? 0
            // Where the element was clamped the slope is 0, and where there is no logarithm NaN.
            let isInside = x.ge(low) .& x.le(1 - low)
            return (gradient / (x * (1 - x))).maskedFill(isInside.logicalNot(), eps == nil ? Double.nan : 0)
        }
    }

    // MARK: Angles

    /// The sine of angles in radians.
    public final func sin() -> Tensor { floating.mapped("sin", .sin) { $0 * $1.cos() } }

    /// The cosine of angles in radians.
    public final func cos() -> Tensor { floating.mapped("cos", .cos) { -$0 * $1.sin() } }

    /// The tangent of angles in radians.
    public final func tan() -> Tensor { floating.mapped("tan", .tan, saving: .result) { $0 * ($1.square() + 1) } }

    /// The angle whose sine each element is, in radians.
    public final func asin() -> Tensor { floating.mapped("asin", .asin) { $0 * (1 - $1.square()).rsqrt() } }

    /// The angle whose cosine each element is, in radians.
    public final func acos() -> Tensor { floating.mapped("acos", .acos) { -$0 * (1 - $1.square()).rsqrt() } }

    /// The angle whose tangent each element is, in radians.
    public final func atan() -> Tensor { floating.mapped("atan", .atan) { $0 / ($1.square() + 1) } }

    // MARK: Hyperbolic functions

    /// The hyperbolic sine, `(exp(x) - exp(-x)) / 2`.
    public final func sinh() -> Tensor { floating.mapped("sinh", .sinh) { $0 * $1.cosh() } }

    /// The hyperbolic cosine, `(exp(x) + exp(-x)) / 2`.
    public final func cosh() -> Tensor { floating.mapped("cosh", .cosh) { $0 * $1.sinh() } }

    /// The hyperbolic tangent, also as an activation.
    public final func tanh() -> Tensor {
        floating.mapped(.tanh, .tanh, saving: .result) { gradient, y in
            Tensor.gradient(.tanhGradient, gradient, at: y) { gradient * (1 - y.square()) }
        }
    }

    /// The number whose hyperbolic sine each element is.
    public final func asinh() -> Tensor { floating.mapped("asinh", .asinh) { $0 * ($1.square() + 1).rsqrt() } }

    /// The number, not negative, whose hyperbolic cosine each element is; NaN below 1.
    public final func acosh() -> Tensor { floating.mapped("acosh", .acosh) { $0 * ($1.square() - 1).rsqrt() } }

    /// The number whose hyperbolic tangent each element is; NaN beyond -1 and 1.
    public final func atanh() -> Tensor { floating.mapped("atanh", .atanh) { $0 / (1 - $1.square()) } }

    // MARK: Special functions

    /// The error function, `2/√π ∫ exp(-t²) dt` from 0 to each element.
    public final func erf() -> Tensor { floating.mapped("erf", .erf) { $0 * (errorDensity($1)) } }

    /// `1 - erf(x)`, exact for large elements.
    public final func erfc() -> Tensor { floating.mapped("erfc", .erfc) { -$0 * (errorDensity($1)) } }

    /// The inverse of the error function.
    public final func erfinv() -> Tensor {
        floating.mapped("erfinv", .erfInverse, saving: .result) { $0 / errorDensity($1) }
    }

    /// The logarithm of the magnitude of the gamma function.
    public final func lgamma() -> Tensor { floating.mapped("lgamma", .logGamma) { $0 * $1.digamma() } }

    /// The derivative of `lgamma`.
    public final func digamma() -> Tensor { floating.mapped("digamma", .digamma) { $0 * $1.trigamma() } }

    /// The derivative of `digamma`; infinite at 0 and the negative integers.
    public final func trigamma() -> Tensor {
        let x = floating
        let isLeft = x.detach().lt(0.5)
        // Reflected to the right, moved beyond 10 by the recurrence, then the asymptotic series (Abramowitz and Stegun,
        // 6.4.7, 6.4.6 and 6.4.12).
        let right = Tensor.where(isLeft, 1 - x, x)
        let z = right + 10
        let w = z.square().reciprocal()
        let tail = (1.0 / 6 - w * (1.0 / 30 - w * (1.0 / 42 - w / 30))) * w / z
        let value = (0..<10).reduce(z.reciprocal() + w * 0.5 + tail) { $0 + (right + $1).square().reciprocal() }
        // The sine repeats: near 0 it loses no digits.
        let slope = Double.pi / ((x - x.detach().round()) * Double.pi).sin()
        return Tensor.where(isLeft, slope.square() - value, value)
    }
}

private let naturalLogOf2 = 0.693147180559945309417232121458
private let naturalLogOf10 = 2.302585092994045684017991454684

/// The derivative of the error function.
private func errorDensity(_ x: Tensor) -> Tensor { (-x.square()).exp() * (2 / Double.pi.squareRoot()) }
