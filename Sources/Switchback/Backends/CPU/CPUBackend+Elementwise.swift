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
