// Several tensors made into one, and one tensor repeated or turned around.

extension Tensor {
    /// Tensors one after another along a dimension; their other sizes agree.
    ///
    /// Element types meet as in arithmetic. A tensor of shape [0] joins any others, as in PyTorch.
    public static func cat(_ tensors: [Tensor], dim: Int = 0) -> Tensor {
        require(!tensors.isEmpty, "cat", "there is no tensor to join")
        let joined = tensors.contains { $0.shape != [0] } ? tensors.filter { $0.shape != [0] } : [tensors[0]]
        let type = resultType(tensors)
        let parts = joined.map { $0.to(type) }
        let first = parts[0]
        let dim = first.dimension(dim, "cat")
        require(first.rank > 0, "cat", "tensors without dimensions have none to be joined along; use stack")
        for part in parts {
            first.requireSameBackend("cat", part)
            require(
                part.rank == first.rank && part.shape.replacing(dim, with: 0) == first.shape.replacing(dim, with: 0),
                "cat", "\(part.shape) and \(first.shape) differ in more than dimension \(dim)")
        }
        let sizes = parts.map { $0.shape[dim] }
        let shape = first.shape.replacing(dim, with: sizes.reduce(0, +))
        let result = NDArray(empty: shape, order: first.memoryOrder, dtype: type, backend: first.backend)
        var start = 0
        for part in parts {
            part.array.copy(into: result.sliced(dim, start: start, length: part.shape[dim]))
            start += part.shape[dim]
        }
        return record("cat", result, from: parts) { $1.split(sizes, dim: dim) }
    }

    /// Tensors of one shape along a new dimension.
    public static func stack(_ tensors: [Tensor], dim: Int = 0) -> Tensor {
        require(!tensors.isEmpty, "stack", "there is no tensor to stack")
        let type = resultType(tensors)
        let parts = tensors.map { $0.to(type) }
        let first = parts[0]
        require(
            dim >= -first.rank - 1 && dim <= first.rank, "stack",
            "a dimension of \(first.shape) can be put at \(-first.rank - 1) to \(first.rank), not at \(dim)")
        let place = dim < 0 ? dim + first.rank + 1 : dim
        let shape = first.shape.inserting(parts.count, at: place)
        let result = NDArray(empty: shape, dtype: type, backend: first.backend)
        for (i, part) in parts.enumerated() {
            first.requireSameBackend("stack", part)
            require(part.shape == first.shape, "stack", "the shapes \(first.shape) and \(part.shape) differ")
            part.array.copy(into: result.selected(place, at: i))
        }
        return record("stack", result, from: parts) { $1.unbind(dim: place) }
    }

    /// Tensors side by side: along dimension 1, vectors and numbers along dimension 0.
    public static func hstack(_ tensors: [Tensor]) -> Tensor {
        let parts = tensors.map { $0.rank == 0 ? $0.unsqueeze(0) : $0 }
        return cat(parts, dim: parts.first?.rank == 1 ? 0 : 1)
    }

    /// Tensors below each other: along dimension 0, vectors and numbers as rows.
    public static func vstack(_ tensors: [Tensor]) -> Tensor {
        cat(tensors.map { $0.rank > 1 ? $0 : $0.reshape([1, $0.count]) })
    }

    /// The coordinates of a grid: vectors of m, n, … elements each repeated to the shape [m, n, …], as views.
    ///
    /// - Parameter indexing: `ij` for coordinates in the order of the vectors, `xy` with the first two exchanged.
    public static func meshgrid(_ vectors: [Tensor], indexing: GridIndexing = .ij) -> [Tensor] {
        let axes = vectors.map { $0.rank == 0 ? $0.unsqueeze(0) : $0 }
        require(axes.allSatisfy { $0.rank == 1 }, "meshgrid", "the coordinates along an axis must be a vector")
        let form = Shape(axes.map(\.count))
        let grids = axes.enumerated().map { place, axis in
            let column = Shape(repeating: 1, count: axes.count).replacing(place, with: axis.count)
            return axis.reshape(column).expand(to: form)
        }
        return indexing == .xy && axes.count > 1 ? grids.map { $0.transpose(0, 1) } : grids
    }
}

/// The order of a grid's first two dimensions.
public enum GridIndexing: Sendable {
    /// Rows, then columns, as in a matrix.
    case ij
    /// Across, then down, as on paper.
    case xy
}

// MARK: - Repetition

extension Tensor {
    /// The tensor repeated along each dimension, as a whole; PyTorch's `tile`. Missing counts in front are 1.
    public final func tile(_ counts: [Int]) -> Tensor {
        `repeat`([Int](repeating: 1, count: Swift.max(0, rank - counts.count)) + counts)
    }

    /// The tensor repeated along each dimension, as a whole. More counts than dimensions put new ones in front.
    public final func `repeat`(_ counts: [Int]) -> Tensor {
        require(
            counts.count >= rank && counts.allSatisfy { $0 >= 0 }, "repeat",
            "\(counts) are not repetitions for each of the \(rank) dimensions of \(shape)")
        let form = Shape([Int](repeating: 1, count: counts.count - rank) + Array(shape))
        return counts.indices.reduce(reshape(form)) { result, dim in
            if counts[dim] == 1 { return result }
            let repeated = result.unsqueeze(dim)
            let sizes = repeated.shape.replacing(dim, with: counts[dim])
            return repeated.expand(to: sizes).reshape(result.shape.replacing(dim, with: counts[dim] * form[dim]))
        }
    }

    public final func `repeat`(_ counts: Int...) -> Tensor { `repeat`(counts) }

    /// Each index of a dimension repeated `count` times; without `dim`, each element of the flattened tensor.
    public final func repeatInterleave(_ count: Int, dim: Int? = nil) -> Tensor {
        guard let dim else { return flatten().repeatInterleave(count, dim: 0) }
        let place = dimension(dim, "repeatInterleave")
        require(count >= 0 && rank > 0, "repeatInterleave", "\(shape) cannot be repeated \(count) times")
        let sizes = shape.inserting(count, at: place + 1)
        return unsqueeze(place + 1).expand(to: sizes).reshape(shape.replacing(place, with: shape[place] * count))
    }

    /// Each index of a dimension repeated as often as its number in `counts` says.
    public final func repeatInterleave(_ counts: Tensor, dim: Int? = nil) -> Tensor {
        guard let dim else { return flatten().repeatInterleave(counts, dim: 0) }
        let place = dimension(dim, "repeatInterleave")
        let numbers = counts.toArray(as: Int.self)
        require(
            counts.dtype.isInteger && rank > 0 && numbers.count == shape[place] && numbers.allSatisfy { $0 >= 0 },
            "repeatInterleave",
            "\(counts.shape) counts are not one, of 0 or more, for each index of dimension \(dim) of \(shape)")
        let positions = numbers.enumerated().flatMap { [Int](repeating: $0, count: $1) }
        return slices(place, Tensor(positions, shape: [positions.count], like: self))
    }
}

// MARK: - Turning around

extension Tensor {
    /// The elements moved along dimensions, those that leave at the end coming back at the start.
    public final func roll(_ shifts: [Int], dims: [Int]) -> Tensor {
        require(shifts.count == dims.count, "roll", "there are \(shifts.count) shifts for \(dims.count) dimensions")
        return zip(shifts, dims).reduce(self) { $0.rolled($1.0, dimension($1.1, "roll")) }
    }

    /// The elements moved along a dimension; without `dim`, in row-major order.
    public final func roll(_ shift: Int, dim: Int? = nil) -> Tensor {
        guard let dim else { return flatten().rolled(shift, 0).reshape(shape) }
        return rolled(shift, dimension(dim, "roll"))
    }

    private func rolled(_ shift: Int, _ dim: Int) -> Tensor {
        let size = rank == 0 ? 0 : shape[dim]
        if size == 0 || shift % size == 0 { return self }
        let start = (shift % size + size) % size
        let result = NDArray(empty: shape, order: memoryOrder, dtype: dtype, backend: backend)
        let (head, tail) = (size - start, start)
        array.sliced(dim, start: 0, length: head).copy(into: result.sliced(dim, start: start, length: head))
        array.sliced(dim, start: head, length: tail).copy(into: result.sliced(dim, start: 0, length: tail))
        return Tensor.record("roll", result, of: self) { $1.rolled(-shift, dim) }
    }

    /// The order of the elements along dimensions reversed. A copy.
    public final func flip(_ dims: [Int]) -> Tensor {
        let dims = dims.map { dimension($0, "flip") }
        require(Set(dims).count == dims.count, "flip", "\(dims) names a dimension twice")
        if rank == 0 { return clone() }
        return dims.reduce(self) { $0.slices($1, Tensor((0..<shape[$1]).reversed(), shape: [shape[$1]], like: self)) }
    }

    public final func flip(_ dims: Int...) -> Tensor { flip(dims) }

    /// Columns in reverse order.
    public final func fliplr() -> Tensor { flip([1]) }

    /// Rows in reverse order.
    public final func flipud() -> Tensor { flip([0]) }

    /// Turned by `turns` right angles in the plane of two dimensions, from the first toward the second.
    public final func rot90(_ turns: Int = 1, dims: (Int, Int) = (0, 1)) -> Tensor {
        switch (turns % 4 + 4) % 4 {
        case 1: flip([dims.1]).transpose(dims.0, dims.1)
        case 2: flip([dims.0, dims.1])
        case 3: flip([dims.0]).transpose(dims.0, dims.1)
        default: clone()
        }
    }
}

// MARK: - Triangles

extension Tensor {
    /// Each matrix with 0 above a diagonal.
    ///
    /// - Parameter diagonal: which one: 0 the main diagonal, positive ones above it.
    public final func tril(_ diagonal: Int = 0) -> Tensor { triangle("tril", keeping: .greaterOrEqual, diagonal) }

    /// Each matrix with 0 below a diagonal.
    public final func triu(_ diagonal: Int = 0) -> Tensor { triangle("triu", keeping: .lessOrEqual, diagonal) }

    /// Keeps where row + diagonal compares so with the column.
    private func triangle(_ name: OperationName, keeping comparison: BinaryFunction, _ diagonal: Int) -> Tensor {
        require(rank >= 2, "\(name)", "\(shape) holds no matrices: it has fewer than two dimensions")
        let plane: Shape = [shape[rank - 2], shape[rank - 1]]
        let rows = Tensor((0..<plane[0]).map { $0 + diagonal }, shape: [plane[0], 1], like: self).array
        let columns = Tensor(Array(0..<plane[1]), shape: [plane[1]], like: self).array
        let kept = rows.binary(comparison, columns, named: "\(name)")
        let result = NDArray.select(kept, array, newZeros([]).array)
        return Tensor.record(name, result, of: self) { $1.triangle(name, keeping: comparison, diagonal) }
    }
}
