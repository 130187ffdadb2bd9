import Kernels

extension CPUBackend {
    public static func unary(_ operation: UnaryOperation, _ x: NDArray, into y: NDArray) {
        var source = x.kernelArray
        var target = y.kernelArray
        sb_unary(operation.function, &source, operation.p0, operation.p1, &target)
    }

    public static func binary(_ operation: BinaryOperation, _ a: NDArray, _ b: NDArray, into y: NDArray) {
        var first = a.kernelArray
        var second = b.kernelArray
        var target = y.kernelArray
        sb_binary(operation.function, &first, &second, operation.p0, operation.p1, &target)
    }

    public static func select(_ condition: NDArray, _ a: NDArray, _ b: NDArray, into y: NDArray) {
        if y.dtype.isComplex { return select(condition.forBothParts, a.parts, b.parts, into: y.parts) }
        var condition = condition.kernelArray
        var first = a.kernelArray
        var second = b.kernelArray
        var target = y.kernelArray
        sb_where(&condition, &first, &second, &target)
    }

    public static func copy(_ x: NDArray, into y: NDArray) {
        if x.dtype.isComplex { return copyComplex(x, into: y) }
        var source = x.kernelArray
        var target = y.kernelArray
        sb_copy(&source, &target)
    }

    /// Imaginary parts would be lost in any other type.
    private static func copyComplex(_ x: NDArray, into y: NDArray) {
        if y.dtype.isComplex { return copy(x.parts, into: y.parts) }
        fail("to", "\(y.dtype) has no imaginary part, and the numbers are \(x.dtype); take real, imag or viewAsReal()")
    }

    public static func fill(_ y: NDArray, with value: Double, integer: Int64) {
        if y.dtype.isComplex {
            fill(y.part(0), with: value, integer: integer)
            return fill(y.part(1), with: 0, integer: 0)
        }
        var target = y.kernelArray
        sb_fill(&target, value, integer)
    }
}
