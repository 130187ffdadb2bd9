// Several tensors made into one, and one tensor repeated or turned around.

extension Tensor {
    /// Tensors one after the other along a dimension; their other sizes agree.
    ///
    /// Element types meet as in arithmetic. A tensor of shape [0] joins any others, as in PyTorch.
    public static func cat(_ tensors: [Tensor], dim: Int = 0) -> Tensor {
        require(!tensors.isEmpty, "cat", "there is no tensor to join")
        let joined = tensors.contains { $0.shape != [0] } ? tensors.filter { $0.shape != [0] } : [tensors[0]]
        let type = tensors.dropFirst().reduce(tensors[0].dtype) { DType.promoted($0, $1.dtype) }
        let parts = joined.map { $0.to(type) }
        let first = parts[0]
        let dim = first.dimension(dim, "cat")
        require(first.rank > 0, "cat", "tensors without dimensions have none to be joined along; use stack")
        for part in parts {
            require(
                part.rank == first.rank && part.shape.replacing(dim, with: 0) == first.shape.replacing(dim, with: 0),
                "cat", "\(part.shape) and \(first.shape) differ in more than dimension \(dim)")
        }
        let sizes = parts.map { $0.shape[dim] }
        let shape = first.shape.replacing(dim, with: sizes.reduce(0, +))
        let result = NDArray(empty: shape, order: first.memoryOrder, dtype: type, backend: first.backend)
        var start = 0
        for part in parts {
            result.backend.copy(part.array, into: result.sliced(dim, start: start, length: part.shape[dim]))
            start += part.shape[dim]
        }
        return record("cat", result, from: parts) { $1.split(sizes, dim: dim) }
    }

    /// Tensors of one shape along a new dimension.
    public static func stack(_ tensors: [Tensor], dim: Int = 0) -> Tensor {
        require(!tensors.isEmpty, "stack", "there is no tensor to stack")
        let type = tensors.dropFirst().reduce(tensors[0].dtype) { DType.promoted($0, $1.dtype) }
        let parts = tensors.map { $0.to(type) }
        let first = parts[0]
        require(
            dim >= -first.rank - 1 && dim <= first.rank, "stack",
            "a dimension of \(first.shape) can be put at \(-first.rank - 1) to \(first.rank), not at \(dim)")
        let place = dim < 0 ? dim + first.rank + 1 : dim
        let shape = first.shape.inserting(parts.count, at: place)
        let result = NDArray(empty: shape, dtype: type, backend: first.backend)
        for (i, part) in parts.enumerated() {
            require(part.shape == first.shape, "stack", "the shapes \(first.shape) and \(part.shape) differ")
            result.backend.copy(part.array, into: result.selected(place, at: i))
        }
        return record("stack", result, from: parts) { $1.unbind(dim: place) }
    }
}
