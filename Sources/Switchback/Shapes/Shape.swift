import Kernels

/// Up to eight integers: the sizes of a tensor along its dimensions, or its strides.
///
/// Kept inline, because every operation makes one and an array would be an allocation each time.
public struct Shape: Sendable {
    /// The most dimensions that a tensor can have.
    public static let maximumRank = Int(SB_MAX_RANK)

    typealias Elements = (Int, Int, Int, Int, Int, Int, Int, Int)

    var elements: Elements = (0, 0, 0, 0, 0, 0, 0, 0)
    public private(set) var count: Int = 0

    public init() {}

    public init(repeating value: Int, count: Int) {
        reserve(count)
        for i in 0..<count { self[i] = value }
    }

    public init<S: Sequence>(_ values: S) where S.Element == Int {
        for value in values { append(value) }
    }

    /// Stops unless `rank` dimensions are within the bound.
    private mutating func reserve(_ rank: Int) {
        if rank > Shape.maximumRank {
            fail("shape", "a tensor has at most \(Shape.maximumRank) dimensions, not \(rank)")
        }
        count = rank
    }

    public mutating func append(_ value: Int) {
        reserve(count + 1)
        self[count - 1] = value
    }

    /// The product of the sizes: how many elements a tensor of this shape has; 1 for no dimensions.
    public var elementCount: Int {
        var product = 1
        for i in 0..<count { product *= self[i] }
        return product
    }

    /// The strides of this shape in row-major order: the last dimension is the dense one.
    public var contiguousStrides: Shape {
        var strides = self
        var step = 1
        for i in stride(from: count - 1, through: 0, by: -1) {
            strides[i] = step
            step *= Swift.max(self[i], 1)
        }
        return strides
    }
}

extension Shape: RandomAccessCollection, MutableCollection {
    public var startIndex: Int { 0 }
    public var endIndex: Int { count }

    public subscript(position: Int) -> Int {
        @inline(__always) get {
            precondition(UInt(bitPattern: position) < UInt(bitPattern: count), "index outside the shape")
            return withUnsafeBytes(of: elements) {
                $0.load(fromByteOffset: position &* MemoryLayout<Int>.stride, as: Int.self)
            }
        }
        @inline(__always) set {
            precondition(UInt(bitPattern: position) < UInt(bitPattern: count), "index outside the shape")
            withUnsafeMutableBytes(of: &elements) {
                $0.storeBytes(of: newValue, toByteOffset: position &* MemoryLayout<Int>.stride, as: Int.self)
            }
        }
    }
}

extension Shape: Hashable {
    public static func == (a: Shape, b: Shape) -> Bool {
        if a.count != b.count { return false }
        for i in 0..<a.count where a[i] != b[i] { return false }
        return true
    }

    public static func == (a: Shape, b: [Int]) -> Bool { a == Shape(b) }

    public func hash(into hasher: inout Hasher) {
        for value in self { hasher.combine(value) }
    }
}

extension Shape: ExpressibleByArrayLiteral, CustomStringConvertible {
    public init(arrayLiteral elements: Int...) { self.init(elements) }

    public var description: String { "[" + map(String.init).joined(separator: ", ") + "]" }
}

extension Shape {
    /// The shape without the dimension `dim`.
    package func removing(_ dim: Int) -> Shape {
        var result = Shape()
        for i in 0..<count where i != dim { result.append(self[i]) }
        return result
    }

    /// The shape with `size` put before the dimension `dim`.
    func inserting(_ size: Int, at dim: Int) -> Shape {
        var result = Shape()
        for i in 0..<count {
            if i == dim { result.append(size) }
            result.append(self[i])
        }
        if dim == count { result.append(size) }
        return result
    }

    /// The shape with `size` instead of what is at `dim`.
    package func replacing(_ dim: Int, with size: Int) -> Shape {
        var result = self
        result[dim] = size
        return result
    }

    /// The shape that two shapes broadcast to, or `nil` if sizes differ and neither is 1.
    package static func broadcast(_ a: Shape, _ b: Shape) -> Shape? {
        if a == b { return a }
        let rank = Swift.max(a.count, b.count)
        var result = Shape(repeating: 1, count: rank)
        for i in 0..<rank {
            let x = i < rank - a.count ? 1 : a[i - (rank - a.count)]
            let y = i < rank - b.count ? 1 : b[i - (rank - b.count)]
            if x != y && x != 1 && y != 1 { return nil }
            result[i] = x == 1 ? y : x
        }
        return result
    }
}
