/// A tensor as kernels see it: memory, shape, strides and element type. It knows nothing about gradients.
public struct NDArray {
    public internal(set) var storage: Storage
    /// Sizes and strides.
    let layout: Layout
    /// Where the first element is, in elements.
    public var offset: Int
    public let dtype: DType

    init(storage: Storage, offset: Int = 0, layout: Layout, dtype: DType) {
        self.storage = storage
        self.offset = offset
        self.layout = layout
        self.dtype = dtype
    }

    public init(storage: Storage, offset: Int = 0, shape: Shape, strides: Shape, dtype: DType) {
        self.init(storage: storage, offset: offset, layout: Layout(shape: shape, strides: strides), dtype: dtype)
    }

    /// New memory with undefined contents, dense in row-major order.
    public init(empty shape: Shape, dtype: DType, backend: any Backend.Type) {
        self.init(empty: Layout(contiguous: shape), dtype: dtype, backend: backend)
    }

    /// New memory with undefined contents and a dense layout.
    private init(empty layout: Layout, dtype: DType, backend: any Backend.Type) {
        let storage = Storage.allocate(byteCount: layout.count * dtype.byteCount, backend: backend)
        self.init(storage: storage, layout: layout, dtype: dtype)
    }

    /// New memory in which every element is `value`.
    init(filled value: Double, shape: Shape, dtype: DType, backend: any Backend.Type) {
        self.init(empty: shape, dtype: dtype, backend: backend)
        backend.fill(self, with: value, integer: Int64(saturating: value))
    }

    public var shape: Shape { layout.shape }
    /// In elements; 0 repeats one element along a dimension.
    public var strides: Shape { layout.strides }
    public var backend: any Backend.Type { storage.backend }
    public var rank: Int { layout.shape.count }
    public var count: Int { layout.count }
    /// Where the first element lies.
    @_spi(Backends) public var address: Address { storage.address + offset * dtype.byteCount }
    /// The bytes of its elements, each place in memory counted once.
    var occupiedBytes: Int { Swift.min(count * dtype.byteCount, storage.byteCount) }
    /// Whether the elements lie densely in row-major order.
    public var isContiguous: Bool { layout.isContiguous }
    /// Whether a [N, C, H, W] (or [N, C, L], [N, C, D, H, W]) array lies in memory with the channels innermost.
    public var isChannelsLast: Bool { layout.isChannelsLast }

    /// New memory of the same shape, dense, with the dimensions nested as they are here: an operation keeps the
    /// order it is given, so an image tensor that lies channels last stays so.
    public func emptyLike(dtype: DType? = nil) -> NDArray {
        let isDense = layout.isContiguous || layout.isChannelsLast
        let dense = isDense ? layout : Layout(shape: layout.shape, strides: layout.denseStrides)
        return NDArray(empty: dense, dtype: dtype ?? self.dtype, backend: backend)
    }

    /// The same elements in row-major order: itself if they lie so already, else a copy.
    public func contiguous() -> NDArray {
        if isContiguous { return self }
        let result = NDArray(empty: shape, dtype: dtype, backend: backend)
        backend.copy(self, into: result)
        return result
    }

    /// The elements in row-major order, in one dimension.
    var inOneLine: NDArray { contiguous().viewed(as: [count])! }

    /// The same elements of another type: itself if they have it already, else a copy. Stops for complex numbers in a
    /// type that has no imaginary part.
    public func cast(to dtype: DType) -> NDArray {
        if dtype == self.dtype { return self }
        let result = emptyLike(dtype: dtype)
        if dtype.isComplex { result.takeComplex(self) } else { backend.copy(self, into: result) }
        return result
    }
}

// MARK: - Views: the same memory, seen differently

extension NDArray {
    /// The same memory with other sizes and strides, and another first element.
    public func seen(_ shape: Shape, strides: Shape, movedBy elements: Int = 0) -> NDArray {
        NDArray(storage: storage, offset: offset + elements, shape: shape, strides: strides, dtype: dtype)
    }

    func permuted(_ order: Shape) -> NDArray {
        seen(Shape(order.map { shape[$0] }), strides: Shape(order.map { strides[$0] }))
    }

    /// The array seen with `shape`, to which its own must broadcast; repeated dimensions get stride 0.
    func expanded(to shape: Shape) -> NDArray {
        if shape == self.shape { return self }
        var steps = Shape(repeating: 0, count: shape.count)
        let lead = shape.count - rank
        for i in 0..<rank where self.shape[i] == shape[lead + i] { steps[lead + i] = strides[i] }
        return seen(shape, strides: steps)
    }

    /// Elements `start`, `start + step`, … (`length` of them) along one dimension.
    func sliced(_ dim: Int, start: Int, length: Int, step: Int = 1) -> NDArray {
        seen(
            shape.replacing(dim, with: length), strides: strides.replacing(dim, with: strides[dim] * step),
            movedBy: start * strides[dim])
    }

    /// The array at one index of a dimension, which disappears.
    func selected(_ dim: Int, at index: Int) -> NDArray {
        seen(shape.removing(dim), strides: strides.removing(dim), movedBy: index * strides[dim])
    }

    func unsqueezed(at dim: Int) -> NDArray {
        seen(shape.inserting(1, at: dim), strides: strides.inserting(0, at: dim))
    }

    func squeezed(at dim: Int) -> NDArray { selected(dim, at: 0) }

    /// The array with another shape of as many elements, or `nil` if that takes a copy.
    ///
    /// Runs of dimensions that lie densely one inside the other are merged and cut anew.
    func viewed(as newShape: Shape) -> NDArray? {
        var steps = newShape.contiguousStrides
        if count == 0 || isContiguous { return seen(newShape, strides: steps) }
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
                steps[newDim] = filled * innerStride
                filled *= newShape[newDim]
                newDim -= 1
            }
            if filled != runCount { return nil }
            dim = outer
        }
        return seen(newShape, strides: steps)
    }
}
