/// A Swift number that tensors are made from and combined with.
///
/// As with Python's numbers in PyTorch, a scalar has a category but no width of its own: `Int` next to a float tensor
/// becomes that tensor's type, and a `Double` next to an int tensor gives float32.
public protocol Scalar: Sendable {
    /// The element type that memory of this Swift type has.
    static var dtype: DType { get }
    /// The element type of a tensor made from such values when none is requested.
    static var defaultDType: DType { get }
    init(doubleValue: Double)
    init(int64Value: Int64)
    var doubleValue: Double { get }
    /// Truncated toward zero; what does not fit is clamped, and NaN is 0.
    var int64Value: Int64 { get }
}

extension Scalar {
    public static var defaultDType: DType { dtype }
}

extension Scalar where Self: BinaryFloatingPoint {
    public init(doubleValue: Double) { self = Self(doubleValue) }
    public init(int64Value: Int64) { self = Self(int64Value) }
    public var doubleValue: Double { Double(self) }
    public var int64Value: Int64 { Int64(saturating: Double(self)) }
}

extension Scalar where Self: FixedWidthInteger {
    public init(doubleValue: Double) { self = Self(clamping: Int64(saturating: doubleValue)) }
    public init(int64Value: Int64) { self = Self(truncatingIfNeeded: int64Value) }
    public var doubleValue: Double { Double(self) }
    public var int64Value: Int64 { Int64(truncatingIfNeeded: self) }
}

extension Float: Scalar { public static var dtype: DType { .float32 } }

extension Double: Scalar {
    public static var dtype: DType { .float64 }
    /// A literal such as `2.0` is a `Double` in Swift, and a float32 tensor in PyTorch and here.
    public static var defaultDType: DType { .float32 }
}

extension Int: Scalar { public static var dtype: DType { .int64 } }
extension Int64: Scalar { public static var dtype: DType { .int64 } }
extension Int32: Scalar { public static var dtype: DType { .int32 } }
extension UInt8: Scalar { public static var dtype: DType { .uint8 } }

extension Bool: Scalar {
    public static var dtype: DType { .bool }
    public init(doubleValue: Double) { self = doubleValue != 0 }
    public init(int64Value: Int64) { self = int64Value != 0 }
    public var doubleValue: Double { self ? 1 : 0 }
    public var int64Value: Int64 { self ? 1 : 0 }
}

extension BFloat16: Scalar {
    public static var dtype: DType { .bfloat16 }
    public init(doubleValue: Double) { self.init(Float(doubleValue)) }
    public init(int64Value: Int64) { self.init(Float(int64Value)) }
    public var doubleValue: Double { Double(float) }
    public var int64Value: Int64 { Int64(saturating: Double(float)) }
}

#if !(os(macOS) && arch(x86_64))
extension Float16: Scalar { public static var dtype: DType { .float16 } }
#endif

extension Int64 {
    /// Truncates toward zero; clamps what does not fit; NaN is 0.
    init(saturating value: Double) {
        if value.isNaN {
            self = 0
        } else if value >= 0x1p63 {
            self = .max
        } else if value < -0x1p63 {
            self = .min
        } else {
            self = Int64(value)
        }
    }
}
