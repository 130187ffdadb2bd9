import Kernels

/// The functions of one element that kernels compute, by the names of the table in
/// `Kernels/include/elementwise_functions.h`, which has their formulas.
public typealias UnaryFunction = Kernels.UnaryFunction

/// The functions of two elements that kernels compute; as ``UnaryFunction``.
public typealias BinaryFunction = Kernels.BinaryFunction

/// A function of one element, with the numbers that it takes besides.
public struct UnaryOperation: Equatable, Sendable {
    public let function: UnaryFunction
    /// As the table says; 0 where the function takes none.
    public let p0, p1: Double

    private init(_ function: UnaryFunction, _ p0: Double, _ p1: Double = 0) {
        self.function = function
        self.p0 = p0
        self.p1 = p1
    }

    /// A function that takes no numbers.
    public init(_ function: UnaryFunction) {
        switch function {
        case .leakyReLU, .elu, .celu, .softplus, .clamp, .power, .affine:
            fail("\(Self.name(function))", "takes numbers besides the element: see UnaryOperation")
        default: self.init(function, 0)
        }
    }

    public static func leakyReLU(slope: Double) -> Self { Self(.leakyReLU, slope) }
    public static func elu(alpha: Double) -> Self { Self(.elu, alpha) }
    public static func celu(alpha: Double) -> Self { Self(.celu, alpha) }
    public static func softplus(beta: Double, threshold: Double) -> Self { Self(.softplus, beta, threshold) }
    public static func clamp(minimum: Double, maximum: Double) -> Self { Self(.clamp, minimum, maximum) }
    public static func power(_ exponent: Double) -> Self { Self(.power, exponent) }
    /// `x * scale + shift`.
    public static func affine(scale: Double, shift: Double) -> Self { Self(.affine, scale, shift) }

    /// Whether the result is `bool`, whatever the operand.
    public var isPredicate: Bool {
        switch function {
        case .logicalNot, .isNaN, .isInfinite, .isFinite: true
        default: false
        }
    }
}

/// A function of two elements, with the numbers that it takes besides.
public struct BinaryOperation: Equatable, Sendable {
    public let function: BinaryFunction
    /// As the table says; 0 where the function takes none.
    public let p0, p1: Double

    private init(_ function: BinaryFunction, _ p0: Double, _ p1: Double = 0) {
        self.function = function
        self.p0 = p0
        self.p1 = p1
    }

    /// A function that takes no numbers.
    public init(_ function: BinaryFunction) {
        switch function {
        case .addScaled, .leakyReLUGradient, .eluGradient, .softplusGradient:
            fail("\(Self.name(function))", "takes numbers besides the elements: see BinaryOperation")
        default: self.init(function, 0)
        }
    }

    /// `a + scale * b`.
    public static func addScaled(_ scale: Double) -> Self { Self(.addScaled, scale) }
    public static func leakyReLUGradient(slope: Double) -> Self { Self(.leakyReLUGradient, slope) }
    public static func eluGradient(alpha: Double) -> Self { Self(.eluGradient, alpha) }
    public static func softplusGradient(beta: Double, threshold: Double) -> Self {
        Self(.softplusGradient, beta, threshold)
    }

    /// Whether the result is `bool`, whatever the operands.
    public var isPredicate: Bool {
        switch function {
        case .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual, .logicalAnd, .logicalOr, .logicalXor:
            true
        default: false
        }
    }
}

extension UnaryOperation: CustomStringConvertible {
    public var description: String { Self.name(function) }

    fileprivate static func name(_ function: UnaryFunction) -> String { String(cString: sb_unary_name(function)) }
}

extension BinaryOperation: CustomStringConvertible {
    public var description: String { Self.name(function) }

    fileprivate static func name(_ function: BinaryFunction) -> String { String(cString: sb_binary_name(function)) }
}

/// One result element for each element of the operands. Operands have the result's shape: broadcasts are stride 0.
public protocol ElementwiseKernels {
    /// `y` has the type of `x`, or `bool` for predicates. `x` and `y` may be the same memory.
    static func unary(_ operation: UnaryOperation, _ x: NDArray, into y: NDArray)
    /// `a` and `b` have one type; `y` has it too, or `bool` for predicates.
    static func binary(_ operation: BinaryOperation, _ a: NDArray, _ b: NDArray, into y: NDArray)
    /// `a` where the bool `condition` holds, `b` elsewhere.
    static func select(_ condition: NDArray, _ a: NDArray, _ b: NDArray, into y: NDArray)
    /// Every element, converted to the type of `y`: toward zero for integers, ties to even for shorter floats.
    static func copy(_ x: NDArray, into y: NDArray)
    /// `integer` is used where `y` holds integers, which a `Double` may not represent.
    static func fill(_ y: NDArray, with value: Double, integer: Int64)
}

extension ElementwiseKernels {
    public static func unary(_ function: UnaryFunction, _ x: NDArray, into y: NDArray) {
        unary(UnaryOperation(function), x, into: y)
    }

    public static func binary(_ function: BinaryFunction, _ a: NDArray, _ b: NDArray, into y: NDArray) {
        binary(BinaryOperation(function), a, b, into: y)
    }
}
