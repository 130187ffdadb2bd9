/// What a kernel sees of a tensor: memory, shape, strides and element type. It knows nothing of gradients.
public struct NDArray {
    public internal(set) var storage: Storage
    /// Where the first element is, in elements.
    public var offset: Int
    public var shape: Shape
    /// In elements; 0 repeats one element along a dimension.
    public var strides: Shape
    public let dtype: DType

    public init(storage: Storage, offset: Int = 0, shape: Shape, strides: Shape, dtype: DType) {
        self.storage = storage
        self.offset = offset
        self.shape = shape
        self.strides = strides
        self.dtype = dtype
    }

    /// New memory with undefined contents, dense in row-major order.
    public init(empty shape: Shape, dtype: DType, backend: any Backend) {
        let bytes = shape.elementCount * dtype.byteCount
        self.init(
            storage: Storage.allocate(byteCount: bytes, backend: backend), shape: shape,
            strides: shape.contiguousStrides, dtype: dtype)
    }

    /// New memory in which every element is `value`.
    init(filled value: Double, shape: Shape, dtype: DType, backend: any Backend) {
        self.init(empty: shape, dtype: dtype, backend: backend)
        backend.fill(self, with: value, integer: Int64(saturating: value))
    }

    public var backend: any Backend { storage.backend }
    public var rank: Int { shape.count }
    public var count: Int { shape.elementCount }
    /// The address of the first element.
    public var pointer: UnsafeMutableRawPointer { storage.pointer + offset * dtype.byteCount }

    /// Whether the elements lie densely in row-major order.
    public var isContiguous: Bool {
        var expected = 1
        for dim in stride(from: rank - 1, through: 0, by: -1) where !extend(dim, &expected) { return false }
        return true
    }

    /// Whether a [N, C, H, W] (or [N, C, L], [N, C, D, H, W]) array lies in memory with the channels innermost.
    public var isChannelsLast: Bool {
        guard rank >= 3 else { return false }
        var expected = 1
        if !extend(1, &expected) { return false }
        for dim in stride(from: rank - 1, through: 2, by: -1) where !extend(dim, &expected) { return false }
        return extend(0, &expected)
    }

    /// Whether `dim` is the next one outward in a dense order whose inner part has `expected` elements so far.
    @inline(__always)
    private func extend(_ dim: Int, _ expected: inout Int) -> Bool {
        let size = shape[dim]
        if size == 0 { expected = 0 }
        if size != 1 && strides[dim] != expected && expected != 0 { return false }
        expected *= size
        return true
    }

    /// New memory of the same shape, dense, with the dimensions nested as they are here: an operation keeps the
    /// order it is given, so an image tensor that lies channels last stays so.
    public func emptyLike(dtype: DType? = nil) -> NDArray {
        var result = NDArray(empty: shape, dtype: dtype ?? self.dtype, backend: backend)
        if !isContiguous { result.strides = denseStrides }
        return result
    }

    /// Dense strides whose order of nesting follows this array's strides; broadcast dimensions go outermost.
    private var denseStrides: Shape {
        func key(_ dim: Int) -> Int { strides[dim] == 0 ? Int.max : strides[dim] }
        let order = (0..<rank).sorted { (key($0), -$0) < (key($1), -$1) }
        var result = shape
        var step = 1
        for dim in order {
            result[dim] = step
            step *= Swift.max(shape[dim], 1)
        }
        return result
    }

    /// The same elements in row-major order: itself if they lie so already, else a copy.
    public func contiguous() -> NDArray {
        if isContiguous { return self }
        let result = NDArray(empty: shape, dtype: dtype, backend: backend)
        backend.copy(self, into: result)
        return result
    }

    /// The same elements of another type: itself if they have it already, else a copy.
    public func cast(to dtype: DType) -> NDArray {
        if dtype == self.dtype { return self }
        let result = emptyLike(dtype: dtype)
        backend.copy(self, into: result)
        return result
    }
}

// MARK: - Views: the same memory, seen differently

extension NDArray {
    func permuted(_ order: Shape) -> NDArray {
        var view = self
        for (i, dim) in order.enumerated() {
            view.shape[i] = shape[dim]
            view.strides[i] = strides[dim]
        }
        return view
    }

    /// The array seen with `shape`, to which its own must broadcast; repeated dimensions get stride 0.
    func expanded(to shape: Shape) -> NDArray {
        if shape == self.shape { return self }
        var view = NDArray(
            storage: storage, offset: offset, shape: shape, strides: Shape(repeating: 0, count: shape.count),
            dtype: dtype)
        let lead = shape.count - rank
        for i in 0..<rank where self.shape[i] == shape[lead + i] { view.strides[lead + i] = strides[i] }
        return view
    }

    /// Elements `start`, `start + step`, … (`length` of them) along one dimension.
    func sliced(_ dim: Int, start: Int, length: Int, step: Int = 1) -> NDArray {
        var view = self
        view.offset += start * strides[dim]
        view.shape[dim] = length
        view.strides[dim] *= step
        return view
    }

    /// The array at one index of a dimension, which disappears.
    func selected(_ dim: Int, at index: Int) -> NDArray {
        NDArray(
            storage: storage, offset: offset + index * strides[dim], shape: shape.removing(dim),
            strides: strides.removing(dim), dtype: dtype)
    }

    func unsqueezed(at dim: Int) -> NDArray {
        NDArray(
            storage: storage, offset: offset, shape: shape.inserting(1, at: dim),
            strides: strides.inserting(0, at: dim), dtype: dtype)
    }

    func squeezed(at dim: Int) -> NDArray { selected(dim, at: 0) }

    /// The array with another shape of as many elements, or `nil` where that takes a copy.
    ///
    /// Runs of dimensions that lie densely one inside the other are merged and cut anew.
    func viewed(as newShape: Shape) -> NDArray? {
        var view = NDArray(
            storage: storage, offset: offset, shape: newShape, strides: newShape.contiguousStrides, dtype: dtype)
        if count == 0 || isContiguous { return view }
        var newDim = newShape.count - 1
        var dim = rank - 1
        while dim >= 0 {
            if shape[dim] == 1 {
                dim -= 1
                continue
            }
            // Merge the run of old dimensions that ends at `dim`.
            var runCount = shape[dim]
            let innerStride = strides[dim]
            var outer = dim - 1
            while outer >= 0 && (shape[outer] == 1 || strides[outer] == runCount * innerStride) {
                runCount *= shape[outer]
                outer -= 1
            }
            // Cut it into new dimensions.
            var filled = 1
            while newDim >= 0 && filled < runCount {
                view.strides[newDim] = filled * innerStride
                filled *= newShape[newDim]
                newDim -= 1
            }
            if filled != runCount { return nil }
            dim = outer
        }
        return view
    }
}
