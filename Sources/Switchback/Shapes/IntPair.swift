/// Height and width: of a filter, a stride, a padding.
///
/// Where an operation or a layer asks for one, a number stands for both and an array for each: `kernelSize: 3`,
/// `kernelSize: [3, 5]`, `kernelSize: k` with `k` an `Int`.
public struct IntPair: Sendable, Hashable {
    public var height: Int
    public var width: Int

    public init(_ height: Int, _ width: Int) {
        self.height = height
        self.width = width
    }

    public init(_ both: Int) { self.init(both, both) }

    /// Height and width as the sizes of two dimensions.
    var shape: Shape { [height, width] }

    init(_ shape: Shape) { self.init(shape[0], shape[1]) }
}

extension IntPair: ExpressibleByIntegerLiteral, ExpressibleByArrayLiteral, CustomStringConvertible {
    public init(integerLiteral value: Int) { self.init(value) }

    public init(arrayLiteral elements: Int...) { self = elements.intPair }

    public var description: String { "[\(height), \(width)]" }
}

/// Types that can stand for height and width: an `IntPair`, one `Int` for both, or an array of two.
public protocol IntPairConvertible {
    var intPair: IntPair { get }
}

extension IntPair: IntPairConvertible {
    public var intPair: IntPair { self }
}

extension Int: IntPairConvertible {
    public var intPair: IntPair { IntPair(self) }
}

extension Array: IntPairConvertible where Element == Int {
    public var intPair: IntPair {
        require(count == 2, "IntPair", "height and width are two numbers, not \(count)")
        return IntPair(self[0], self[1])
    }
}
