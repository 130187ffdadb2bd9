import Foundation
import Switchback

extension ReferenceBackend {
    public static func unary(_ operation: UnaryOperation, _ x: NDArray, into y: NDArray) {
        if !x.dtype.isFloatingPoint, let function = operation.onIntegers {
            y.store(x.integers.map(function))
        } else {
            y.store(x.doubles.map { operation($0) })
        }
    }

    public static func binary(_ operation: BinaryOperation, _ a: NDArray, _ b: NDArray, into y: NDArray) {
        if !a.dtype.isFloatingPoint, let function = operation.onIntegers {
            y.store(zip(a.integers, b.integers).map(function))
        } else {
            y.store(zip(a.doubles, b.doubles).map { operation($0, $1) })
        }
    }

    public static func select(_ condition: NDArray, _ a: NDArray, _ b: NDArray, into y: NDArray) {
        if y.dtype.isFloatingPoint {
            y.store(zip(condition.integers, zip(a.doubles, b.doubles)).map { $0 != 0 ? $1.0 : $1.1 })
        } else {
            y.store(zip(condition.integers, zip(a.integers, b.integers)).map { $0 != 0 ? $1.0 : $1.1 })
        }
    }

    public static func copy(_ x: NDArray, into y: NDArray) {
        if x.dtype.isFloatingPoint { y.store(x.doubles) } else { y.store(x.integers) }
    }

    public static func fill(_ y: NDArray, with value: Double, integer: Int64) {
        if y.dtype.isFloatingPoint {
            y.store([Double](repeating: value, count: y.count))
        } else {
            y.store([Int64](repeating: integer, count: y.count))
        }
    }
}

extension UnaryOperation {
    /// What integers need done exactly; `nil` if a `Double` will do.
    fileprivate var onIntegers: ((Int64) -> Int64)? {
        switch function {
        case .negate: { 0 &- $0 }
        case .abs: { $0 < 0 ? 0 &- $0 : $0 }
        case .sign: { $0.signum() }
        case .square: { $0 &* $0 }
        case .cube: { $0 &* $0 &* $0 }
        case .relu: { Swift.max($0, 0) }
        case .floor, .ceil, .truncate, .round: { $0 }
        case .bitwiseNot: { ~$0 }
        default: nil
        }
    }

    fileprivate func callAsFunction(_ x: Double) -> Double {
        switch function {
        case .negate: -x
        case .abs: Swift.abs(x)
        case .sign: x > 0 ? 1 : x < 0 ? -1 : 0
        case .square: x * x
        case .cube: x * x * x
        case .reciprocal: 1 / x
        case .sqrt: x.squareRoot()
        case .reciprocalSqrt: 1 / x.squareRoot()
        case .floor: x.rounded(.down)
        case .ceil: x.rounded(.up)
        case .truncate: x.rounded(.towardZero)
        case .round: x.rounded(.toNearestOrEven)
        case .clamp: x.isNaN ? x : Swift.min(Swift.max(x, p0), p1)
        case .power: Foundation.pow(x, p0)
        case .affine: x * p0 + p1
        case .logicalNot: x == 0 ? 1 : 0
        case .bitwiseNot: Double(~x.int64Value)
        case .isNaN: x.isNaN ? 1 : 0
        case .isInfinite: x.isInfinite ? 1 : 0
        case .isFinite: x.isFinite ? 1 : 0
        default: transcendental(x) ?? activation(x)
        }
    }

    private func transcendental(_ x: Double) -> Double? {
        switch function {
        case .exp: Foundation.exp(x)
        case .exp2: Foundation.exp2(x)
        case .expMinus1: Foundation.expm1(x)
        case .log: Foundation.log(x)
        case .log2: Foundation.log2(x)
        case .log10: Foundation.log10(x)
        case .logOf1Plus: Foundation.log1p(x)
        case .sin: Foundation.sin(x)
        case .cos: Foundation.cos(x)
        case .tan: Foundation.tan(x)
        case .asin: Foundation.asin(x)
        case .acos: Foundation.acos(x)
        case .atan: Foundation.atan(x)
        case .sinh: Foundation.sinh(x)
        case .cosh: Foundation.cosh(x)
        case .tanh: Foundation.tanh(x)
        case .asinh: Foundation.asinh(x)
        case .acosh: Foundation.acosh(x)
        case .atanh: Foundation.atanh(x)
        case .erf: Foundation.erf(x)
        case .erfc: Foundation.erfc(x)
        case .erfInverse: inverseErrorFunction(x)
        case .logGamma: Foundation.lgamma(x)
        case .digamma: digammaFunction(x)
        default: nil
        }
    }

    private func activation(_ x: Double) -> Double {
        switch function {
        case .sigmoid: 1 / (1 + Foundation.exp(-x))
        case .logSigmoid: Swift.min(x, 0) - Foundation.log1p(Foundation.exp(-Swift.abs(x)))
        case .relu: x < 0 ? 0 : x
        case .gelu: 0.5 * x * Foundation.erfc(-x / 2.0.squareRoot())
        case .geluTanh: x / (1 + Foundation.exp(-2 * geluTanhArgument(x)))
        case .selu: x > 0 ? seluScale * x : seluScale * seluAlpha * Foundation.expm1(x)
        case .silu: x / (1 + Foundation.exp(-x))
        case .mish: x * Foundation.tanh(softplusFunction(x))
        case .hardSwish: x * Swift.min(Swift.max(x + 3, 0), 6) / 6
        case .hardSigmoid: Swift.min(Swift.max(x + 3, 0), 6) / 6
        case .softSign: x / (1 + Swift.abs(x))
        case .leakyReLU: x > 0 ? x : p0 * x
        case .elu: x > 0 ? x : p0 * Foundation.expm1(x)
        case .celu: x > 0 ? x : p0 * Foundation.expm1(x / p0)
        case .softplus: x * p0 > p1 ? x : softplusFunction(x * p0) / p0
        default: fatalError("the reference backend has no function \(self)")
        }
    }
}

extension BinaryOperation {
    /// What integers need done exactly; `nil` if a `Double` will do. Division by zero gives 0.
    fileprivate var onIntegers: ((Int64, Int64) -> Int64)? {
        switch function {
        case .add: { $0 &+ $1 }
        case .subtract: { $0 &- $1 }
        case .multiply: { $0 &* $1 }
        case .divide: { $1 == 0 ? 0 : $0 / $1 }
        case .fmod: { $1 == 0 ? 0 : $0 % $1 }
        case .remainder: { $1 == 0 ? 0 : (($0 % $1) + $1) % $1 }
        case .floorDivide: { $1 == 0 ? 0 : Int64((Double($0) / Double($1)).rounded(.down)) }
        case .maximum: { Swift.max($0, $1) }
        case .minimum: { Swift.min($0, $1) }
        case .equal: { $0 == $1 ? 1 : 0 }
        case .notEqual: { $0 != $1 ? 1 : 0 }
        case .less: { $0 < $1 ? 1 : 0 }
        case .lessOrEqual: { $0 <= $1 ? 1 : 0 }
        case .greater: { $0 > $1 ? 1 : 0 }
        case .greaterOrEqual: { $0 >= $1 ? 1 : 0 }
        case .bitwiseAnd: { $0 & $1 }
        case .bitwiseOr: { $0 | $1 }
        case .bitwiseXor: { $0 ^ $1 }
        case .shiftLeft: { $0 << $1 }
        case .shiftRight: { $0 >> $1 }
        default: nil
        }
    }

    fileprivate func callAsFunction(_ a: Double, _ b: Double) -> Double {
        switch function {
        case .add: a + b
        case .subtract: a - b
        case .multiply: a * b
        case .divide: a / b
        case .power: Foundation.pow(a, b)
        case .maximum: a.isNaN || b.isNaN ? .nan : Swift.max(a, b)
        case .minimum: a.isNaN || b.isNaN ? .nan : Swift.min(a, b)
        case .fmod: Foundation.fmod(a, b)
        case .remainder: flooredRemainder(a, b)
        case .floorDivide: (a / b).rounded(.down)
        case .atan2: Foundation.atan2(a, b)
        case .hypot: Foundation.hypot(a, b)
        case .copySign: Foundation.copysign(a, b)
        case .logAddExp: logOfSumOfExponentials(a, b)
        case .addScaled: a + p0 * b
        case .equal: a == b ? 1 : 0
        case .notEqual: a != b ? 1 : 0
        case .less: a < b ? 1 : 0
        case .lessOrEqual: a <= b ? 1 : 0
        case .greater: a > b ? 1 : 0
        case .greaterOrEqual: a >= b ? 1 : 0
        case .logicalAnd: a != 0 && b != 0 ? 1 : 0
        case .logicalOr: a != 0 || b != 0 ? 1 : 0
        case .logicalXor: (a != 0) != (b != 0) ? 1 : 0
        default: a * derivative(at: b)
        }
    }

    /// The slope of the activation that the gradient kernel belongs to.
    private func derivative(at x: Double) -> Double {
        switch function {
        case .reluGradient: return x <= 0 ? 0 : 1
        case .sigmoidGradient: return x * (1 - x)
        case .tanhGradient: return 1 - x * x
        case .geluGradient: return 0.5 * Foundation.erfc(-x / 2.0.squareRoot()) + x * normalDensity(x)
        case .geluTanhGradient:
            let t = Foundation.tanh(geluTanhArgument(x))
            return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * geluTanhScale * (1 + 3 * 0.044715 * x * x)
        case .siluGradient:
            let s = 1 / (1 + Foundation.exp(-x))
            return s * (1 + x * (1 - s))
        case .mishGradient:
            let t = Foundation.tanh(softplusFunction(x))
            return t + x * (1 - t * t) / (1 + Foundation.exp(-x))
        case .squareGradient: return 2 * x
        case .hardSwishGradient: return x <= -3 ? 0 : x < 3 ? x / 3 + 0.5 : 1
        case .leakyReLUGradient: return x > 0 ? 1 : p0
        case .eluGradient: return x > 0 ? 1 : p0 * Foundation.exp(x)
        case .softplusGradient: return x * p0 > p1 ? 1 : 1 / (1 + Foundation.exp(-x * p0))
        default: fatalError("the reference backend has no function \(self)")
        }
    }
}

// MARK: - Functions that Foundation lacks

private let seluScale = 1.0507009873554804934193349852946
private let seluAlpha = 1.6732632423543772848170429916717
private let geluTanhScale = (2 / Double.pi).squareRoot()

private func geluTanhArgument(_ x: Double) -> Double { geluTanhScale * (x + 0.044715 * x * x * x) }

private func normalDensity(_ x: Double) -> Double { Foundation.exp(-x * x / 2) / (2 * Double.pi).squareRoot() }

private func softplusFunction(_ x: Double) -> Double {
    Swift.max(x, 0) + Foundation.log1p(Foundation.exp(-Swift.abs(x)))
}

private func flooredRemainder(_ a: Double, _ b: Double) -> Double {
    let rest = Foundation.fmod(a, b)
    return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest
}

private func logOfSumOfExponentials(_ a: Double, _ b: Double) -> Double {
    if a == b && a.isInfinite { return a }
    return Swift.max(a, b) + Foundation.log1p(Foundation.exp(-Swift.abs(a - b)))
}

/// Newton's method from the approximation of Winitzki (2008).
private func inverseErrorFunction(_ y: Double) -> Double {
    let magnitude = Swift.abs(y)
    if !(magnitude < 1) { return magnitude == 1 ? y * .infinity : .nan }
    let l = Foundation.log1p(-y * y)
    let p = 2 / (Double.pi * 0.147) + l / 2
    var x = ((p * p - l / 0.147).squareRoot() - p).squareRoot()
    for _ in 0..<4 {
        // Near 1 the complement has more digits.
        let excess = magnitude > 0.5 ? (1 - magnitude) - Foundation.erfc(x) : Foundation.erf(x) - magnitude
        x -= excess / (2 / Double.pi.squareRoot() * Foundation.exp(-x * x))
    }
    return Foundation.copysign(x, y)
}

/// The recurrence up to 10, then the asymptotic series (Abramowitz and Stegun, 6.3.5, 6.3.7 and 6.3.18).
private func digammaFunction(_ x: Double) -> Double {
    if x == 0 { return Foundation.copysign(.infinity, -x) }
    if x < 0 {
        if x == x.rounded(.down) { return .nan }
        return digammaFunction(1 - x) - Double.pi / Foundation.tan(Double.pi * x)
    }
    var z = x
    var sum = 0.0
    while z < 10 {
        sum -= 1 / z
        z += 1
    }
    let w = 1 / (z * z)
    let series = w * (1 / 12 - w * (1 / 120 - w * (1 / 252 - w * (1 / 240 - w * (1 / 132)))))
    return sum + Foundation.log(z) - 0.5 / z - series
}
