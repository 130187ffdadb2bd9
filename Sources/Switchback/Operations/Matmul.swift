// Products of matrices and vectors.

extension Tensor {
    /// The matrix product, over as many batch dimensions as there are: [..., m, k] × [..., k, n] → [..., m, n].
    ///
    /// Batch dimensions broadcast, without copies. A vector on the left is a row, on the right a column, and has no
    /// dimension in the result; two vectors give a number. Stops if inner sizes or element types differ. Computes in the
    /// precision of `withPrecision`.
    public final func matmul(_ other: Tensor) -> Tensor {
        require(rank > 0 && other.rank > 0, "matmul", "\(shape) × \(other.shape): a number is not a matrix; use *")
        if rank == 1 { return unsqueeze(0).matmul(other).squeeze(other.rank == 1 ? 0 : -2) }
        if other.rank == 1 { return matmul(other.unsqueeze(1)).squeeze(-1) }
        let (onRight, left) = (other.rank, shape)
        let (a, b) = (operand(), other.operand())
        return Tensor.record(
            .matmul, a.array.matmul(b.array, named: "matmul"), of: self, other,
            saving: (other.requiresGrad ? kept(as: a) : nil, requiresGrad ? other.kept(as: b) : nil)
        ) { saved, gradient in
            let gradient = gradient.operand()
            return (
                saved[1].map { gradient.productSummed($0.mT, to: left) },
                saved[0].map { onRight == 2 ? $0.rows().t().matmul(gradient.rows()) : $0.mT.matmul(gradient) }
            )
        }
    }

    /// The product with `other`, summed to a shape; of 16-bit numbers the sum is rounded, not the products.
    private func productSummed(_ other: Tensor, to shape: Shape) -> Tensor {
        if shape.count == rank { return matmul(other) }
        return Tensor.inFloat32([self, other]) { $0[0].matmul($0[1]).summed(to: shape) }
    }

    /// All dimensions but the last merged into one.
    final func rows() -> Tensor { rank == 2 ? self : flatten(end: -2) }

    /// The product of two matrices.
    public final func mm(_ other: Tensor) -> Tensor {
        require(rank == 2 && other.rank == 2, "mm", "\(shape) × \(other.shape): both must be matrices")
        return matmul(other)
    }

    /// The products of two batches of matrices: [b, m, k] × [b, k, n] → [b, m, n].
    public final func bmm(_ other: Tensor) -> Tensor {
        require(
            rank == 3 && other.rank == 3 && shape[0] == other.shape[0], "bmm",
            "\(shape) × \(other.shape): both must be batches of as many matrices")
        return matmul(other)
    }

    /// A matrix times a vector: [m, k] × [k] → [m].
    public final func mv(_ vector: Tensor) -> Tensor {
        require(rank == 2 && vector.rank == 1, "mv", "\(shape) × \(vector.shape): a matrix and a vector are needed")
        return matmul(vector)
    }

    /// The inner product of two vectors, a number.
    public final func dot(_ other: Tensor) -> Tensor {
        require(rank == 1 && other.rank == 1, "dot", "\(shape) · \(other.shape): both must be vectors")
        return matmul(other)
    }

    /// Every product of an element of one vector with one of another: [m], [n] → [m, n].
    public final func outer(_ other: Tensor) -> Tensor {
        require(rank == 1 && other.rank == 1, "outer", "\(shape) and \(other.shape): both must be vectors")
        return unsqueeze(1) * other.unsqueeze(0)
    }

    /// `beta * self + alpha * (a × b)`, for matrices; `self` broadcasts. With `beta` 0 it is not looked at.
    public final func addmm(_ a: Tensor, _ b: Tensor, beta: Double = 1, alpha: Double = 1) -> Tensor {
        Tensor.inFloat32([self, a, b]) { $0[0].added(to: $0[1].mm($0[2]), beta: beta, alpha: alpha) }
    }

    /// `beta * self + alpha * (a × b)`, for batches of matrices; `self` broadcasts.
    public final func baddbmm(_ a: Tensor, _ b: Tensor, beta: Double = 1, alpha: Double = 1) -> Tensor {
        Tensor.inFloat32([self, a, b]) { $0[0].added(to: $0[1].bmm($0[2]), beta: beta, alpha: alpha) }
    }

    /// `beta * self + alpha * (matrix × vector)`; `self` broadcasts.
    public final func addmv(_ matrix: Tensor, _ vector: Tensor, beta: Double = 1, alpha: Double = 1) -> Tensor {
        Tensor.inFloat32([self, matrix, vector]) { $0[0].added(to: $0[1].mv($0[2]), beta: beta, alpha: alpha) }
    }

    private final func added(to product: Tensor, beta: Double, alpha: Double) -> Tensor {
        product.requireFits(alpha, "addmm")
        requireFits(beta, "addmm")
        let scaled = alpha == 1 ? product : product.affine("multiply", scale: alpha)
        if beta == 0 { return scaled }
        return scaled + (beta == 1 ? self : affine("multiply", scale: beta))
    }

    /// The distance between each point of one set and each of another: [..., m, d], [..., n, d] → [..., m, n].
    ///
    /// - Parameter p: of the norm; 2 is the Euclidean distance.
    public final func cdist(_ other: Tensor, p: Double = 2) -> Tensor {
        require(
            rank >= 2 && other.rank >= 2 && shape[rank - 1] == other.shape[other.rank - 1], "cdist",
            "\(shape) and \(other.shape) are not two sets of points of one dimension")
        let differences = signed.unsqueeze(-2) - other.signed.unsqueeze(-3)
        let distances = differences.norm(p: p, dim: -1)
        // Counted as a difference, NaN would be lost.
        return p == 0 ? distances.maskedFill(differences.isnan().any(dims: [-1]), Double.nan) : distances
    }

    /// The sum of the main diagonal of a matrix.
    public final func trace() -> Tensor {
        require(rank == 2, "trace", "\(shape) is not a matrix")
        return diagonal().summed(to: [])
    }
}

// MARK: - How batches reach the kernel

/// A dimension over which products repeat, and how far each of the three arrays moves along it.
private struct BatchDimension {
    var size: Int
    let a, b, y: Int

    /// Whether this dimension and `inner` can be walked as one.
    func continues(into inner: BatchDimension) -> Bool {
        a == inner.size * inner.a && b == inner.size * inner.b && y == inner.size * inner.y
    }
}

extension NDArray {
    /// The product [..., m, k] × [..., k, n], as a new row-major array.
    func matmul(_ other: NDArray, named name: @autoclosure () -> String) -> NDArray {
        requireSameBackend(name(), other)
        let (m, k, n) = (shape[rank - 2], shape[rank - 1], other.shape[other.rank - 1])
        require(
            dtype == other.dtype && dtype != .bool, name(),
            "the operands are \(dtype) and \(other.dtype); they must have one type, and not bool: convert with to(_:)")
        require(
            k == other.shape[other.rank - 2], name(),
            "\(shape) × \(other.shape): the inner sizes \(k) and \(other.shape[other.rank - 2]) differ")
        guard let batch = Shape.broadcast(shape.dropLast(2).asShape, other.shape.dropLast(2).asShape) else {
            fail(name(), "\(shape) × \(other.shape): the batch dimensions do not broadcast to each other")
        }
        if let result = backend.matmul(self, other, outputShape: Shape(batch + [m, n])) { return result }
        let result = NDArray(empty: Shape(batch + [m, n]), dtype: productType, backend: backend)
        if result.count == 0 { return result }
        if other.rank == 2, let rows = viewed(as: [1, batch.elementCount * m, k]) {
            // One matrix for the whole batch: its rows are those of one tall product.
            backend.matmul(rows, other.unsqueezed(at: 0), into: result.viewed(as: [1, batch.elementCount * m, n])!)
        } else {
            result.fillWithProducts(expanded(to: Shape(batch + [m, k])), other.expanded(to: Shape(batch + [k, n])))
        }
        return result
    }

    /// Calls the kernel, which walks one batch dimension, as seldom as strides allow.
    private func fillWithProducts(_ a: NDArray, _ b: NDArray) {
        var outer = mergedBatch(a, b)
        let widest = outer.indices.max { outer[$0].size < outer[$1].size }
        let inner = widest.map { outer.remove(at: $0) } ?? BatchDimension(size: 1, a: 0, b: 0, y: 0)
        for product in 0..<outer.reduce(1, { $0 * $1.size }) {
            var (rest, offsets) = (product, (a: 0, b: 0, y: 0))
            for dim in outer {
                let position = rest % dim.size
                rest /= dim.size
                offsets = (offsets.a + position * dim.a, offsets.b + position * dim.b, offsets.y + position * dim.y)
            }
            backend.matmul(
                a.matrices(inner.size, step: inner.a, from: offsets.a),
                b.matrices(inner.size, step: inner.b, from: offsets.b),
                into: matrices(inner.size, step: inner.y, from: offsets.y))
        }
    }

    /// The batch dimensions, those that all three arrays walk evenly merged.
    private func mergedBatch(_ a: NDArray, _ b: NDArray) -> [BatchDimension] {
        var merged: [BatchDimension] = []
        for dim in (0..<rank - 2) where shape[dim] > 1 {
            let next = BatchDimension(size: shape[dim], a: a.strides[dim], b: b.strides[dim], y: strides[dim])
            if let last = merged.last, last.continues(into: next) {
                merged[merged.count - 1] = BatchDimension(size: last.size * next.size, a: next.a, b: next.b, y: next.y)
            } else {
                merged.append(next)
            }
        }
        return merged
    }

    /// `count` of the matrices in the last two dimensions, `step` elements apart.
    private func matrices(_ count: Int, step: Int, from start: Int) -> NDArray {
        NDArray(
            storage: storage, offset: offset + start, shape: [count, shape[rank - 2], shape[rank - 1]],
            strides: [step, strides[rank - 2], strides[rank - 1]], dtype: dtype)
    }
}

extension Sequence<Int> {
    fileprivate var asShape: Shape { Shape(self) }
}
