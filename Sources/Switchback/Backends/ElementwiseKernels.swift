/// A function of one element.
public enum UnaryOperation: Sendable {
    case negate, abs, sign, square, reciprocal, sqrt, reciprocalSqrt
    case exp, exp2, expMinus1, log, log2, log10, logOf1Plus
    case sin, cos, tan, asin, acos, atan, sinh, cosh, tanh, asinh, acosh, atanh
    case erf, erfc, erfInverse, logGamma, digamma
    case floor, ceil, truncate
    /// To the nearest whole number, halves to even.
    case round
    case sigmoid, logSigmoid, relu, gelu, geluTanh, selu, silu, mish, hardSwish, hardSigmoid, softSign
    case leakyReLU(slope: Double)
    case elu(alpha: Double)
    case celu(alpha: Double)
    case softplus(beta: Double, threshold: Double)
    case clamp(minimum: Double, maximum: Double)
    case power(Double)
    /// `x * scale + shift`.
    case affine(scale: Double, shift: Double)
    case logicalNot, bitwiseNot, isNaN, isInfinite, isFinite

    /// Whether the result is `bool`, whatever the operand.
    public var isPredicate: Bool {
        switch self {
        case .logicalNot, .isNaN, .isInfinite, .isFinite: true
        default: false
        }
    }
}

/// A function of two elements.
public enum BinaryOperation: Sendable {
    case add, subtract, multiply, divide, power, maximum, minimum
    /// The remainder with the sign of the dividend.
    case fmod
    /// The remainder with the sign of the divisor.
    case remainder
    case floorDivide, atan2, hypot, copySign, logAddExp
    /// `a + scale * b`.
    case addScaled(Double)
    case equal, notEqual, less, lessOrEqual, greater, greaterOrEqual
    case logicalAnd, logicalOr, logicalXor
    case bitwiseAnd, bitwiseOr, bitwiseXor, shiftLeft, shiftRight
    // Gradients of activations, in one pass: the first operand is the upstream gradient, the second what is named.
    case squareGradient  // x
    case reluGradient  // x or y
    case sigmoidGradient  // y
    case tanhGradient  // y
    case geluGradient, geluTanhGradient, siluGradient, mishGradient, hardSwishGradient  // x
    case leakyReLUGradient(slope: Double)  // x
    case eluGradient(alpha: Double)  // x
    case softplusGradient(beta: Double, threshold: Double)  // x

    /// Whether the result is `bool`, whatever the operands.
    public var isPredicate: Bool {
        switch self {
        case .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual, .logicalAnd, .logicalOr, .logicalXor:
            true
        default: false
        }
    }
}

/// One result element for each element of the operands. Operands have the result's shape: broadcasts are stride 0.
public protocol ElementwiseKernels {
    /// `y` has the type of `x`, or `bool` for predicates. `x` and `y` may be the same memory.
    static func unary(_ operation: UnaryOperation, _ x: NDArray, into y: NDArray)
    /// `a` and `b` have one type; `y` has it too, or `bool` for predicates.
    static func binary(_ operation: BinaryOperation, _ a: NDArray, _ b: NDArray, into y: NDArray)
    /// `a` where the bool `condition` holds, `b` elsewhere.
    static func select(_ condition: NDArray, _ a: NDArray, _ b: NDArray, into y: NDArray)
    /// Every element, converted to the type of `y`: toward zero for whole numbers, ties to even for shorter floats.
    static func copy(_ x: NDArray, into y: NDArray)
    /// `integer` is used where `y` holds whole numbers, which a `Double` may not represent.
    static func fill(_ y: NDArray, with value: Double, integer: Int64)
}
