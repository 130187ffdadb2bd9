// Products of vectors that lie along one dimension.

extension Tensor {
    /// The product of each vector of the last dimension with each of the other's: [..., k] and [..., k] → both leading
    /// shapes, one after another. PyTorch's `inner`.
    public final func inner(_ other: Tensor) -> Tensor {
        if rank == 0 || other.rank == 0 { return self * other }
        require(
            shape[rank - 1] == other.shape[other.rank - 1], "inner",
            "the last dimensions of \(shape) and \(other.shape) differ")
        let product = vectors.matmul(other.vectors.transpose(0, 1))
        return product.reshape(Shape(Array(shape.dropLast()) + Array(other.shape.dropLast())))
    }

    private var vectors: Tensor { rank == 1 ? unsqueeze(0) : rows() }

    /// The vector product of vectors of three elements, which lie along `dim`; shapes broadcast.
    public final func cross(_ other: Tensor, dim: Int = -1) -> Tensor {
        guard let common = Shape.broadcast(shape, other.shape) else {
            fail("cross", "the shapes \(shape) and \(other.shape) do not broadcast to each other")
        }
        let (a, b) = (expand(to: common), other.expand(to: common))
        let dim = a.dimension(dim, "cross")
        require(a.rank > 0 && common[dim] == 3, "cross", "dimension \(dim) of \(common) does not have three elements")
        let (next, afterNext) = ([1, 2, 0], [2, 0, 1])
        func turned(_ x: Tensor, _ order: [Int]) -> Tensor {
            x.indexSelect(dim: dim, index: Tensor(order, shape: [3], like: x))
        }
        return turned(a, next) * turned(b, afterNext) - turned(a, afterNext) * turned(b, next)
    }
}
