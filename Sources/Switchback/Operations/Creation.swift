/// Types that a tensor can be made from: a number, or arrays of numbers nested to any depth.
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
        if Element.self == Element.Number.self, let numbers = self as? [Element.Number] {
            elements += numbers  // at once, not one by one
            return shape.count == 1
        }
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
    /// - Parameter dtype: the element type; by default, what PyTorch makes of such values: float32 from `Double`
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
        let source = elements.withUnsafeBytes { NDArray(uploading: $0, shape: shape, dtype: S.dtype, to: backend) }
        self.init(source.cast(to: dtype ?? S.defaultDType))
        if requiresGrad { self.requiresGrad = true }
    }

    /// The values of a flat array, in row-major order, in the memory of another tensor's backend: how an operation
    /// makes what it needs beside its operands.
    public convenience init<S: Scalar>(_ elements: [S], shape: Shape, dtype: DType? = nil, like tensor: Tensor) {
        let backend = tensor.backend
        let source = elements.withUnsafeBytes { NDArray(uploading: $0, shape: shape, dtype: S.dtype, to: backend) }
        self.init(source.cast(to: dtype ?? S.defaultDType))
    }

    /// Every element is `value`. Stops if that does not fit whole numbers of the type.
    public static func full<S: Scalar>(
        _ shape: Shape, _ value: S, dtype: DType? = nil, requiresGrad: Bool = false
    ) -> Tensor {
        let dtype = dtype ?? S.defaultDType
        dtype.requireHolds(value, "full")
        let array = NDArray(empty: shape, dtype: dtype, backend: ThreadState.current.backend)
        array.backend.fill(array, with: value.doubleValue, integer: value.int64Value)
        let tensor = Tensor(array)
        if requiresGrad { tensor.requiresGrad = true }
        return tensor
    }

    /// Every element is 0.
    public static func zeros(_ shape: Shape, dtype: DType = .float32, requiresGrad: Bool = false) -> Tensor {
        full(shape, 0, dtype: dtype, requiresGrad: requiresGrad)
    }

    /// Every element is 1.
    public static func ones(_ shape: Shape, dtype: DType = .float32, requiresGrad: Bool = false) -> Tensor {
        full(shape, 1, dtype: dtype, requiresGrad: requiresGrad)
    }

    /// Contents are undefined.
    public static func empty(_ shape: Shape, dtype: DType = .float32) -> Tensor {
        Tensor(NDArray(empty: shape, dtype: dtype, backend: ThreadState.current.backend))
    }
}

// MARK: - Ranges and patterns

extension Tensor {
    /// The numbers from 0 up to, and without, `end`.
    public static func arange<S: Scalar>(_ end: S, dtype: DType? = nil) -> Tensor {
        arange(S(int64Value: 0), end, dtype: dtype)
    }

    /// The numbers from `start` in steps of `step` (1 by default) up to, and without, `end`; down to it if the step is
    /// negative. Stops if the step is 0 or leads away from `end`.
    public static func arange<S: Scalar>(_ start: S, _ end: S, step: S? = nil, dtype: DType? = nil) -> Tensor {
        let step = step ?? S(int64Value: 1)
        let distance = end.doubleValue - start.doubleValue
        require(
            step.doubleValue != 0 && distance / step.doubleValue >= 0, "arange",
            "steps of \(step) do not lead from \(start) to \(end)")
        if S.dtype.isFloatingPoint {
            let count = Int((distance / step.doubleValue).rounded(.up))
            let values = (0..<count).map { start.doubleValue + Double($0) * step.doubleValue }
            return Tensor(values, shape: [count], dtype: dtype ?? S.defaultDType)
        }
        // Counted in whole numbers: a Double does not tell large ones apart.
        let (steps, rest) = (end.int64Value - start.int64Value).quotientAndRemainder(dividingBy: step.int64Value)
        let count = Int(steps) + (rest == 0 ? 0 : 1)
        let values = (0..<count).map { start.int64Value + Int64($0) * step.int64Value }
        return Tensor(values, shape: [count], dtype: dtype ?? S.defaultDType)
    }

    /// `count` numbers at equal distances from `start` to `end`, both included. For an integer type, both ends and all
    /// numbers are cut to integers.
    public static func linspace(_ start: Double, _ end: Double, _ count: Int, dtype: DType = .float32) -> Tensor {
        require(count >= 0, "linspace", "\(count) is not a number of elements")
        let (start, end) = dtype.isFloatingPoint ? (start, end) : (start.rounded(.towardZero), end.rounded(.towardZero))
        let step = count > 1 ? (end - start) / Double(count - 1) : 0
        // From both ends, so that the last number is exact too.
        let values = (0..<count).map { i in
            i < (count + 1) / 2 ? start + Double(i) * step : end - Double(count - 1 - i) * step
        }
        return Tensor(values, shape: [count], dtype: dtype)
    }

    /// `base` to the powers that `linspace` gives.
    public static func logspace(
        _ start: Double, _ end: Double, _ count: Int, base: Double = 10, dtype: DType = .float32
    ) -> Tensor {
        Tensor.pow(base, linspace(start, end, count, dtype: .float64)).to(dtype)
    }

    /// Ones on the diagonal of a [rows, columns] matrix, zeros elsewhere; square if `columns` is omitted.
    public static func eye(_ rows: Int, _ columns: Int? = nil, dtype: DType = .float32) -> Tensor {
        let columns = columns ?? rows
        let matrix = zeros([rows, columns], dtype: dtype)
        let diagonal = matrix.array.seen([Swift.min(rows, columns)], strides: [columns + 1])
        diagonal.backend.fill(diagonal, with: 1, integer: 1)
        return matrix
    }
}

// MARK: - In the form of another tensor

extension Tensor {
    /// Zeros, in this tensor's shape, type and memory order.
    public final func zerosLike(dtype: DType? = nil) -> Tensor { fullLike(0, dtype: dtype) }

    /// Ones, in this tensor's shape, type and memory order.
    public final func onesLike(dtype: DType? = nil) -> Tensor { fullLike(1, dtype: dtype) }

    /// `value`, which has to fit whole numbers, in every element, in this tensor's shape, type and memory order.
    public final func fullLike<S: Scalar>(_ value: S, dtype: DType? = nil) -> Tensor {
        let result = array.emptyLike(dtype: dtype)
        result.dtype.requireHolds(value, "fullLike")
        backend.fill(result, with: value.doubleValue, integer: value.int64Value)
        return Tensor(result)
    }

    /// Undefined contents, in this tensor's shape, type and memory order.
    public final func emptyLike(dtype: DType? = nil) -> Tensor { Tensor(array.emptyLike(dtype: dtype)) }

    /// Uniform in [0, 1), in this tensor's shape, type and memory order.
    public final func randLike(generator: Generator? = nil) -> Tensor {
        require(dtype.isFloatingPoint, "randLike", "makes floating-point numbers, not \(dtype)")
        let result = emptyLike()
        result.array.fillUniform(low: 0, high: 1, generator)
        return result
    }

    /// Normally distributed with mean 0 and variance 1, in this tensor's shape, type and memory order.
    public final func randnLike(generator: Generator? = nil) -> Tensor {
        require(dtype.isFloatingPoint, "randnLike", "makes floating-point numbers, not \(dtype)")
        let result = emptyLike()
        result.array.fillNormal(mean: 0, standardDeviation: 1, generator)
        return result
    }
}

// MARK: - Reading values

extension Tensor {
    /// The value of a tensor of one element.
    public final func item() -> Double { item(as: Double.self) }

    /// The value of a tensor of one element, converted as `to(_:)` converts.
    public final func item<S: Scalar>(as type: S.Type) -> S {
        require(count == 1, "item", "a tensor of shape \(shape) has no single value")
        requireReal("item")
        settleChecks()
        switch dtype {
        case .int32, .int64, .uint8, .bool: return S(int64Value: array.integer(at: 0))
        default: return S(doubleValue: array.double(at: 0))
        }
    }

    /// The values in row-major order, converted as `to(_:)` converts.
    public final func toArray<S: Scalar>(as type: S.Type = Float.self) -> [S] {
        withElements(of: type) { Array($0) }
    }

    /// Runs `body` on the values in row-major order, converted as `to(_:)` converts. They are read where they lie, if
    /// they lie so already: large tensors are not copied to be looked at.
    public final func withElements<S: Scalar, Result>(
        of type: S.Type, _ body: (UnsafeBufferPointer<S>) throws -> Result
    ) rethrows -> Result {
        settleChecks()
        requireReal("toArray")
        return try array.cast(to: S.dtype).withHostBytes { try body($0.assumingMemoryBound(to: S.self)) }
    }
}

extension NDArray {
    /// An element by its position in row-major order.
    func double(at position: Int) -> Double {
        func load<S: Scalar>(_ type: S.Type) -> Double {
            withHostBytes { $0.load(fromByteOffset: position * MemoryLayout<S>.stride, as: S.self).doubleValue }
        }
        switch dtype {
        case .float32: return load(Float.self)
        case .float64: return load(Double.self)
        case .bfloat16: return load(BFloat16.self)
        case .float16: return cast(to: .float32).double(at: position)
        case .complex64, .complex128: dtype.refuseComplex("item")
        default: return Double(integer(at: position))
        }
    }

    /// As `double(at:)`, for integers.
    func integer(at position: Int) -> Int64 {
        func load<S: Scalar>(_ type: S.Type) -> Int64 {
            withHostBytes { $0.load(fromByteOffset: position * MemoryLayout<S>.stride, as: S.self).int64Value }
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
