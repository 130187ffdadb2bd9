/// The sizes and strides of an array, and what follows from them.
///
/// Arrays that lie alike share one: an operation whose result has the form of its operand computes no new one, and two
/// operands of one form are known to be so at a glance.
final class Layout: Sendable {
    let shape: Shape
    let strides: Shape
    /// The number of elements.
    let count: Int
    /// Whether the elements lie densely in row-major order.
    let isContiguous: Bool
    /// Whether a [N, C, H, W] (or [N, C, L], [N, C, D, H, W]) array lies densely with the channels innermost.
    let isChannelsLast: Bool

    init(shape: Shape, strides: Shape) {
        self.shape = shape
        self.strides = strides
        count = shape.elementCount
        isContiguous = Layout.isDense(shape, strides, innermost: nil)
        isChannelsLast = shape.count >= 3 && Layout.isDense(shape, strides, innermost: 1)
    }

    /// Dense in row-major order.
    init(contiguous shape: Shape) {
        self.shape = shape
        strides = shape.contiguousStrides
        count = shape.elementCount
        isContiguous = true
        isChannelsLast = shape.count >= 3 && Layout.isDense(shape, strides, innermost: 1)
    }

    /// Whether the elements lie densely with the last dimension innermost, or with `innermost` inside of that.
    private static func isDense(_ shape: Shape, _ strides: Shape, innermost: Int?) -> Bool {
        var expected = 1
        func extends(_ dim: Int) -> Bool {
            if shape[dim] == 0 { expected = 0 }
            if shape[dim] != 1 && strides[dim] != expected && expected != 0 { return false }
            expected *= shape[dim]
            return true
        }
        if let innermost, !extends(innermost) { return false }
        for dim in stride(from: shape.count - 1, through: 0, by: -1) where dim != innermost && !extends(dim) {
            return false
        }
        return true
    }

    /// Dense strides for the same shape whose order of nesting follows these strides; broadcast dimensions go
    /// outermost.
    var denseStrides: Shape {
        func key(_ dim: Int) -> Int { strides[dim] == 0 ? Int.max : strides[dim] }
        let order = (0..<shape.count).sorted { (key($0), -$0) < (key($1), -$1) }
        var result = shape
        var step = 1
        for dim in order {
            result[dim] = step
            step *= Swift.max(shape[dim], 1)
        }
        return result
    }
}
