// Many elements to one. `dims` names the dimensions that are combined, all of them by default; they disappear
// from the result, or with `keepDim` stay with size 1.

/// Which dimensions a reduction combines, and the shapes that follow.
struct ReducedShape: Sendable {
    /// The operand's shape with 1 for each dimension that is combined.
    let kept: Shape
    /// The shape of what the caller gets.
    let result: Shape
    /// How many elements become one.
    let combined: Int

    init(_ tensor: Tensor, _ dims: [Int]?, keepDim: Bool, _ operation: String) {
        tensor.requireReal(operation)
        let all = dims?.isEmpty ?? true
        var isCombined = [Bool](repeating: all, count: Swift.max(tensor.rank, 1))
        for dim in dims ?? [] {
            let position = tensor.dimension(dim, operation)
            require(!isCombined[position], operation, "dimension \(dim) of \(tensor.shape) is named twice")
            isCombined[position] = true
        }
        var kept = tensor.shape
        var remaining = Shape()
        var combined = 1
        for (i, size) in tensor.shape.enumerated() {
            if isCombined[i] {
                kept[i] = 1
                combined *= size
            } else {
                remaining.append(size)
            }
        }
        self.kept = kept
        self.combined = combined
        result = keepDim ? kept : remaining
    }
}

extension Tensor {
    /// Stops, in the name of an operation that is composed of others, if `dims` are no dimensions to reduce.
    final func requireDimensions(_ dims: [Int]?, _ operation: String) {
        _ = ReducedShape(self, dims, keepDim: false, operation)
    }

    /// A reduction's result in its kept shape.
    private func reduced(_ reduction: Reduction, _ form: ReducedShape, dtype: DType? = nil) -> NDArray {
        let result = NDArray(empty: form.kept, dtype: dtype ?? self.dtype, backend: backend)
        backend.reduce(reduction, array, into: result)
        return result
    }
}

// MARK: - Sums and products

extension Tensor {
    /// The sum over `dims`. Integers and bools are summed as int64.
    public final func sum(dims: [Int]? = nil, keepDim: Bool = false) -> Tensor {
        let form = ReducedShape(self, dims, keepDim: keepDim, "sum")
        let sum = reduced(.sum, form, dtype: dtype.isFloatingPoint ? dtype : .int64)
        let (original, kept) = (shape, form.kept)
        return Tensor.record("sum", sum.viewed(as: form.result)!, from: [self]) { _, gradient in
            [gradient.reshape(kept).expand(to: original)]
        }
    }

    /// The sum along one dimension.
    public final func sum(dim: Int, keepDim: Bool = false) -> Tensor { sum(dims: [dim], keepDim: keepDim) }

    /// The sum over the dimensions along which a tensor of `shape` was repeated to become this one.
    final func summed(to shape: Shape) -> Tensor {
        let lead = rank - shape.count
        let repeated = (0..<rank).filter { $0 < lead || (shape[$0 - lead] == 1 && self.shape[$0] != 1) }
        return (repeated.isEmpty ? self : sum(dims: repeated, keepDim: true)).view(shape)
    }

    /// The mean over `dims`; NaN of no elements. Integers give float32.
    public final func mean(dims: [Int]? = nil, keepDim: Bool = false) -> Tensor {
        let x = floating
        let form = ReducedShape(x, dims, keepDim: keepDim, "mean")
        // 16-bit sums would overflow long before their mean does.
        let wide = x.dtype.byteCount == 2 ? x.array.cast(to: .float32) : x.array
        let sum = Tensor(wide).reduced(.sum, form)
        let scale = 1 / Double(form.combined)
        let mean = form.combined == 0 ? sum.unary(.affine(scale: .nan, shift: .nan)) : sum.divided(by: form.combined)
        let (original, kept) = (shape, form.kept)
        return Tensor.record("mean", mean.cast(to: x.dtype).viewed(as: form.result)!, from: [x]) { _, gradient in
            [(gradient.reshape(kept) * scale).expand(to: original)]
        }
    }

    /// The mean along one dimension.
    public final func mean(dim: Int, keepDim: Bool = false) -> Tensor { mean(dims: [dim], keepDim: keepDim) }

    /// The product over `dims`. Integers and bools are multiplied as int64. The gradient is exact where elements
    /// are 0.
    public final func prod(dims: [Int]? = nil, keepDim: Bool = false) -> Tensor {
        let form = ReducedShape(self, dims, keepDim: keepDim, "prod")
        let product = reduced(.product, form, dtype: dtype.isFloatingPoint ? dtype : .int64)
        let (original, kept) = (shape, form.kept)
        return Tensor.record(
            "prod", product.viewed(as: form.result)!, from: [self], saving: [self]
        ) { saved, gradient in
            let x = saved.tensor(0)
            if x.rank == 0 { return [gradient] }
            let others = x.inFloat32 { $0.productOfOthers(reducedTo: kept) }
            let slope = gradient.reshape(kept).expand(to: original) * others
            // As in PyTorch: if no element is 0, the slope at NaN is NaN; and of all elements, where two are 0 even NaN
            // does not count.
            let zeros = x.eq(0).sum()
            let poisoned = slope.maskedFill(x.isnan().logicalAnd(zeros.eq(0)), Double.nan)
            return [dims == nil ? poisoned.maskedFill(zeros.gt(1), 0) : poisoned]
        }
    }

    /// The product along one dimension.
    public final func prod(dim: Int, keepDim: Bool = false) -> Tensor { prod(dims: [dim], keepDim: keepDim) }
}

// MARK: - Extremes

extension Tensor {
    /// The largest element over `dims`; NaN if there is one. Equal largest elements share the gradient evenly; where
    /// the largest is NaN, the gradient is. Stops if there are no elements to compare.
    public final func amax(dims: [Int]? = nil, keepDim: Bool = false) -> Tensor {
        extreme("amax", .maximum, dims, keepDim)
    }

    /// The largest element along one dimension; NaN if there is one.
    public final func amax(dim: Int, keepDim: Bool = false) -> Tensor { amax(dims: [dim], keepDim: keepDim) }

    /// The smallest element over `dims`; NaN if there is one. Equal smallest elements share the gradient evenly. Stops
    /// if there are no elements to compare.
    public final func amin(dims: [Int]? = nil, keepDim: Bool = false) -> Tensor {
        extreme("amin", .minimum, dims, keepDim)
    }

    /// The smallest element along one dimension; NaN if there is one.
    public final func amin(dim: Int, keepDim: Bool = false) -> Tensor { amin(dims: [dim], keepDim: keepDim) }

    /// The largest of all elements; NaN if there is one. Equal ones, or all NaN, share the gradient evenly.
    public final func max() -> Tensor { extreme("max", .maximum, nil, false, nanWins: true) }

    /// The smallest of all elements; NaN if there is one. Equal ones, or all NaN, share the gradient evenly.
    public final func min() -> Tensor { extreme("min", .minimum, nil, false, nanWins: true) }

    /// - Parameter nanWins: whether elements that are NaN get the gradient of a NaN, rather than that all get NaN.
    private func extreme(
        _ name: OperationName, _ reduction: Reduction, _ dims: [Int]?, _ keepDim: Bool, nanWins: Bool = false
    ) -> Tensor {
        let form = ReducedShape(self, dims, keepDim: keepDim, "\(name)")
        requireElements(form, "\(name)")
        let result = reduced(reduction, form).viewed(as: form.result)!
        let kept = form.kept
        return Tensor.record(name, result, from: [self], saving: [self], savingOutput: true) { saved, gradient in
            let x = saved.tensor(0)
            let equal = x.eq(saved.output().reshape(kept))
            return [(nanWins ? equal.logicalOr(x.isnan()) : equal).sharing(gradient.reshape(kept))]
        }
    }

    /// A gradient, in the kept shape, shared evenly by the elements for which this mask holds. They are counted as
    /// integers: float16 counts to 2048, and bfloat16 to 256.
    final func sharing(_ gradient: Tensor) -> Tensor {
        let wide = gradient.dtype == .float64 ? DType.float64 : .float32
        let share = gradient.to(wide) / summed(to: gradient.shape).to(wide)
        return (to(wide) * share).to(gradient.dtype)
    }

    fileprivate final func requireElements(_ form: ReducedShape, _ operation: String) {
        require(
            form.combined > 0 || form.result.elementCount == 0, operation,
            "there is no element to choose along the dimensions of size 0 of \(shape)")
    }

    /// The largest elements along one dimension and their positions (int64): the first of equal ones, which gets the
    /// gradient. NaN counts as the largest.
    public final func max(dim: Int, keepDim: Bool = false) -> (values: Tensor, indices: Tensor) {
        chosen("max", minimum: false, dim, keepDim)
    }

    /// The smallest elements along one dimension and their positions (int64): the first of equal ones, which gets the
    /// gradient. NaN counts as the smallest.
    public final func min(dim: Int, keepDim: Bool = false) -> (values: Tensor, indices: Tensor) {
        chosen("min", minimum: true, dim, keepDim)
    }

    private func chosen(
        _ name: OperationName, minimum: Bool, _ dim: Int, _ keepDim: Bool
    ) -> (values: Tensor, indices: Tensor) {
        let dim = dimension(dim, "\(name)")
        if rank == 0 {
            return reshape([1]).chosen(name, minimum: minimum, dim, false)
        }
        let form = ReducedShape(self, [dim], keepDim: keepDim, "\(name)")
        requireElements(form, "\(name)")
        let (values, indices) = array.argReduced(minimum: minimum, dim: dim)
        let places = Tensor(indices)
        let (original, kept) = (shape, form.kept)
        let result = Tensor.record(
            name, values.viewed(as: form.result)!, from: [self], saving: [places]
        ) { saved, gradient in
            [gradient.reshape(kept).scatteredToZeros(of: original, dim, saved.tensor(0))]
        }
        return (result, places.reshape(form.result))
    }

    /// The position of the largest element along `dim`, or among all elements in row-major order; the first of equal
    /// ones. int64.
    public final func argmax(dim: Int? = nil, keepDim: Bool = false) -> Tensor {
        position("argmax", minimum: false, dim, keepDim)
    }

    /// The position of the smallest element along `dim`, or among all elements in row-major order; the first of equal
    /// ones. int64.
    public final func argmin(dim: Int? = nil, keepDim: Bool = false) -> Tensor {
        position("argmin", minimum: true, dim, keepDim)
    }

    private func position(_ name: String, minimum: Bool, _ dim: Int?, _ keepDim: Bool) -> Tensor {
        let form = ReducedShape(self, dim.map { [$0] }, keepDim: keepDim, name)
        requireElements(form, name)
        let source = dim == nil ? array.inOneLine : array
        let (_, indices) = source.argReduced(minimum: minimum, dim: dim.map { dimension($0, name) } ?? 0)
        return Tensor(indices.viewed(as: form.result)!)
    }
}

extension NDArray {
    /// The first extremes along a dimension, which stays with size 1, and where they are.
    fileprivate func argReduced(minimum: Bool, dim: Int) -> (values: NDArray, indices: NDArray) {
        let source = rank == 0 ? viewed(as: [1])! : self
        let form = source.shape.replacing(dim, with: 1)
        let values = NDArray(empty: form, dtype: dtype, backend: backend)
        let indices = NDArray(empty: form, dtype: .int64, backend: backend)
        if form.elementCount > 0 {
            backend.argReduce(minimum: minimum, source, dim: dim, indices: indices, values: values)
        }
        return (values, indices)
    }

    /// Every element divided by a number, rounded once.
    fileprivate func divided(by divisor: Int) -> NDArray {
        let number = NDArray(filled: Double(divisor), shape: [], dtype: dtype, backend: backend)
        return binary(.divide, number, named: "divide")
    }
}

// MARK: - Spread

extension Tensor {
    /// The variance over `dims`: the sum of squared distances from the mean, divided by the count minus `correction`.
    /// Integers give float32. NaN where the divisor is not positive.
    public final func `var`(dims: [Int]? = nil, correction: Double = 1, keepDim: Bool = false) -> Tensor {
        let x = floating
        let form = ReducedShape(x, dims, keepDim: keepDim, "var")
        let mean = NDArray(empty: form.kept, dtype: x.dtype, backend: backend)
        let biased = NDArray(empty: form.kept, dtype: x.dtype, backend: backend)
        backend.meanAndVariance(x.array, mean: mean, variance: biased)
        let freedom = Swift.max(Double(form.combined) - correction, 0)
        let variance = biased.unary(.affine(scale: Double(form.combined) / freedom, shift: -0.0))
        let kept = form.kept
        let reducedDims = dims
        return Tensor.record("var", variance.viewed(as: form.result)!, from: [x], saving: [x]) { saved, gradient in
            let x = saved.tensor(0)
            let distance = x - x.mean(dims: reducedDims, keepDim: true).reshape(kept)
            return [distance * (gradient.reshape(kept) * (2 / freedom))]
        }
    }

    /// The variance along one dimension.
    public final func `var`(dim: Int, correction: Double = 1, keepDim: Bool = false) -> Tensor {
        self.var(dims: [dim], correction: correction, keepDim: keepDim)
    }

    /// The standard deviation over `dims`: the root of `var`. Its gradient is 0 where it is 0.
    public final func std(dims: [Int]? = nil, correction: Double = 1, keepDim: Bool = false) -> Tensor {
        requireDimensions(dims, "std")
        // In 16 bits the variance overflows where its root does not.
        return floating.inFloat32 {
            $0.var(dims: dims, correction: correction, keepDim: keepDim).rootWithFlatZero("std")
        }
    }

    /// The standard deviation along one dimension.
    public final func std(dim: Int, correction: Double = 1, keepDim: Bool = false) -> Tensor {
        std(dims: [dim], correction: correction, keepDim: keepDim)
    }

    /// The square root, with a derivative of 0 instead of infinity at 0.
    private func rootWithFlatZero(_ name: OperationName) -> Tensor {
        Tensor.record(name, array.unary(.sqrt), from: [self], savingOutput: true) { saved, gradient in
            let root = saved.output()
            return [(gradient / (root * 2)).maskedFill(root.eq(0), 0)]
        }
    }
}

// MARK: - Norms

extension Tensor {
    /// The `p`-norm over `dims`, `(Σ |x|^p)^(1/p)`; the largest magnitude for `p` = infinity, the smallest for its
    /// negative, the number of elements that are not 0 for 0. Its gradient is 0 where the norm is 0, and for `p` below
    /// 1 also where an element is.
    public final func norm(p: Double = 2, dims: [Int]? = nil, keepDim: Bool = false) -> Tensor {
        let x = floating
        x.requireDimensions(dims, "norm")
        switch p {
        case .infinity: return x.extremeNorm(.maximum, dims, keepDim)
        case -.infinity: return x.extremeNorm(.minimum, dims, keepDim)
        case 0: return x.stepped(to: x.ne(0).to(x.dtype)).sum(dims: dims, keepDim: keepDim)
        case 1: return x.sumNorm(dims, keepDim)
        // Powers of 16 bits overflow where the norm does not.
        default: return x.inFloat32 { $0.powerNorm(p, dims, keepDim) }
        }
    }

    /// The `p`-norm along one dimension.
    public final func norm(p: Double = 2, dim: Int, keepDim: Bool = false) -> Tensor {
        norm(p: p, dims: [dim], keepDim: keepDim)
    }

    /// The magnitudes that equal the norm share the gradient, and as in PyTorch those that are NaN, whose sign is 0.
    private func extremeNorm(_ reduction: Reduction, _ dims: [Int]?, _ keepDim: Bool) -> Tensor {
        let form = ReducedShape(self, dims, keepDim: keepDim, "norm")
        requireElements(form, "norm")
        let norm = Tensor(array.unary(.abs)).reduced(reduction, form).viewed(as: form.result)!
        let kept = form.kept
        return Tensor.record("norm", norm, from: [self], saving: [self], savingOutput: true) { saved, gradient in
            let x = saved.tensor(0)
            let winners = x.abs().eq(saved.output().reshape(kept)).logicalOr(x.isnan())
            return [x.sign() * winners.sharing(gradient.reshape(kept))]
        }
    }

    /// Values that change only in steps with this tensor's: their gradient is 0.
    private func stepped(to values: Tensor) -> Tensor {
        Tensor.record("norm", values.array, from: [self]) { _, gradient in [gradient.zerosLike()] }
    }

    private func sumNorm(_ dims: [Int]?, _ keepDim: Bool) -> Tensor {
        let form = ReducedShape(self, dims, keepDim: keepDim, "norm")
        let norm = reduced(.sumOfMagnitudes, form).viewed(as: form.result)!
        let kept = form.kept
        return Tensor.record("norm", norm, from: [self], saving: [self]) { saved, gradient in
            [saved.tensor(0).sign() * gradient.reshape(kept)]
        }
    }

    private func powerNorm(_ p: Double, _ dims: [Int]?, _ keepDim: Bool) -> Tensor {
        let form = ReducedShape(self, dims, keepDim: keepDim, "norm")
        let norm: NDArray
        if p == 2 {
            norm = reduced(.sumOfSquares, form).unary(.sqrt)
        } else {
            norm = Tensor(array.unary(.abs).unary(.power(p))).reduced(.sum, form).unary(.power(1 / p))
        }
        let kept = form.kept
        return Tensor.record(
            "norm", norm.viewed(as: form.result)!, from: [self], saving: [self], savingOutput: true
        ) { saved, gradient in
            let x = saved.tensor(0)
            let norm = saved.output().reshape(kept)
            let scale = (gradient.reshape(kept) / norm.pow(p - 1)).maskedFill(norm.eq(0), 0)
            if p == 2 { return [x * scale] }
            // Below 1 the slope at 0 is infinite; as in PyTorch, no gradient goes there.
            let slope = x.abs().pow(p - 1) * x.sign()
            return [(p < 1 ? slope.maskedFill(x.eq(0), 0) : slope) * scale]
        }
    }

    /// `log Σ exp(x)` over `dims`, computed so that it does not overflow.
    public final func logSumExp(dims: [Int]? = nil, keepDim: Bool = false) -> Tensor {
        let x = floating
        let form = ReducedShape(x, dims, keepDim: keepDim, "logSumExp")
        let kept = form.kept
        let result = Tensor(x.array.logSumExp(kept))
        return Tensor.record(
            "logSumExp", result.array.viewed(as: form.result)!, from: [x], saving: [x], savingOutput: true
        ) { saved, gradient in
            let total = saved.output().reshape(kept)
            // Where every element is -infinity, their difference from it would be NaN.
            let finite = total.maskedFill(total.eq(-Double.infinity), 0)
            return [(saved.tensor(0) - finite).exp() * gradient.reshape(kept)]
        }
    }

    /// `log Σ exp(x)` along one dimension.
    public final func logSumExp(dim: Int, keepDim: Bool = false) -> Tensor { logSumExp(dims: [dim], keepDim: keepDim) }
}

extension NDArray {
    fileprivate func logSumExp(_ kept: Shape) -> NDArray {
        func reduced(_ reduction: Reduction, _ x: NDArray) -> NDArray {
            let result = NDArray(empty: kept, dtype: dtype, backend: backend)
            backend.reduce(reduction, x, into: result)
            return result
        }
        let largest = reduced(.maximum, self)
        let finite = NDArray(empty: kept, dtype: .bool, backend: backend)
        backend.unary(.isFinite, largest, into: finite)
        let zero = NDArray(filled: 0, shape: [], dtype: dtype, backend: backend).expanded(to: kept)
        backend.select(finite, largest, zero, into: largest)
        let exponentials = binary(.subtract, largest, named: "logSumExp")
        backend.unary(.exp, exponentials, into: exponentials)
        let logarithm = reduced(.sum, exponentials).unary(.log)
        return logarithm.binary(.add, largest, named: "logSumExp")
    }
}

// MARK: - Counts

extension Tensor {
    /// Whether any element over `dims` is not 0. bool.
    public final func any(dims: [Int]? = nil, keepDim: Bool = false) -> Tensor {
        counted(.any, .bool, dims, keepDim, "any")
    }

    /// Whether any element along one dimension is not 0. bool.
    public final func any(dim: Int, keepDim: Bool = false) -> Tensor { any(dims: [dim], keepDim: keepDim) }

    /// Whether every element over `dims` is not 0. bool.
    public final func all(dims: [Int]? = nil, keepDim: Bool = false) -> Tensor {
        counted(.all, .bool, dims, keepDim, "all")
    }

    /// Whether every element along one dimension is not 0. bool.
    public final func all(dim: Int, keepDim: Bool = false) -> Tensor { all(dims: [dim], keepDim: keepDim) }

    /// How many elements over `dims` are not 0. int64.
    public final func countNonzero(dims: [Int]? = nil) -> Tensor {
        counted(.countNonzero, .int64, dims, false, "countNonzero")
    }

    /// How many elements along one dimension are not 0. int64.
    public final func countNonzero(dim: Int) -> Tensor { countNonzero(dims: [dim]) }

    private func counted(
        _ reduction: Reduction, _ dtype: DType, _ dims: [Int]?, _ keepDim: Bool, _ operation: String
    ) -> Tensor {
        let form = ReducedShape(self, dims, keepDim: keepDim, operation)
        return Tensor(reduced(reduction, form, dtype: dtype).viewed(as: form.result)!)
    }
}
