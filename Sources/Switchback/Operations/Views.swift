// The same elements under another shape. Unless said otherwise the result is a view: it shares memory with the tensor
// that it was made from, and a change made in place in one shows in the other.

// MARK: - Another shape

extension Tensor {
    /// The same elements, in row-major order, under another shape: a view where possible, else a copy.
    ///
    /// - Parameter shape: one size may be -1, and is then inferred. Stops if the numbers of elements differ.
    public final func reshape(_ shape: Shape) -> Tensor {
        let shape = inferred(shape, "reshape")
        if shape == self.shape { return self }
        let original = self.shape
        let result = array.viewed(as: shape) ?? array.contiguous().viewed(as: shape)!
        return Tensor.record(.reshape, result, of: self) { $1.reshape(original) }
    }

    public final func reshape(_ sizes: Int...) -> Tensor { reshape(Shape(sizes)) }

    /// As `reshape`, but never a copy: stops where the memory order does not allow a view.
    public final func view(_ shape: Shape) -> Tensor {
        let shape = inferred(shape, "view")
        guard let result = array.viewed(as: shape) else {
            fail(
                "view",
                "a tensor of shape \(self.shape) with strides \(strides) cannot be seen as \(shape) without a copy; "
                    + "use reshape")
        }
        let original = self.shape
        return Tensor.record(.view, result, of: self) { $1.reshape(original) }
    }

    public final func view(_ sizes: Int...) -> Tensor { view(Shape(sizes)) }

    /// The shape with the size that is -1 replaced by what the number of elements leaves for it.
    private func inferred(_ shape: Shape, _ operation: String) -> Shape {
        var known = 1
        var unknown: Int?
        for (dim, size) in shape.enumerated() {
            if size == -1 && unknown == nil {
                unknown = dim
            } else {
                require(
                    size >= 0, operation, "\(shape) is not a shape: sizes are not negative, and only one may be -1")
                known *= size
            }
        }
        guard let unknown else {
            require(
                known == count, operation, "\(self.shape) has \(count) elements, and \(shape) has \(known)")
            return shape
        }
        require(
            known > 0 && count % known == 0, operation,
            "the -1 in \(shape) has no size that gives the \(count) elements of \(self.shape)")
        return shape.replacing(unknown, with: count / known)
    }

    /// The dimensions from `start` to `end`, both included, merged into one; a copy where memory order requires it.
    public final func flatten(start: Int = 0, end: Int = -1) -> Tensor {
        let first = dimension(start, "flatten")
        let last = dimension(end, "flatten")
        require(first <= last, "flatten", "dimension \(start) of \(shape) comes after dimension \(end)")
        if rank == 0 { return reshape([1]) }
        var merged = 1
        for dim in first...last { merged *= shape[dim] }
        return reshape(Shape(Array(shape[..<first]) + [merged] + Array(shape[(last + 1)...])))
    }

    /// One dimension cut into several, whose sizes (one may be -1) multiply to its own.
    public final func unflatten(_ dim: Int, _ sizes: Shape) -> Tensor {
        let dim = dimension(dim, "unflatten")
        require(rank > 0, "unflatten", "a tensor without dimensions has none to cut")
        let known = sizes.filter { $0 != -1 }.reduce(1, *)
        let cut = sizes.map { $0 == -1 && known > 0 ? shape[dim] / known : $0 }
        require(
            cut.reduce(1, *) == shape[dim], "unflatten",
            "\(sizes) does not multiply to the size \(shape[dim]) of dimension \(dim) of \(shape)")
        return reshape(Shape(Array(shape[..<dim]) + cut + Array(shape[(dim + 1)...])))
    }

    /// Without the dimensions of size 1.
    public final func squeeze() -> Tensor { squeeze(Array(0..<rank)) }

    /// Without dimension `dim`, if its size is 1.
    public final func squeeze(_ dim: Int) -> Tensor { squeeze([dim]) }

    /// Without those of the dimensions `dims` whose size is 1.
    public final func squeeze(_ dims: [Int]) -> Tensor {
        let dims = dims.map { dimension($0, "squeeze") }
        var result = array
        for dim in (0..<rank).reversed() where shape[dim] == 1 && dims.contains(dim) {
            result = result.squeezed(at: dim)
        }
        if result.rank == rank { return self }
        let original = shape
        return Tensor.record(.squeeze, result, of: self) { $1.reshape(original) }
    }

    /// With a dimension of size 1 put before dimension `dim`; -1 puts it last.
    public final func unsqueeze(_ dim: Int) -> Tensor {
        require(
            dim >= -rank - 1 && dim <= rank, "unsqueeze",
            "a dimension of \(shape) can be put at \(-rank - 1) to \(rank), not at \(dim)")
        let place = dim < 0 ? dim + rank + 1 : dim
        return Tensor.record(.unsqueeze, array.unsqueezed(at: place), of: self) { $1.squeeze(place) }
    }
}

// MARK: - Another order of dimensions

extension Tensor {
    /// The dimensions in another order: dimension `i` of the result is dimension `dims[i]` of this tensor.
    public final func permute(_ dims: Shape) -> Tensor {
        let order = Shape(dims.map { dimension($0, "permute") })
        require(
            order.count == rank && Set(order).count == rank, "permute",
            "\(dims) does not name each of the \(rank) dimensions of \(shape) once")
        if order.elementsEqual(0..<rank) { return self }
        var inverse = order
        for (i, dim) in order.enumerated() { inverse[dim] = i }
        return Tensor.record(.permute, array.permuted(order), of: self) { [inverse] in $1.permute(inverse) }
    }

    public final func permute(_ dims: Int...) -> Tensor { permute(Shape(dims)) }

    /// Two dimensions exchanged.
    public final func transpose(_ dim0: Int, _ dim1: Int) -> Tensor {
        let a = dimension(dim0, "transpose")
        let b = dimension(dim1, "transpose")
        if a == b { return self }
        var order = Shape(0..<rank)
        order.swapAt(a, b)
        return Tensor.record(.transpose, array.permuted(order), of: self) { $1.transpose(a, b) }
    }

    /// As `transpose`.
    public final func swapaxes(_ axis0: Int, _ axis1: Int) -> Tensor { transpose(axis0, axis1) }

    /// A matrix with rows and columns exchanged; tensors of fewer dimensions stay as they are.
    public final func t() -> Tensor {
        require(rank <= 2, "t", "\(shape) has more than two dimensions; use mT or permute")
        return rank == 2 ? transpose(0, 1) : self
    }

    /// The last two dimensions exchanged: each matrix of a batch transposed.
    public final var mT: Tensor {
        require(rank >= 2, "mT", "\(shape) holds no matrices: it has fewer than two dimensions")
        return transpose(-2, -1)
    }

    /// All dimensions in reverse order.
    public final var T: Tensor { permute(Shape((0..<rank).reversed())) }

    /// The dimension `source` moved to `destination`; the others keep their order.
    public final func movedim(_ source: Int, _ destination: Int) -> Tensor { movedim([source], [destination]) }

    /// The dimensions `sources` moved to `destinations`; the others keep their order.
    public final func movedim(_ sources: [Int], _ destinations: [Int]) -> Tensor {
        let from = sources.map { dimension($0, "movedim") }
        let to = destinations.map { dimension($0, "movedim") }
        require(
            from.count == to.count && Set(from).count == from.count && Set(to).count == to.count, "movedim",
            "\(sources) and \(destinations) must be as many different dimensions")
        var rest = (0..<rank).filter { !from.contains($0) }.makeIterator()
        let order = (0..<rank).map { place in to.firstIndex(of: place).map { from[$0] } ?? rest.next()! }
        return permute(Shape(order))
    }
}

// MARK: - Repetition without memory

extension Tensor {
    /// Dimensions of size 1 repeated to the sizes of `shape`, and new ones put in front, without taking memory.
    ///
    /// - Parameter shape: -1 keeps the size of a dimension.
    public final func expand(to shape: Shape) -> Tensor {
        let lead = shape.count - rank
        var target = shape
        for dim in 0..<shape.count where shape[dim] == -1 && dim >= lead { target[dim] = self.shape[dim - lead] }
        let fits = lead >= 0 && (0..<rank).allSatisfy { self.shape[$0] == 1 || self.shape[$0] == target[lead + $0] }
        require(fits && target.allSatisfy { $0 >= 0 }, "expand", "\(self.shape) cannot be expanded to \(shape)")
        if target == self.shape { return self }
        return Tensor.record("expand", array.expanded(to: target), of: self) { $1 }
    }

    public final func expand(to sizes: Int...) -> Tensor { expand(to: Shape(sizes)) }

    /// Expanded to the shape of another tensor.
    public final func expandAs(_ other: Tensor) -> Tensor { expand(to: other.shape) }
}

// MARK: - Parts

extension Tensor {
    /// `length` indices of one dimension, from `start` on; a negative `start` counts from the end.
    public final func narrow(dim: Int, start: Int, length: Int) -> Tensor {
        let dim = dimension(dim, "narrow")
        let size = rank == 0 ? 0 : shape[dim]
        let first = start < 0 ? start + size : start
        require(
            rank > 0 && first >= 0 && length >= 0 && first + length <= size, "narrow",
            "\(length) indices from \(start) on do not lie within dimension \(dim) of \(shape)")
        return part("narrow", .slice(dim: dim, start: first, length: length, step: 1))
    }

    /// The tensor at one index of a dimension, which disappears; a negative index counts from the end.
    public final func select(dim: Int, index: Int) -> Tensor {
        let dim = dimension(dim, "select")
        require(rank > 0, "select", "a tensor without dimensions has no index")
        let size = shape[dim]
        require(
            index >= -size && index < size, "select",
            "index \(index) is outside dimension \(dim) of \(shape): it must be from \(-size) to \(size - 1)")
        return part("select", .select(dim: dim, index: index < 0 ? index + size : index))
    }

    /// The diagonals of the matrices in dimensions `dim1` and `dim2`, as a last dimension instead of those.
    ///
    /// - Parameter offset: how far the diagonal is above (or, negative, below) the main one.
    public final func diagonal(offset: Int = 0, dim1: Int = 0, dim2: Int = 1) -> Tensor {
        let row = dimension(dim1, "diagonal")
        let column = dimension(dim2, "diagonal")
        require(row != column && rank >= 2, "diagonal", "\(dim1) and \(dim2) are not two dimensions of \(shape)")
        return part("diagonal", .diagonal(offset: offset, dim1: row, dim2: column))
    }

    /// The slices along a dimension, which disappears.
    public final func unbind(dim: Int = 0) -> [Tensor] {
        let dim = dimension(dim, "unbind")
        require(rank > 0, "unbind", "a tensor without dimensions has no slices")
        let slice = shape.removing(dim)
        let results = (0..<shape[dim]).map { array.selected(dim, at: $0) }
        return Tensor.record("unbind", results, from: [self]) { _, gradients in
            let known = gradients.first { $0 != nil }!!
            return [Tensor.stack(gradients.map { $0 ?? known.newZeros(slice) }, dim: dim)]
        }
    }

    /// Consecutive parts of `size` indices along a dimension; the last may be smaller.
    public final func split(_ size: Int, dim: Int = 0) -> [Tensor] {
        let length = shape.isEmpty ? 0 : shape[dimension(dim, "split")]
        require(size > 0 || length == 0, "split", "parts of \(size) indices do not fill a dimension of \(length)")
        if length == 0 { return [narrow(dim: dim, start: 0, length: 0)] }
        return split(stride(from: 0, to: length, by: size).map { Swift.min(size, length - $0) }, dim: dim)
    }

    /// Consecutive parts along a dimension, whose sizes are given and sum to its own.
    public final func split(_ sizes: [Int], dim: Int = 0) -> [Tensor] {
        let dim = dimension(dim, "split")
        require(
            rank > 0 && sizes.allSatisfy { $0 >= 0 } && sizes.reduce(0, +) == shape[dim], "split",
            "the sizes \(sizes) do not sum to that of dimension \(dim) of \(shape)")
        var start = 0
        let results = sizes.map { size in
            defer { start += size }
            return array.sliced(dim, start: start, length: size)
        }
        let shapes = results.map(\.shape)
        return Tensor.record("split", results, from: [self]) { _, gradients in
            let known = gradients.first { $0 != nil }!!
            return [Tensor.cat(zip(gradients, shapes).map { $0 ?? known.newZeros($1) }, dim: dim)]
        }
    }

    /// At most `count` parts of one size along a dimension; the last may be smaller. Where there is nothing to cut,
    /// `count` empty ones.
    public final func chunk(_ count: Int, dim: Int = 0) -> [Tensor] {
        require(count > 0, "chunk", "a tensor is cut into 1 part or more, not \(count)")
        let length = size(dim)
        if length == 0 { return split([Int](repeating: 0, count: count), dim: dim) }
        return split((length + count - 1) / count, dim: dim)
    }

    /// Exactly `count` parts along a dimension, the first ones larger by one where it does not divide.
    public final func tensorSplit(_ count: Int, dim: Int = 0) -> [Tensor] {
        require(count > 0, "tensorSplit", "a tensor is cut into 1 part or more, not \(count)")
        let length = size(dim)
        return split((0..<count).map { length / count + ($0 < length % count ? 1 : 0) }, dim: dim)
    }

    /// The parts between places along a dimension, before the first and after the last of them too; places may lie beyond
    /// the end, and a part may be empty.
    public final func tensorSplit(at places: [Int], dim: Int = 0) -> [Tensor] {
        let length = size(dim)
        let bounds = [0] + places.map { Swift.min(Swift.max($0 < 0 ? $0 + length : $0, 0), length) } + [length]
        return zip(bounds, bounds.dropFirst()).map {
            narrow(dim: dim, start: Swift.min($0, $1), length: Swift.max($1 - $0, 0))
        }
    }

    /// Windows of `size` indices along a dimension, one every `step`; a last dimension holds what is in a window.
    /// Windows share memory where they overlap.
    public final func unfold(dim: Int, size: Int, step: Int) -> Tensor {
        let dim = dimension(dim, "unfold")
        if rank == 0 { return line.unfold(dim: dim, size: size, step: step).select(dim: 0, index: 0) }
        require(
            size >= 0 && size <= shape[dim] && step > 0, "unfold",
            "windows of \(size) every \(step) do not fit in dimension \(dim) of \(shape)")
        let windows = shape.replacing(dim, with: (shape[dim] - size) / step + 1)
        let steps = strides.replacing(dim, with: strides[dim] * step)
        let result = array.seen(
            windows.inserting(size, at: rank), strides: steps.inserting(strides[dim], at: rank))
        let original = shape
        return Tensor.record("unfold", result, of: self) { _, gradient in
            gradient.windowsSummed(into: original, dim: dim, step: step)
        }
    }

    /// The transpose of `unfold`: each element of a window added to where it was taken from.
    private func windowsSummed(into shape: Shape, dim: Int, step: Int) -> Tensor {
        let size = self.shape[rank - 1]
        let result = NDArray(filled: 0, shape: shape, dtype: dtype, backend: backend)
        result.accumulate(array) { target, windows in
            for i in 0..<size {
                let place = target.sliced(dim, start: i, length: windows.shape[dim], step: step)
                backend.binary(.add, place, windows.selected(rank - 1, at: i), into: place)
            }
        }
        return Tensor.record("unfold", result, of: self) { $1.unfold(dim: dim, size: size, step: step) }
    }
}

/// Which part of an array a view shows, as a value that a gradient rule can keep.
enum PartialView: Sendable {
    case slice(dim: Int, start: Int, length: Int, step: Int)
    case select(dim: Int, index: Int)
    case diagonal(offset: Int, dim1: Int, dim2: Int)
    case newAxis(dim: Int)
    /// One after the other.
    case sequence([PartialView])

    func applied(to array: NDArray) -> NDArray {
        switch self {
        case .slice(let dim, let start, let length, let step):
            return array.sliced(dim, start: start, length: length, step: step)
        case .select(let dim, let index):
            return array.selected(dim, at: index)
        case .newAxis(let dim):
            return array.unsqueezed(at: dim)
        case .sequence(let views):
            return views.reduce(array) { $1.applied(to: $0) }
        case .diagonal(let offset, let row, let column):
            let length = Swift.max(
                0, Swift.min(array.shape[row] + Swift.min(offset, 0), array.shape[column] - Swift.max(offset, 0)))
            let start = Swift.max(-offset, 0) * array.strides[row] + Swift.max(offset, 0) * array.strides[column]
            var view = array
            for dim in [row, column].sorted(by: >) { view = view.selected(dim, at: 0) }
            return view.seen(
                view.shape.inserting(length, at: view.rank),
                strides: view.strides.inserting(array.strides[row] + array.strides[column], at: view.rank),
                movedBy: length == 0 ? 0 : start)
        }
    }
}

extension Tensor {
    final func part(_ name: OperationName, _ view: PartialView) -> Tensor {
        let original = shape
        let order = memoryOrder
        return Tensor.record(name, view.applied(to: array), of: self) { _, gradient in
            gradient.placed(in: original, at: view, order: order)
        }
    }

    /// Zeros of `shape`, with this tensor in the place that the view shows.
    private func placed(in shape: Shape, at view: PartialView, order: MemoryOrder) -> Tensor {
        let result = NDArray(empty: shape, order: order, dtype: dtype, backend: backend)
        backend.fill(result, with: 0, integer: 0)
        array.copy(into: view.applied(to: result))
        return Tensor.record("place", result, of: self) { $1.part("part", view) }
    }

    /// Undefined contents, of another shape, of this tensor's type if none is given, on its backend.
    public final func newEmpty(_ shape: Shape, dtype: DType? = nil) -> Tensor {
        Tensor(NDArray(empty: shape, dtype: dtype ?? self.dtype, backend: backend))
    }

    /// Zeros of another shape, of this tensor's type if none is given, on its backend.
    public final func newZeros(_ shape: Shape, dtype: DType? = nil) -> Tensor {
        Tensor(NDArray(filled: 0, shape: shape, dtype: dtype ?? self.dtype, backend: backend))
    }
}

// MARK: - Memory order

/// The order in which dimensions are nested in memory.
public enum MemoryOrder: Sendable {
    /// The last dimension is the dense one.
    case rowMajor
    /// [N, C, H, W] lies as N, H, W, C, the order that convolutions work in.
    case channelsLast
}

extension Tensor {
    /// Whether an image tensor [N, C, …] lies in memory with its channels innermost.
    public final var isChannelsLast: Bool { array.isChannelsLast }

    /// The order in which the elements lie, those of a view with gaps between them: channels last only where the tensor
    /// is not also row-major, as those with one channel are.
    public final var memoryOrder: MemoryOrder {
        if array.isContiguous || rank < 3 { return .rowMajor }
        let closed = array.isChannelsLast ? array.layout : Layout(shape: shape, strides: array.layout.denseStrides)
        return closed.isChannelsLast && !closed.isContiguous ? .channelsLast : .rowMajor
    }

    /// The same values lying densely in an order: the tensor itself where it does so already, else a copy.
    public final func contiguous(memoryOrder: MemoryOrder = .rowMajor) -> Tensor {
        if memoryOrder == .rowMajor ? array.isContiguous : array.isChannelsLast { return self }
        require(
            memoryOrder == .rowMajor || rank >= 3, "contiguous",
            "\(shape) has no channels to put last: it has fewer than three dimensions")
        let result = NDArray(empty: shape, order: memoryOrder, dtype: dtype, backend: backend)
        array.copy(into: result)
        return Tensor.record(.contiguous, result, of: self) { $1 }
    }

    /// An image tensor [N, C, …] with its channels innermost in memory. Shape and values stay.
    public final func channelsLast() -> Tensor { contiguous(memoryOrder: .channelsLast) }

    /// A copy in new memory, through which gradients flow.
    public final func clone() -> Tensor {
        let result = array.emptyLike()
        array.copy(into: result)
        return Tensor.record(.clone, result, of: self) { $1 }
    }
}

extension NDArray {
    /// New memory with undefined contents, dense in the given order.
    init(empty shape: Shape, order: MemoryOrder, dtype: DType, backend: any Backend.Type) {
        switch order {
        case .rowMajor: self.init(empty: shape, dtype: dtype, backend: backend)
        case .channelsLast: self.init(emptyChannelsLast: shape, dtype: dtype, backend: backend)
        }
    }
}
