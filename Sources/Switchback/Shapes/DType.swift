/// The type of a tensor's elements, known at run time.
public enum DType: Sendable, CaseIterable {
    case float32, float64, float16, bfloat16, int32, int64, uint8, bool
    /// Pairs of float32 or float64, the real part first: read, moved, compared and written; what computes takes their
    /// parts (``Tensor/real``, ``Tensor/imag``).
    case complex64, complex128

    /// The size of one element in bytes.
    public var byteCount: Int {
        switch self {
        case .complex128: 16
        case .float64, .int64, .complex64: 8
        case .float32, .int32: 4
        case .float16, .bfloat16: 2
        case .uint8, .bool: 1
        }
    }

    /// Whether the type can carry a gradient.
    public var isFloatingPoint: Bool { category == .floating }

    /// Whether the type is an integer; `bool` is not.
    public var isInteger: Bool { category == .integer }

    /// Whether elements have an imaginary part.
    public var isComplex: Bool { category == .complex }

    /// The type of the parts of complex numbers.
    var part: DType { self == .complex128 ? .float64 : .float32 }

    /// The lowest-first order in which categories dominate each other in mixed arithmetic.
    enum Category: Int, Comparable {
        case boolean, integer, floating, complex

        static func < (a: Category, b: Category) -> Bool { a.rawValue < b.rawValue }
    }

    var category: Category {
        switch self {
        case .float32, .float64, .float16, .bfloat16: .floating
        case .int32, .int64, .uint8: .integer
        case .bool: .boolean
        case .complex64, .complex128: .complex
        }
    }

    /// Whether elements are floating-point numbers of 16 bits.
    var isShortFloat: Bool { isFloatingPoint && byteCount == 2 }

    /// The type in which two tensors of these types meet, as in PyTorch's promotion table: the higher category wins,
    /// within a category the wider type; float16 with bfloat16 gives float32, complex64 with float64 complex128.
    public static func promoted(_ a: DType, _ b: DType) -> DType {
        if a == b { return a }
        if a.category != b.category {
            let (high, low) = a.category > b.category ? (a, b) : (b, a)
            return high == .complex64 && low == .float64 ? .complex128 : high
        }
        if a.byteCount == b.byteCount { return .float32 }
        return a.byteCount > b.byteCount ? a : b
    }

    /// Whether a number can be written into this type without being cut. Integers hold the whole numbers of their range;
    /// floating-point types round, and a bool says whether the number is 0.
    func holds<S: Scalar>(_ number: S) -> Bool {
        guard isInteger else { return true }
        let value = number.doubleValue
        if S.dtype.isFloatingPoint && (value.rounded() != value || value < -0x1p63 || value >= 0x1p63) { return false }
        return wholeRange.contains(number.int64Value)
    }

    /// Stops unless a number can be written into this type without being cut.
    func requireHolds<S: Scalar>(_ number: S, _ operation: @autoclosure () -> String) {
        require(holds(number), operation(), "\(number) does not fit a tensor of \(self)")
    }

    /// The whole numbers that elements of an integer or bool type can be.
    var wholeRange: ClosedRange<Int64> {
        switch self {
        case .bool: 0...1
        case .uint8: 0...255
        case .int32: Int64(Int32.min)...Int64(Int32.max)
        default: .min ... .max
        }
    }

    /// What no element is below: what pooling finds outside of an image.
    var lowest: Double { isFloatingPoint ? -.infinity : Double(wholeRange.lowerBound) }

    /// What no element is above; of int64 the next larger number, since its largest is not a `Double`.
    var highest: Double { isFloatingPoint ? .infinity : Double(wholeRange.upperBound) }

    /// The type in which arithmetic of functions such as `exp` or `mean` happens: integers become float32.
    public var floating: DType { isFloatingPoint ? self : .float32 }
}
