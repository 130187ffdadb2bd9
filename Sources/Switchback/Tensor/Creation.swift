/// What a tensor can be made from: a number, or arrays of numbers nested to any depth.
public protocol TensorConvertible {
    associatedtype Number: Scalar
    /// The sizes that nesting suggests; read along the first elements.
    var nestedShape: [Int] { get }
    /// Appends the elements in row-major order; returns false where a part has another shape than `shape`.
    func appendElements(to elements: inout [Number], shape: ArraySlice<Int>) -> Bool
}

extension Array: TensorConvertible where Element: TensorConvertible {
    public var nestedShape: [Int] { [count] + (first?.nestedShape ?? []) }

    public func appendElements(to elements: inout [Element.Number], shape: ArraySlice<Int>) -> Bool {
        guard shape.first == count else { return false }
        return allSatisfy { $0.appendElements(to: &elements, shape: shape.dropFirst()) }
    }
}

extension TensorConvertible where Self: Scalar, Number == Self {
    public var nestedShape: [Int] { [] }

    public func appendElements(to elements: inout [Self], shape: ArraySlice<Int>) -> Bool {
        elements.append(self)
        return shape.isEmpty
    }
}

extension Float: TensorConvertible { public typealias Number = Float }
extension Double: TensorConvertible { public typealias Number = Double }
extension Int: TensorConvertible { public typealias Number = Int }
extension Int64: TensorConvertible { public typealias Number = Int64 }
extension Int32: TensorConvertible { public typealias Number = Int32 }
extension UInt8: TensorConvertible { public typealias Number = UInt8 }
extension Bool: TensorConvertible { public typealias Number = Bool }

extension Tensor {
    /// A tensor with the values of nested arrays, or of a single number: `Tensor([[1, 2], [3, 4]])`.
    ///
    /// - Parameter dtype: the element type; if left out, what PyTorch makes of such values: float32 from `Double`
    ///   (the type of Swift's literals) and `Float`, int64 from `Int`, `bool` from `Bool`.
    public convenience init<Values: TensorConvertible>(
        _ values: Values, dtype: DType? = nil, requiresGrad: Bool = false
    ) {
        let shape = values.nestedShape
        var elements: [Values.Number] = []
        elements.reserveCapacity(shape.reduce(1, *))
        require(values.appendElements(to: &elements, shape: shape[...]), "Tensor", "the nested arrays differ in length")
        self.init(elements, shape: Shape(shape), dtype: dtype, requiresGrad: requiresGrad)
    }

    /// A tensor with the values of a flat array, in row-major order.
    public convenience init<S: Scalar>(
        _ elements: [S], shape: Shape, dtype: DType? = nil, requiresGrad: Bool = false
    ) {
        require(
            elements.count == shape.elementCount, "Tensor",
            "\(elements.count) values do not fill the shape \(shape), which has \(shape.elementCount)")
        let backend = ThreadState.current.backend
        let source = NDArray(empty: shape, dtype: S.dtype, backend: backend)
        elements.withUnsafeBytes { bytes in
            if let base = bytes.baseAddress { source.pointer.copyMemory(from: base, byteCount: bytes.count) }
        }
        self.init(source.cast(to: dtype ?? S.defaultDType))
        if requiresGrad { self.requiresGrad = true }
    }

    /// Every element is `value`.
    public static func full<S: Scalar>(
        _ shape: Shape, _ value: S, dtype: DType? = nil, requiresGrad: Bool = false
    ) -> Tensor {
        let array = NDArray(empty: shape, dtype: dtype ?? S.defaultDType, backend: ThreadState.current.backend)
        array.backend.fill(array, with: value.doubleValue, integer: value.int64Value)
        let tensor = Tensor(array)
        if requiresGrad { tensor.requiresGrad = true }
        return tensor
    }

    public static func zeros(_ shape: Shape, dtype: DType = .float32, requiresGrad: Bool = false) -> Tensor {
        full(shape, 0, dtype: dtype, requiresGrad: requiresGrad)
    }

    public static func ones(_ shape: Shape, dtype: DType = .float32, requiresGrad: Bool = false) -> Tensor {
        full(shape, 1, dtype: dtype, requiresGrad: requiresGrad)
    }

    /// Contents are undefined.
    public static func empty(_ shape: Shape, dtype: DType = .float32) -> Tensor {
        Tensor(NDArray(empty: shape, dtype: dtype, backend: ThreadState.current.backend))
    }
}

// MARK: - Reading values

extension Tensor {
    /// The value of a tensor of one element.
    public final func item() -> Double { item(as: Double.self) }

    /// The value of a tensor of one element, converted as `to(_:)` converts.
    public final func item<S: Scalar>(as type: S.Type) -> S {
        require(count == 1, "item", "a tensor of shape \(shape) has no single value")
        switch dtype {
        case .int32, .int64, .uint8, .bool: return S(int64Value: array.integer(at: 0))
        default: return S(doubleValue: array.double(at: 0))
        }
    }

    /// The values in row-major order, converted as `to(_:)` converts.
    public final func toArray<S: Scalar>(as type: S.Type = Float.self) -> [S] {
        let source = array.cast(to: S.dtype).contiguous()
        return [S](unsafeUninitializedCapacity: source.count) { buffer, initialized in
            if let base = buffer.baseAddress {
                UnsafeMutableRawPointer(base)
                    .copyMemory(from: source.pointer, byteCount: source.count * S.dtype.byteCount)
            }
            initialized = source.count
        }
    }
}

extension NDArray {
    /// The element `position` steps of the innermost memory order after the first: only for arrays of one element, or
    /// contiguous ones.
    func double(at position: Int) -> Double {
        func load<S: Scalar>(_ type: S.Type) -> Double {
            pointer.load(fromByteOffset: position * MemoryLayout<S>.stride, as: S.self).doubleValue
        }
        switch dtype {
        case .float32: return load(Float.self)
        case .float64: return load(Double.self)
        case .bfloat16: return load(BFloat16.self)
        case .float16: return cast(to: .float32).double(at: position)
        default: return Double(integer(at: position))
        }
    }

    func integer(at position: Int) -> Int64 {
        func load<S: Scalar>(_ type: S.Type) -> Int64 {
            pointer.load(fromByteOffset: position * MemoryLayout<S>.stride, as: S.self).int64Value
        }
        switch dtype {
        case .int32: return load(Int32.self)
        case .int64: return load(Int64.self)
        case .uint8: return load(UInt8.self)
        case .bool: return load(Bool.self)
        default: return Int64(saturating: double(at: position))
        }
    }
}
