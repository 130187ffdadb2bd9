// Writing at positions that tensors of integers, or of booleans, name. Each operation gives a changed copy; to
// change a tensor in place, assign to a subscript.

// MARK: - Where a mask holds

extension Tensor {
    /// The number `value` where a mask, broadcast with this tensor, holds, and this tensor's elements elsewhere. Stops if
    /// the number does not fit whole ones.
    public final func maskedFill<S: Scalar>(_ mask: Tensor, _ value: S) -> Tensor {
        requireHolds(value, "maskedFill")
        return maskedFill(mask, Tensor.number(value, like: self))
    }

    /// As above, with a value that may have a gradient: a tensor without dimensions.
    public final func maskedFill(_ mask: Tensor, _ value: Tensor) -> Tensor {
        require(mask.dtype == .bool, "maskedFill", "the mask is \(mask.dtype), not bool")
        require(value.rank == 0, "maskedFill", "the value has shape \(value.shape); it must be a single number")
        require(
            Shape.broadcast(shape, mask.shape) != nil, "maskedFill",
            "\(shape) and a mask of shape \(mask.shape) do not broadcast to each other")
        let value = value.to(dtype)
        let result = NDArray.select(mask.array, value.array, array)
        return Tensor.record(OperationName("maskedFill", .filling), result, of: self, value, saving: (mask, nil)) {
            saved, gradient in
            let mask = saved.tensor(0)
            return (
                saved.needs(0) ? gradient.maskedFill(mask, 0) : nil,
                saved.needs(1) ? gradient.maskedFill(mask.logicalNot(), 0) : nil
            )
        }
    }

    /// The elements of `source`, in row-major order, in the places where a mask holds.
    public final func maskedScatter(_ mask: Tensor, _ source: Tensor) -> Tensor {
        let result = expand(to: Shape.broadcast(shape, mask.shape) ?? shape).clone()
        let places = mask.expand(to: result.shape)
        let count = places.nonzero().shape[0]
        require(
            source.count >= count, "maskedScatter", "\(source.count) values do not fill the \(count) places of the mask"
        )
        result[places] = source.reshape(-1).narrow(dim: 0, start: 0, length: count)
        return result
    }
}

// MARK: - Slices along a dimension

extension Tensor {
    /// With `alpha` times each slice of `source` along a dimension added to the slice that `index` names.
    public final func indexAdd(dim: Int, index: Tensor, source: Tensor, alpha: Double = 1) -> Tensor {
        if rank == 0 {
            return line.indexAdd(dim: dim, index: index, source: source.line, alpha: alpha).reshape([])
        }
        requireFits(alpha, "indexAdd")
        let (dim, positions, source) = checkedSlices(dim, index, source, "indexAdd")
        let result = copiedArray()
        result.accumulate(source.array) {
            $0.backend.indexAdd($0, dim: dim, index: positions.array, source: $1, scale: alpha)
        }
        return Tensor.record("indexAdd", result, of: self, source, saving: (positions, nil)) { saved, gradient in
            let slices = saved.needs(1) ? gradient.slices(dim, saved.tensor(0)) : nil
            return (gradient, slices?.scaled(by: alpha))
        }
    }

    /// With each slice of `source` along a dimension instead of the slice that `index` names; where it repeats, the
    /// last one stays.
    public final func indexCopy(dim: Int, index: Tensor, source: Tensor) -> Tensor {
        if rank == 0 { return line.indexCopy(dim: dim, index: index, source: source.line).reshape([]) }
        let (dim, positions, source) = checkedSlices(dim, index, rank == 1 ? source.line : source, "indexCopy")
        return replacingSlices("indexCopy", dim, positions, source)
    }

    /// With a number instead of the slices along a dimension that `index` names; negative indices count from the end.
    public final func indexFill<S: Scalar>(dim: Int, index: Tensor, _ value: S) -> Tensor {
        requireHolds(value, "indexFill")
        return indexFill(dim: dim, index: index, Tensor.number(value, like: self))
    }

    /// As above, with a value that may have a gradient: a tensor without dimensions.
    public final func indexFill(dim: Int, index: Tensor, _ value: Tensor) -> Tensor {
        if rank == 0 { return line.indexFill(dim: dim, index: index, value).reshape([]) }
        require(value.rank == 0, "indexFill", "the value has shape \(value.shape); it must be a single number")
        let slices = shape.replacing(dimension(dim, "indexFill"), with: index.count)
        let source = value.to(dtype).expand(to: slices)
        let (dim, positions, _) = checkedSlices(dim, index, source, "indexFill", wraps: true)
        return replacingSlices("indexFill", dim, positions, source)
    }

    private func replacingSlices(_ name: OperationName, _ dim: Int, _ index: Tensor, _ source: Tensor) -> Tensor {
        let result = copiedArray()
        backend.indexCopy(result, dim: dim, index: index.array, source: source.array)
        return Tensor.record(name, result, of: self, source, saving: (index, nil)) { saved, gradient in
            let index = saved.tensor(0)
            return (
                saved.needs(0) ? gradient.indexFill(dim: dim, index: index, 0) : nil,
                saved.needs(1) ? gradient.slices(dim, index).maskedFill(index.isOverwritten(of: gradient, dim), 0) : nil
            )
        }
    }

    /// Whether the slice for each of these indices is overwritten by a later one with the same index; shaped to
    /// broadcast with the slices of `target`.
    private func isOverwritten(of target: Tensor, _ dim: Int) -> Tensor {
        let order = Tensor(Array(0..<count), shape: [count], like: self)
        let last = newZeros([target.shape[dim]]).indexCopy(dim: 0, index: self, source: order)
        let form = Shape(repeating: 1, count: target.rank).replacing(dim, with: count)
        return last.slices(0, self).ne(order).reshape(form)
    }

    private func checkedSlices(
        _ dim: Int, _ index: Tensor, _ source: Tensor, _ operation: String, wraps: Bool = false
    ) -> (dim: Int, positions: Tensor, source: Tensor) {
        let dim = dimension(dim, operation)
        require(rank > 0, operation, "a tensor without dimensions has no slices")
        requireSameBackend(operation, source)
        let positions = index.indexVector(of: self, dim, operation, wraps: wraps)
        require(
            source.shape == shape.replacing(dim, with: positions.count) && source.dtype == dtype, operation,
            "\(positions.count) slices of \(shape) along dimension \(dim) are not what a source of shape "
                + "\(source.shape) and type \(source.dtype) has")
        return (dim, positions, source)
    }

    /// A copy in row-major order.
    private func copiedArray() -> NDArray {
        let result = NDArray(empty: shape, dtype: dtype, backend: backend)
        array.copy(into: result)
        return result
    }

    private func scaled(by factor: Double) -> Tensor {
        factor == 1 ? self : affine("multiply", scale: factor)
    }
}

// MARK: - Single elements

extension Tensor {
    /// With each element of `source` where the index says: `result[i, index[i, j, …], …] = source[i, j, …]`, the index
    /// standing in the place of coordinate `dim`. `source` may be larger than `index`; where indices repeat, the last
    /// element stays.
    public final func scatter(dim: Int, index: Tensor, source: Tensor) -> Tensor {
        if hasNoDimensions(index, source) {
            return line.scatter(dim: dim, index: index.line, source: source.line).reshape(shape)
        }
        let (dim, positions, source) = checkedScatter(dim, index, source, "scatter")
        let result = copiedArray()
        backend.scatter(.set, result, dim: dim, index: positions.array, source: source.array)
        return Tensor.record("scatter", result, of: self, source, saving: (positions, nil)) { saved, gradient in
            let index = saved.tensor(0)
            return (
                saved.needs(0) ? gradient.scatter(dim: dim, index: index, value: 0) : nil,
                saved.needs(1)
                    ? gradient.gathered(dim, index).maskedFill(index.isOverwritten(in: gradient.shape, dim), 0) : nil
            )
        }
    }

    /// Whether the element for each of these indices is overwritten by a later one in the same place.
    private func isOverwritten(in shape: Shape, _ dim: Int) -> Tensor {
        let order = Tensor(Array(0..<count), shape: self.shape, like: self)
        return newZeros(shape).scatter(dim: dim, index: self, source: order).gathered(dim, self).ne(order)
    }

    /// With a number where the index says.
    public final func scatter<S: Scalar>(dim: Int, index: Tensor, value: S) -> Tensor {
        requireHolds(value, "scatter")
        return scatter(dim: dim, index: index, source: Tensor.number(value, like: self).expand(to: index.shape))
    }

    /// With each element of `source` added where the index says; see `scatter`.
    public final func scatterAdd(dim: Int, index: Tensor, source: Tensor) -> Tensor {
        if hasNoDimensions(index, source) {
            return line.scatterAdd(dim: dim, index: index.line, source: source.line).reshape(shape)
        }
        let (dim, positions, source) = checkedScatter(dim, index, source, "scatterAdd")
        let result = copiedArray()
        result.accumulate(source.array) {
            $0.backend.scatter(.add, $0, dim: dim, index: positions.array, source: $1)
        }
        return Tensor.record("scatterAdd", result, of: self, source, saving: (positions, nil)) { saved, gradient in
            (gradient, saved.needs(1) ? gradient.gathered(dim, saved.tensor(0)) : nil)
        }
    }

    /// As `scatter`, with the index broadcast with this tensor outside `dim`, and the values broadcast to the index.
    public final func putAlongDim(_ indices: Tensor, _ values: Tensor, dim: Int) -> Tensor {
        let (target, index, dim) = alongDim(indices, dim, "putAlongDim")
        return target.scatter(dim: dim, index: index, source: values.to(dtype).expand(to: index.shape))
    }

    /// Whether this tensor, the index or the source is a single number: each counts as a vector of one element then.
    fileprivate final func hasNoDimensions(_ index: Tensor, _ source: Tensor) -> Bool {
        rank == 0 || index.rank == 0 || source.rank == 0
    }

    /// The checked index, and the part of the source that it is about.
    fileprivate final func checkedScatter(
        _ dim: Int, _ index: Tensor, _ source: Tensor, _ operation: String
    ) -> (dim: Int, positions: Tensor, source: Tensor) {
        let dim = dimension(dim, operation)
        checkIndexShape(index, dim, operation)
        requireSameBackend(operation, source)
        require(
            source.rank == rank && source.dtype == dtype && zip(index.shape, source.shape).allSatisfy { $0 <= $1 },
            operation,
            "a source of shape \(source.shape) and type \(source.dtype) does not cover indices of shape "
                + "\(index.shape) into a \(dtype) tensor")
        var part = source
        for dim in 0..<rank where index.shape[dim] < source.shape[dim] {
            part = part.narrow(dim: dim, start: 0, length: index.shape[dim])
        }
        return (dim, index.indices(of: self, dim, operation), part)
    }
}

// MARK: - Reductions

/// How `scatterReduce` combines values with the same destination.
public enum ScatterReduce: Sendable { case sum, product, mean, amax, amin }

extension Tensor {
    /// With the elements of `source` that the index sends to one place combined there.
    ///
    /// - Parameter includeSelf: whether this tensor's own element takes part, or gives way where the index points.
    public final func scatterReduce(
        dim: Int, index: Tensor, source: Tensor, _ reduction: ScatterReduce, includeSelf: Bool = true
    ) -> Tensor {
        if hasNoDimensions(index, source) {
            return line.scatterReduce(
                dim: dim, index: index.line, source: source.line, reduction, includeSelf: includeSelf
            ).reshape(shape)
        }
        if dtype.isShortFloat && source.dtype == dtype {
            // Combined in float32, rounded once; and elements that meet are counted there.
            return to(.float32).scatterReduce(
                dim: dim, index: index, source: source.to(.float32), reduction, includeSelf: includeSelf
            ).to(dtype)
        }
        let (dim, positions, source) = checkedScatter(dim, index, source, "scatterReduce")
        let identity = reduction.identity(like: self).expand(to: positions.shape)
        let start = includeSelf ? self : scatter(dim: dim, index: positions, source: identity)
        switch reduction {
        case .sum: return start.scatterAdd(dim: dim, index: positions, source: source)
        case .mean: return start.scatterMean(dim, positions, source, includeSelf: includeSelf)
        case .product: return start.scatterProduct(dim, positions, source)
        case .amax: return start.scatterExtreme(.maximum, dim, positions, source, includeSelf: includeSelf)
        case .amin: return start.scatterExtreme(.minimum, dim, positions, source, includeSelf: includeSelf)
        }
    }

    private func scatterMean(_ dim: Int, _ index: Tensor, _ source: Tensor, includeSelf: Bool) -> Tensor {
        let own = Tensor(NDArray(filled: 1, shape: shape, dtype: dtype, backend: backend))
        let one = Tensor.number(1, like: self).expand(to: index.shape)
        // A place that nothing was sent to keeps its own value, divided by 1.
        let counted = includeSelf ? own : own.scatter(dim: dim, index: index, value: 0)
        let counts = counted.scatterAdd(dim: dim, index: index, source: one)
        let sum = scatterAdd(dim: dim, index: index, source: source)
        if dtype.isFloatingPoint { return sum / counts }
        return Tensor(sum.array.binary(.floorDivide, counts.array, named: "scatterReduce"))
    }

    /// The gradient of a product is that of the product of the other factors, also where one of them is 0.
    private func scatterProduct(_ dim: Int, _ index: Tensor, _ source: Tensor) -> Tensor {
        let result = copiedArray()
        backend.scatter(.product, result, dim: dim, index: index.array, source: source.array)
        return Tensor.record(
            "scatterReduce", result, from: [self, source], saving: [self, source, index]
        ) { saved, gradient in
            let (own, source, index) = (saved.tensor(0), saved.tensor(1), saved.tensor(2))
            let ownZero = own.logicalNot()
            let sourceZero = source.logicalNot()
            let zeros = ownZero.to(own.dtype).scatterAdd(dim: dim, index: index, source: sourceZero.to(own.dtype))
            // The product of the factors that are not 0; the gradient of a factor is 0 where another one is.
            let nonzero = own.maskedFill(ownZero, 1)
                .scatterProduct(dim, index, source.maskedFill(sourceZero, 1))
            func partial(_ factor: Tensor, _ isZero: Tensor, _ zeros: Tensor, _ product: Tensor) -> Tensor {
                let others = zeros - isZero.to(zeros.dtype)
                let quotient = product / factor.maskedFill(isZero, 1)
                return quotient.maskedFill(others.ne(0), 0)
            }
            return [
                saved.needs(0) ? gradient * partial(own, ownZero, zeros, nonzero) : nil,
                saved.needs(1)
                    ? gradient.gathered(dim, index)
                        * partial(source, sourceZero, zeros.gathered(dim, index), nonzero.gathered(dim, index)) : nil,
            ]
        }
    }

    /// The gradient is shared evenly by the elements that equal the extreme; where that is NaN, all get NaN.
    private func scatterExtreme(
        _ operation: ScatterReduction, _ dim: Int, _ index: Tensor, _ source: Tensor, includeSelf: Bool
    ) -> Tensor {
        let result = copiedArray()
        backend.scatter(operation, result, dim: dim, index: index.array, source: source.array)
        return Tensor.record(
            "scatterReduce", result, from: [self, source], saving: [self, source, index, Tensor(result)]
        ) { saved, gradient in
            let (own, source, index, result) = (saved.tensor(0), saved.tensor(1), saved.tensor(2), saved.tensor(3))
            // An identity that gave way to the source may equal it: an infinity.
            let equal = own.eq(result).to(own.dtype)
            let ownIsIt = includeSelf ? equal : equal.scatter(dim: dim, index: index, value: 0)
            let sourceIsIt = source.eq(result.gathered(dim, index)).to(own.dtype)
            let share = gradient / ownIsIt.scatterAdd(dim: dim, index: index, source: sourceIsIt)
            return [
                saved.needs(0) ? share * ownIsIt : nil,
                saved.needs(1) ? share.gathered(dim, index) * sourceIsIt : nil,
            ]
        }
    }
}

extension ScatterReduce {
    /// What changes nothing that it is combined with, in the type of a tensor.
    fileprivate func identity(like tensor: Tensor) -> Tensor {
        switch self {
        case .sum, .mean: Tensor.number(0, like: tensor)
        case .product: Tensor.number(1, like: tensor)
        case .amax: Tensor.number(tensor.dtype.lowest, like: tensor)
        case .amin: Tensor.number(tensor.dtype.highest, like: tensor)
        }
    }
}
