import Kernels

extension CPUBackend {
    public static func unary(_ operation: UnaryOperation, _ x: NDArray, into y: NDArray) {
        let (code, p0, p1) = operation.code
        var source = x.kernelArray
        var target = y.kernelArray
        sb_unary(Int32(code.rawValue), &source, p0, p1, &target)
    }

    public static func binary(_ operation: BinaryOperation, _ a: NDArray, _ b: NDArray, into y: NDArray) {
        let (code, p0, p1) = operation.code
        var first = a.kernelArray
        var second = b.kernelArray
        var target = y.kernelArray
        sb_binary(Int32(code.rawValue), &first, &second, p0, p1, &target)
    }

    public static func select(_ condition: NDArray, _ a: NDArray, _ b: NDArray, into y: NDArray) {
        var condition = condition.kernelArray
        var first = a.kernelArray
        var second = b.kernelArray
        var target = y.kernelArray
        sb_where(&condition, &first, &second, &target)
    }

    public static func copy(_ x: NDArray, into y: NDArray) {
        var source = x.kernelArray
        var target = y.kernelArray
        sb_copy(&source, &target)
    }

    public static func fill(_ y: NDArray, with value: Double, integer: Int64) {
        var target = y.kernelArray
        sb_fill(&target, value, integer)
    }
}

extension UnaryOperation {
    /// The kernel's number and its two parameters.
    fileprivate var code: (kernel: sb_unary_op, p0: Double, p1: Double) {
        switch self {
        case .leakyReLU(let slope): (SB_LEAKY_RELU, slope, 0)
        case .elu(let alpha): (SB_ELU, alpha, 0)
        case .celu(let alpha): (SB_CELU, alpha, 0)
        case .softplus(let beta, let threshold): (SB_SOFTPLUS, beta, threshold)
        case .clamp(let minimum, let maximum): (SB_CLAMP, minimum, maximum)
        case .power(let exponent): (SB_POW_SCALAR, exponent, 0)
        case .affine(let scale, let shift): (SB_AFFINE, scale, shift)
        default: (plainCode, 0, 0)
        }
    }

    private var plainCode: sb_unary_op {
        switch self {
        case .negate: SB_NEG
        case .abs: SB_ABS
        case .sign: SB_SIGN
        case .square: SB_SQUARE
        case .reciprocal: SB_RECIPROCAL
        case .sqrt: SB_SQRT
        case .reciprocalSqrt: SB_RSQRT
        case .exp: SB_EXP
        case .exp2: SB_EXP2
        case .expMinus1: SB_EXPM1
        case .log: SB_LOG
        case .log2: SB_LOG2
        case .log10: SB_LOG10
        case .logOf1Plus: SB_LOG1P
        case .sin: SB_SIN
        case .cos: SB_COS
        case .tan: SB_TAN
        case .asin: SB_ASIN
        case .acos: SB_ACOS
        case .atan: SB_ATAN
        case .sinh: SB_SINH
        case .cosh: SB_COSH
        case .tanh: SB_TANH
        case .asinh: SB_ASINH
        case .acosh: SB_ACOSH
        case .atanh: SB_ATANH
        case .erf: SB_ERF
        case .erfc: SB_ERFC
        case .erfInverse: SB_ERFINV
        case .logGamma: SB_LGAMMA
        case .digamma: SB_DIGAMMA
        case .floor: SB_FLOOR
        case .ceil: SB_CEIL
        case .truncate: SB_TRUNC
        case .round: SB_ROUND
        case .sigmoid: SB_SIGMOID
        case .logSigmoid: SB_LOG_SIGMOID
        case .relu: SB_RELU
        case .gelu: SB_GELU
        case .geluTanh: SB_GELU_TANH
        case .selu: SB_SELU
        case .silu: SB_SILU
        case .mish: SB_MISH
        case .hardSwish: SB_HARDSWISH
        case .hardSigmoid: SB_HARDSIGMOID
        case .softSign: SB_SOFTSIGN
        case .logicalNot: SB_LOGICAL_NOT
        case .bitwiseNot: SB_BITWISE_NOT
        case .isNaN: SB_ISNAN
        case .isInfinite: SB_ISINF
        case .isFinite: SB_ISFINITE
        case .leakyReLU, .elu, .celu, .softplus, .clamp, .power, .affine:
            preconditionFailure("has parameters: see `code`")
        }
    }
}

extension BinaryOperation {
    /// The kernel's number and its two parameters.
    fileprivate var code: (kernel: sb_binary_op, p0: Double, p1: Double) {
        switch self {
        case .addScaled(let scale): (SB_AXPY, scale, 0)
        case .leakyReLUGradient(let slope): (SB_LEAKY_RELU_GRAD, slope, 0)
        case .eluGradient(let alpha): (SB_ELU_GRAD, alpha, 0)
        case .softplusGradient(let beta, let threshold): (SB_SOFTPLUS_GRAD, beta, threshold)
        default: (plainCode, 0, 0)
        }
    }

    private var plainCode: sb_binary_op {
        switch self {
        case .add: SB_ADD
        case .subtract: SB_SUB
        case .multiply: SB_MUL
        case .divide: SB_DIV
        case .power: SB_POW
        case .maximum: SB_MAXIMUM
        case .minimum: SB_MINIMUM
        case .fmod: SB_FMOD
        case .remainder: SB_REMAINDER
        case .floorDivide: SB_FLOOR_DIVIDE
        case .atan2: SB_ATAN2
        case .hypot: SB_HYPOT
        case .copySign: SB_COPYSIGN
        case .logAddExp: SB_LOGADDEXP
        case .equal: SB_EQ
        case .notEqual: SB_NE
        case .less: SB_LT
        case .lessOrEqual: SB_LE
        case .greater: SB_GT
        case .greaterOrEqual: SB_GE
        case .logicalAnd: SB_LOGICAL_AND
        case .logicalOr: SB_LOGICAL_OR
        case .logicalXor: SB_LOGICAL_XOR
        case .bitwiseAnd: SB_BITWISE_AND
        case .bitwiseOr: SB_BITWISE_OR
        case .bitwiseXor: SB_BITWISE_XOR
        case .shiftLeft: SB_SHIFT_LEFT
        case .shiftRight: SB_SHIFT_RIGHT
        case .squareGradient: SB_SQUARE_GRAD
        case .reluGradient: SB_RELU_GRAD
        case .sigmoidGradient: SB_SIGMOID_GRAD
        case .tanhGradient: SB_TANH_GRAD
        case .geluGradient: SB_GELU_GRAD
        case .geluTanhGradient: SB_GELU_TANH_GRAD
        case .siluGradient: SB_SILU_GRAD
        case .mishGradient: SB_MISH_GRAD
        case .hardSwishGradient: SB_HARDSWISH_GRAD
        case .addScaled, .leakyReLUGradient, .eluGradient, .softplusGradient:
            preconditionFailure("has parameters: see `code`")
        }
    }
}
