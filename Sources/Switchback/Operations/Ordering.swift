// Sorting, and running totals along a dimension.

extension Tensor {
    /// The elements in order along a dimension, and where each stood (int64). Equal elements keep their order; NaN is
    /// the greatest.
    public final func sort(dim: Int = -1, descending: Bool = false) -> (values: Tensor, indices: Tensor) {
        sort("sort", dim, descending)
    }

    private func sort(_ name: OperationName, _ dim: Int, _ descending: Bool) -> (values: Tensor, indices: Tensor) {
        ordered(name, dim, count: nil) { backend, x, dim, values, indices in
            backend.sort(x, dim: dim, descending: descending, values: values, indices: indices)
        }
    }

    /// The positions (int64) that put the elements in order along a dimension. Equal elements keep their order.
    public final func argsort(dim: Int = -1, descending: Bool = false) -> Tensor {
        detach().sort("argsort", dim, descending).indices
    }

    /// The `k` largest elements along a dimension, largest first, or the smallest, and where each stood (int64). Stops
    /// if there are fewer.
    public final func topK(_ k: Int, dim: Int = -1, largest: Bool = true) -> (values: Tensor, indices: Tensor) {
        ordered("topK", dim, count: k) { backend, x, dim, values, indices in
            backend.topK(x, dim: dim, largest: largest, values: values, indices: indices)
        }
    }

    /// Chooses `count` elements (all if `nil`) of each line along `dim` by a kernel; gradients go back where the
    /// elements came from.
    private func ordered(
        _ name: OperationName, _ dim: Int, count: Int?,
        _ kernel: (any Backend.Type, NDArray, Int, _ values: NDArray, _ indices: NDArray) -> Void
    ) -> (values: Tensor, indices: Tensor) {
        let dim = dimension(dim, "\(name)")
        let x = rank == 0 ? reshape([1]) : self
        let length = count ?? x.shape[dim]
        require(
            length >= 0 && length <= x.shape[dim], "\(name)",
            "there are no \(length) elements along dimension \(dim) of \(shape)")
        let form = x.shape.replacing(dim, with: length)
        let values = NDArray(empty: form, dtype: dtype, backend: backend)
        let indices = NDArray(empty: form, dtype: .int64, backend: backend)
        if form.elementCount > 0 { kernel(backend, x.array, dim, values, indices) }
        let places = Tensor(indices)
        let original = x.shape
        let sorted = Tensor.record(name, values, from: [x], saving: [places]) { saved, gradient in
            [gradient.scatteredToZeros(of: original, dim, saved.tensor(0))]
        }
        return rank == 0 && length == 1 ? (sorted.view([]), places.view([])) : (sorted, places)
    }
}

// MARK: - Running totals

extension Tensor {
    /// The running sum along a dimension. Integers and bools are summed as int64.
    public final func cumsum(dim: Int) -> Tensor {
        let dim = dimension(dim, "cumsum")
        return Tensor.record("cumsum", array.scanned(.sum, dim), from: [self]) { _, gradient in
            [gradient.reversed(dim).cumsum(dim: dim).reversed(dim)]
        }
    }

    /// The running product along a dimension. Integers and bools are multiplied as int64. The gradient is exact
    /// where elements are 0.
    public final func cumprod(dim: Int) -> Tensor {
        let dim = dimension(dim, "cumprod")
        return Tensor.record(
            "cumprod", array.scanned(.product, dim), from: [self], saving: [self], savingOutput: true
        ) { saved, gradient in
            let x = saved.tensor(0)
            if x.rank == 0 || x.shape[dim] == 1 { return [gradient] }
            // As in `prod`.
            if ThreadState.current.recordsGradients { return [x.cumprodGradient(gradient, dim)] }
            return [x.cumprodQuotients(gradient, dim, saved.output())]
        }
    }

    /// The largest element so far along a dimension, and where it stood (int64): the last of equal ones, which gets the
    /// gradient.
    public final func cummax(dim: Int) -> (values: Tensor, indices: Tensor) { runningExtreme("cummax", .maximum, dim) }

    /// The smallest element so far along a dimension, and where it stood (int64): the last of equal ones, which gets
    /// the gradient.
    public final func cummin(dim: Int) -> (values: Tensor, indices: Tensor) { runningExtreme("cummin", .minimum, dim) }

    private func runningExtreme(_ name: OperationName, _ scan: Scan, _ dim: Int) -> (values: Tensor, indices: Tensor) {
        let dim = dimension(dim, "\(name)")
        if rank == 0 { return (self, zerosLike(dtype: .int64)) }
        let extremes = array.scanned(scan, dim)
        let indices = Tensor(extremes).lastPositions(of: detach(), dim)
        let original = shape
        let values = Tensor.record(name, extremes, from: [self], saving: [indices]) { saved, gradient in
            [gradient.scatteredToZeros(of: original, dim, saved.tensor(0))]
        }
        return (values, indices)
    }

    /// For running extremes of `x`: where `x` last was what the extreme is.
    private func lastPositions(of x: Tensor, _ dim: Int) -> Tensor {
        let isNew = x.eq(self).logicalOr(x.isnan())
        let along = Shape(repeating: 1, count: rank).replacing(dim, with: shape[dim])
        let positions = Tensor(Array(0..<shape[dim]), shape: along, like: x)
        let marked = positions * isNew.to(.int64)
        return Tensor(marked.array.scanned(.maximum, dim))
    }

    /// `log Σ exp(x)` of the elements so far along a dimension.
    public final func logCumSumExp(dim: Int) -> Tensor {
        let dim = dimension(dim, "logCumSumExp")
        return rank == 0 ? floating : floating.inFloat32 { $0.recordedLogCumSumExp(dim) }
    }

    /// The gradient of an element is Σ g[i] · exp(x − y[i]) over the results y from it on. It is summed as logarithms, those of
    /// positive and of negative g apart, as the exponentials may be beyond what numbers can be; and in float64, as the
    /// digits of large logarithms are lost to the exponent.
    private func recordedLogCumSumExp(_ dim: Int) -> Tensor {
        let (value, type) = (detach().logRunningSum(dim), dtype)
        return Tensor.record("logCumSumExp", value.array, from: [self], saving: [self]) { saved, gradient in
            let (x, gradient) = (saved.tensor(0).to(.float64), gradient.to(.float64))
            let y = x.logCumSumExp(dim: dim)
            if ThreadState.recordsGradients {
                // A logarithm has no slope at 0. Before the last sum, exponentials stay in range for ordinary elements.
                let last = y.detach().amax(dim: dim, keepDim: true)
                let sums = (gradient * (last - y).exp()).reversed(dim).cumsum(dim: dim).reversed(dim)
                return [(sums * (x - last).exp()).to(type)]
            }
            func share(_ sign: Double) -> Tensor {
                let part = (gradient * sign).clamp(min: 0.0).log() - y
                return (part.reversed(dim).logCumSumExp(dim: dim).reversed(dim) + x).exp()
            }
            return [(share(1) - share(-1)).to(type)]
        }
    }

    private func logRunningSum(_ dim: Int) -> Tensor {
        // Of 1, 2, 4, … elements each: subtracting the line's largest element from all, as in `logSumExp`, would lose
        // the sums before it, and spread a NaN to them.
        var sums = self
        var reach = 1
        while reach < shape[dim] {
            let rest = shape[dim] - reach
            let joined = sums.narrow(dim: dim, start: reach, length: rest)
                .logaddexp(sums.narrow(dim: dim, start: 0, length: rest))
            sums = Tensor.cat([sums.narrow(dim: dim, start: 0, length: reach), joined], dim: dim)
            reach *= 2
        }
        return sums
    }

    /// The order turned round along one dimension.
    private func reversed(_ dim: Int) -> Tensor {
        if rank == 0 { return self }
        let backward = Tensor((0..<shape[dim]).reversed(), shape: [shape[dim]], like: self)
        let result = NDArray(empty: shape, dtype: dtype, backend: backend)
        backend.indexSelect(array, dim: dim, index: backward.array, into: result)
        return Tensor.record("flip", result, from: [self]) { _, gradient in [gradient.reversed(dim)] }
    }

    /// The gradient of `cumprod`, whose result is `products`: Σ over i ≥ k of g[i]·y[i] / x[k]. After the first element
    /// that is 0 all products are 0; its own gradient is that of the products without it.
    private func cumprodQuotients(_ gradient: Tensor, _ dim: Int, _ products: Tensor) -> Tensor {
        let isZero = eq(0)
        let zerosSoFar = isZero.to(.int64).cumsum(dim: dim)
        let isFirst = isZero.logicalAnd(zerosSoFar.eq(1))
        // NaN behind the zero must not count: it is not 0 times 0.
        func sums(_ products: Tensor, without zeros: Int) -> Tensor {
            (gradient * products).maskedFill(zerosSoFar.gt(zeros), 0).reversed(dim).cumsum(dim: dim).reversed(dim)
        }
        let before = (sums(products, without: 0) / maskedFill(isZero, 1)).maskedFill(zerosSoFar.ne(0), 0)
        return Tensor.where(isFirst, sums(maskedFill(isFirst, 1).cumprod(dim: dim), without: 1), before)
    }

    /// The gradient of `cumprod`, without a division. With `y[i] = x[0] … x[i]`, element `k` gets
    /// `x[0] … x[k-1] · s[k]`, where `s[k] = g[k] + x[k+1] · s[k+1]`: no division.
    private func cumprodGradient(_ gradient: Tensor, _ dim: Int) -> Tensor {
        var suffix: Tensor?
        var parts: [Tensor] = []
        for k in stride(from: shape[dim] - 1, through: 0, by: -1) {
            let own = gradient.narrow(dim: dim, start: k, length: 1)
            suffix = suffix.map { own + narrow(dim: dim, start: k + 1, length: 1) * $0 } ?? own
            parts.append(narrow(dim: dim, start: 0, length: k).prod(dim: dim, keepDim: true) * suffix!)
        }
        return Tensor.cat(parts.reversed(), dim: dim)
    }

    /// For the gradient of `prod`: at each element, the product of the others in its group, without a division: that of
    /// those before it times that of those after it.
    final func productOfOthers(reducedTo kept: Shape) -> Tensor {
        let combined = (0..<rank).filter { kept[$0] == 1 && shape[$0] > 1 }
        if combined.isEmpty || count == 0 { return onesLike() }
        let order = (0..<rank).filter { !combined.contains($0) } + combined
        let turned = permute(Shape(order))
        let lines = turned.flatten(start: rank - combined.count)
        let before = lines.productsBefore()
        let after = lines.reversed(lines.rank - 1).productsBefore().reversed(lines.rank - 1)
        return (before * after).reshape(turned.shape).permute(Shape(order.indices.map { order.firstIndex(of: $0)! }))
    }

    /// At each element, the product of those before it along the last dimension; 1 at the first.
    private func productsBefore() -> Tensor {
        let one = narrow(dim: -1, start: 0, length: 1).onesLike()
        return Tensor.cat([one, narrow(dim: -1, start: 0, length: size(-1) - 1)], dim: -1).cumprod(dim: -1)
    }
}

extension NDArray {
    /// The running combination along a dimension; of integers and bools, sums and products are int64.
    fileprivate func scanned(_ scan: Scan, _ dim: Int) -> NDArray {
        let widens = !dtype.isFloatingPoint && (scan == .sum || scan == .product)
        let source = widens ? cast(to: .int64) : self
        if rank == 0 { return source }
        let result = NDArray(empty: shape, dtype: source.dtype, backend: backend)
        backend.scan(scan, source, dim: dim, into: result)
        return result
    }
}
