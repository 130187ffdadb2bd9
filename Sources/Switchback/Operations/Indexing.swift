// Reading at positions that tensors of integers, or of booleans, name. Writing is in Scattering.swift.
//
// Every gradient here writes into zeros, at the same positions and adding where they repeat; the transposes of those
// writes are the reads again, so gradients of gradients come by themselves.

// MARK: - Along a dimension

extension Tensor {
    /// The slices along a dimension that a vector of indices names, in its order: `index` may repeat and leave out.
    public final func indexSelect(dim: Int, index: Tensor) -> Tensor {
        if rank == 0 { return unsqueeze(0).indexSelect(dim: dim, index: index).squeeze(0) }
        let dim = dimension(dim, "indexSelect")
        return slices(dim, index.indexVector(of: self, dim, "indexSelect"))
    }

    /// The slices that checked indices name.
    final func slices(_ dim: Int, _ index: Tensor) -> Tensor {
        let original = shape
        let form = shape.replacing(dim, with: index.count)
        let result = NDArray(empty: form, order: memoryOrder, dtype: dtype, backend: backend)
        backend.indexSelect(array, dim: dim, index: index.array, into: result)
        return Tensor.record("indexSelect", result, of: self, saving: index) { saved, gradient in
            gradient.slicesAdded(toZerosOf: original, dim, saved.tensor(0))
        }
    }

    /// Zeros, and to the slice that each index names that slice of this tensor added: the transpose of `slices`.
    private func slicesAdded(toZerosOf shape: Shape, _ dim: Int, _ index: Tensor) -> Tensor {
        let result = NDArray(filled: 0, shape: shape, dtype: dtype, backend: backend)
        result.accumulate(array) { $0.backend.indexAdd($0, dim: dim, index: index.array, source: $1, scale: 1) }
        return Tensor.record("indexAdd", result, of: self, saving: index) { saved, gradient in
            gradient.slices(dim, saved.tensor(0))
        }
    }

    /// One element for each index: `result[i, j, …] = self[i, index[i, j, …], …]`, the index standing in the place of
    /// coordinate `dim`. The result has the shape of `index`.
    public final func gather(dim: Int, index: Tensor) -> Tensor {
        if rank == 0 || index.rank == 0 {
            let chosen = line.gather(dim: dim, index: index.line)
            return index.rank == 0 ? chosen.reshape([]) : chosen
        }
        let dim = dimension(dim, "gather")
        if index.count == 0 { return narrow(dim: dim, start: 0, length: 0).reshape(index.shape) }
        checkIndexShape(index, dim, "gather")
        return gathered(dim, index.indices(of: self, dim, "gather"))
    }

    final func gathered(_ dim: Int, _ index: Tensor) -> Tensor {
        let original = shape
        let result = NDArray(empty: index.shape, dtype: dtype, backend: backend)
        backend.gather(array, dim: dim, index: index.array, into: result)
        return Tensor.record("gather", result, of: self, saving: index) { saved, gradient in
            gradient.scatteredToZeros(of: original, dim, saved.tensor(0))
        }
    }

    /// Zeros, with each element of this tensor added where the index says: the transpose of `gathered`.
    final func scatteredToZeros(of shape: Shape, _ dim: Int, _ index: Tensor) -> Tensor {
        let result = NDArray(filled: 0, shape: shape, dtype: dtype, backend: backend)
        result.accumulate(array) { $0.backend.scatter(.add, $0, dim: dim, index: index.array, source: $1) }
        return Tensor.record("scatterAdd", result, of: self, saving: index) { saved, gradient in
            gradient.gathered(dim, saved.tensor(0))
        }
    }

    /// As `gather`, with the other dimensions of `indices` and of this tensor broadcast to each other, and negative
    /// indices counted from the end. Without `dim`, indices count the elements in row-major order.
    public final func takeAlongDim(_ indices: Tensor, dim: Int? = nil) -> Tensor {
        guard let dim else { return take(indices.reshape(-1)) }
        let (source, index, place) = alongDim(indices, dim, "takeAlongDim")
        return source.gathered(place, index.indices(of: source, place, "takeAlongDim", wraps: true))
    }

    /// This tensor and indices into it, broadcast to each other in all dimensions but `dim`.
    final func alongDim(_ indices: Tensor, _ dim: Int, _ operation: String) -> (Tensor, Tensor, Int) {
        let dim = dimension(dim, operation)
        require(
            indices.rank == rank && rank > 0, operation,
            "indices of shape \(indices.shape) do not have as many dimensions as \(shape)")
        guard let common = Shape.broadcast(shape.replacing(dim, with: 1), indices.shape.replacing(dim, with: 1)) else {
            fail(operation, "\(shape) and indices of shape \(indices.shape) do not broadcast outside dimension \(dim)")
        }
        return (
            expand(to: common.replacing(dim, with: shape[dim])),
            indices.expand(to: common.replacing(dim, with: indices.shape[dim])), dim
        )
    }
}

// MARK: - Anywhere

extension Tensor {
    /// The elements at positions counted in row-major order; negative ones count from the end. The result has the
    /// shape of `index`.
    public final func take(_ index: Tensor) -> Tensor {
        requireSameBackend("take", index)
        let shape = shape
        requireSameBackend("take", index)
        let positions = index.indices(below: count, "take", wraps: true) {
            "the \(shape.elementCount) elements of \(shape)"
        }
        return taken(positions)
    }

    private func taken(_ index: Tensor) -> Tensor {
        let original = shape
        let result = NDArray(empty: index.shape, dtype: dtype, backend: backend)
        backend.take(array.contiguous(), index: index.array, into: result)
        return Tensor.record("take", result, of: self, saving: index) { saved, gradient in
            gradient.putIntoZeros(of: original, saved.tensor(0))
        }
    }

    private func putIntoZeros(of shape: Shape, _ index: Tensor) -> Tensor {
        let result = NDArray(filled: 0, shape: shape, dtype: dtype, backend: backend)
        result.accumulate(array) { $0.backend.put($0, index: index.array, values: $1, accumulate: true) }
        return Tensor.record("put", result, of: self, saving: index) { saved, gradient in
            gradient.taken(saved.tensor(0))
        }
    }

    /// The elements where a mask, broadcast with this tensor, holds: a vector in row-major order. The host waits for
    /// the mask, since the result's shape depends on it; `where` and `maskedFill` do without.
    public final func maskedSelect(_ mask: Tensor) -> Tensor {
        require(mask.dtype == .bool, "maskedSelect", "the mask is \(mask.dtype), not bool")
        guard let common = Shape.broadcast(shape, mask.shape) else {
            fail("maskedSelect", "\(shape) and a mask of shape \(mask.shape) do not broadcast to each other")
        }
        return expand(to: common)[mask.expand(to: common)]
    }

    /// The coordinates [n, rank] of the `n` elements that are not zero, in row-major order. The host waits for the
    /// elements, since the result's shape depends on them.
    public final func nonzero() -> Tensor { Tensor(backend.nonzero(array)) }

    /// As `nonzero`.
    public final func argwhere() -> Tensor { nonzero() }
}

// MARK: - Tables

extension Tensor {
    /// The rows of a table that these integers name: [...] → [..., width].
    ///
    /// - Parameters:
    ///   - weight: the table, [rows, width].
    ///   - paddingIndex: a row that receives no gradient; negative ones count from the end.
    ///   - sparse: whether the gradient has the rows alone that were named (`rowGrad`), where the table is a leaf: a
    ///     step then costs what those rows cost, however large the table.
    public final func embedding(weight: Tensor, paddingIndex: Int? = nil, sparse: Bool = false) -> Tensor {
        require(weight.rank == 2, "embedding", "the table has shape \(weight.shape), not [rows, width]")
        let form = weight.shape
        let padding = paddingIndex.map { $0 < 0 ? $0 + form[0] : $0 }
        require(
            padding.map { $0 >= 0 && $0 < form[0] } ?? true, "embedding",
            "the padding index \(paddingIndex ?? 0) is not a row of a table of shape \(form)")
        let ids = reshape(-1).indices(of: weight, 0, "embedding")
        let result = NDArray(empty: [count, form[1]], dtype: weight.dtype, backend: backend)
        backend.indexSelect(weight.array, dim: 0, index: ids.array, into: result)
        return Tensor.record(
            "embedding", result.viewed(as: Shape(shape + [form[1]]))!, from: [weight], saving: [ids]
        ) { saved, gradient in
            let ids = saved.tensor(0)
            let rows = gradient.reshape([ids.count, form[1]])
            if sparse || RowGradient.areFew(ids.count, of: form[0]),
                saved.deliver(rows: ids, values: rows, padding: padding, staying: sparse, toOperand: 0)
            {
                return [nil]
            }
            let sum = rows.slicesAdded(toZerosOf: form, 0, ids)
            if let padding { sum[padding] = 0 }
            return [sum]
        }
    }

    /// A 1 in the place that each integer names and 0 elsewhere: [...] → [..., classes], int64.
    ///
    /// - Parameter classes: one more than the largest number by default, which the host then reads.
    public final func oneHot(classes: Int? = nil) -> Tensor {
        require(classes != nil || count > 0, "oneHot", "without numbers the number of classes must be given")
        let classCount = classes ?? max().item(as: Int.self) + 1
        let index = indices(below: classCount, "oneHot") { "the \(classCount) classes" }.unsqueeze(-1)
        let result = NDArray(filled: 0, shape: Shape(shape + [classCount]), dtype: .int64, backend: backend)
        let one = NDArray(filled: 1, shape: [], dtype: .int64, backend: backend)
        backend.scatter(.set, result, dim: rank, index: index.array, source: one.expanded(to: index.shape))
        return Tensor(result)
    }

    /// Where each of `values` would be put into this sorted sequence so that it stays sorted, int64. The host reads both.
    ///
    /// - Parameters:
    ///   - values: of any shape for one sequence, [n]; for several, [..., n], a line of them for each, [..., m].
    ///   - right: behind equal elements instead of before them.
    ///   - sorter: where this tensor is not sorted itself, the positions of its elements in order, of its shape.
    public final func searchsorted(_ values: Tensor, right: Bool = false, sorter: Tensor? = nil) -> Tensor {
        let isOne = rank == 1
        require(
            isOne || (rank > 1 && rank == values.rank && shape.dropLast().elementsEqual(values.shape.dropLast())),
            "searchsorted",
            "sequences of shape \(shape) do not fit values of shape \(values.shape): [n] and any shape, or "
                + "[..., n] and [..., m]")
        let sequences = sorter.map { gather(dim: -1, index: $0) } ?? self
        let length = shape[rank - 1]
        let perSequence = isOne ? values.count : values.shape[rank - 1]
        func places<Number: Scalar & Comparable>(as type: Number.Type) -> [Int] {
            let (sorted, wanted) = (sequences.toArray(as: type), values.toArray(as: type))
            return wanted.enumerated().map { position, value in
                let line = isOne || perSequence == 0 ? 0 : position / perSequence
                return sorted[line * length..<(line + 1) * length].partitioningIndex {
                    right ? $0 > value : $0 >= value
                }
            }
        }
        // Whole numbers are compared as such: a Double does not hold all of them.
        let isWhole = !dtype.isFloatingPoint && !values.dtype.isFloatingPoint
        return Tensor(isWhole ? places(as: Int.self) : places(as: Double.self), shape: values.shape, like: values)
    }

    /// The bucket that each element falls into: `boundaries` sorted, and `right` as for `searchsorted`.
    public final func bucketize(_ boundaries: Tensor, right: Bool = false) -> Tensor {
        boundaries.searchsorted(self, right: right)
    }
}

// MARK: - Checks

extension Tensor {
    /// These indices into dimension `dim` of `tensor` as int64, each checked.
    final func indices(of tensor: Tensor, _ dim: Int, _ operation: String, wraps: Bool = false) -> Tensor {
        tensor.requireSameBackend(operation, self)
        let shape = tensor.shape
        tensor.requireSameBackend(operation, self)
        return indices(below: shape[dim], operation, wraps: wraps) { "dimension \(dim) of \(shape)" }
    }

    /// These integers as int64, each checked to be below `limit`.
    ///
    /// - Parameters:
    ///   - wraps: whether negative ones count from the end, or are refused.
    ///   - place: what a message calls the range.
    final func indices(
        below limit: Int, _ operation: String, wraps: Bool = false, of place: @escaping () -> String
    ) -> Tensor {
        require(dtype.isInteger, operation, "indices are whole numbers, not \(dtype)")
        let shape = shape
        return checked(IndexRange(limit: limit, wraps: wraps), operation) { position, value in
            "index \(value) at position \(shape.coordinates(ofElement: position)) is outside \(place()): it must be "
                + "from \(wraps ? -limit : 0) to \(limit - 1)"
        }
    }

    /// These indices as a checked int64 vector; a single index without dimensions counts as one.
    final func indexVector(of tensor: Tensor, _ dim: Int, _ operation: String, wraps: Bool = false) -> Tensor {
        require(rank <= 1, operation, "the indices have shape \(shape), not one dimension")
        return (rank == 0 ? unsqueeze(0) : self).indices(of: tensor, dim, operation, wraps: wraps)
    }

    /// Stops unless `index` has this tensor's rank and nowhere a larger size, but along `dim`.
    final func checkIndexShape(_ index: Tensor, _ dim: Int, _ operation: String) {
        require(
            index.rank == rank && (0..<rank).allSatisfy { $0 == dim || index.shape[$0] <= shape[$0] }, operation,
            "indices of shape \(index.shape) do not fit in \(shape): they have as many dimensions, and outside "
                + "dimension \(dim) no larger size")
    }
}

extension Shape {
    /// The coordinates of an element that is counted in row-major order.
    fileprivate func coordinates(ofElement position: Int) -> Shape {
        var rest = position
        var coordinates = Shape(repeating: 0, count: count)
        for dim in indices.reversed() {
            coordinates[dim] = rest % self[dim]
            rest /= self[dim]
        }
        return coordinates
    }
}

extension Tensor {
    /// This tensor, or the vector of one element that a tensor without dimensions counts as where positions are named.
    final var line: Tensor { rank == 0 ? unsqueeze(0) : self }
}

extension NDArray {
    /// Runs `add`, which may add many numbers to each element of this array. 16-bit elements are summed in float32, and
    /// each sum rounded once: rounded at every addition, ones in bfloat16 would not sum to more than 256.
    func accumulate(_ source: NDArray, _ add: (_ target: NDArray, _ source: NDArray) -> Void) {
        if !dtype.isShortFloat { return add(self, source) }
        let sums = cast(to: .float32)
        add(sums, source.cast(to: .float32))
        backend.copy(sums, into: self)
    }
}

extension ArraySlice {
    /// How many elements lie before the first from which on `belongsInSecondPart` holds, found by bisection.
    fileprivate func partitioningIndex(where belongsInSecondPart: (Element) -> Bool) -> Int {
        var (low, high) = (startIndex, endIndex)
        while low < high {
            let middle = (low + high) / 2
            if belongsInSecondPart(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low - startIndex
    }
}
