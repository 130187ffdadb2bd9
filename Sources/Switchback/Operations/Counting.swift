// How often values occur. Results carry no gradient.

extension Tensor {
    /// How often each integer from 0 to the largest occurs, int64; with `weights`, the sum of the weights of its
    /// occurrences instead.
    ///
    /// - Parameter minLength: the result has at least this many elements. Stops if a number is negative.
    public final func bincount(weights: Tensor? = nil, minLength: Int = 0) -> Tensor {
        require(rank == 1 && dtype.isInteger, "bincount", "counts a line of whole numbers, not \(shape) of \(dtype)")
        require(
            weights?.shape == shape || weights == nil, "bincount",
            "the weights have shape \(weights?.shape ?? []), and the numbers \(shape)")
        require(count == 0 || min().item(as: Int.self) >= 0, "bincount", "a number is negative")
        let length = Swift.max(minLength, count == 0 ? 0 : max().item(as: Int.self) + 1)
        let amounts =
            weights.map { $0.dtype.isFloatingPoint ? $0.detach() : $0.to(.float64) } ?? onesLike(dtype: .int64)
        let counts = amounts.newZeros([length])
        return count == 0 ? counts : counts.scatterAdd(dim: 0, index: to(.int64), source: amounts)
    }

    /// How many elements fall into each of `bins` parts of equal width between `min` and `max`, in this tensor's type.
    /// The last part includes `max`; elements outside are not counted. Two equal bounds stand for the smallest and the
    /// largest element.
    public final func histc(bins: Int = 100, min: Double, max: Double) -> Tensor {
        let x = detach().reshape(-1)
        var (min, max) = (min, max)
        if min == max && count > 0 {
            (min, max) = (x.min().item(), x.max().item())
            if min == max { (min, max) = (min - 1, max + 1) }
        }
        require(
            bins > 0 && min < max && (max - min).isFinite, "histc",
            "\(bins) parts between \(min) and \(max) are not possible")
        let inside = x.maskedSelect(x.ge(min) .& x.le(max))
        let places = inside.inFloat32 { (($0 - min) * (Double(bins) / (max - min))).floor() }
        return places.clamp(max: Double(bins - 1)).to(.int64).bincount(minLength: bins).to(dtype)
    }

    /// The different elements in ascending order; for each element of this tensor, which of them it is (int64, in this
    /// tensor's shape); and how often each occurs (int64).
    public final func unique() -> (values: Tensor, inverse: Tensor, counts: Tensor) {
        let flat = detach().reshape(-1)
        if count == 0 { return (flat, zerosLike(dtype: .int64), flat.zerosLike(dtype: .int64)) }
        let (sorted, order) = flat.sort()
        let later = sorted.narrow(dim: 0, start: 1, length: count - 1)
        let changes = later.ne(sorted.narrow(dim: 0, start: 0, length: count - 1))
        let starts = Tensor.cat([order.narrow(dim: 0, start: 0, length: 1).onesLike(dtype: .bool), changes])
        let groups = starts.cumsum(dim: 0) - 1
        let inverse = groups.zerosLike().scatter(dim: 0, index: order, source: groups).reshape(shape)
        return (sorted.maskedSelect(starts), inverse, groups.bincount())
    }

    /// The different slices along a dimension in lexicographic order; for each slice, which of them it is (int64, [size]);
    /// and how often each occurs (int64).
    public final func unique(dim: Int) -> (values: Tensor, inverse: Tensor, counts: Tensor) {
        let dim = dimension(dim, "unique")
        if rank == 0 { return line.unique() }
        let slices = detach().transpose(0, dim).flatten(start: Swift.min(1, rank - 1))
        let size = shape[dim]
        var places = newZeros([size]).to(.int64)
        // Column by column: places that are equal so far are told apart by the next column.
        for column in rank == 1 ? [slices] : slices.unbind(dim: 1) {
            places = (places * size + column.unique().inverse).unique().inverse
        }
        let (_, inverse, counts) = places.unique()
        let order = Tensor(Array(0..<size), shape: [size], like: self)
        let examples = counts.zerosLike().indexCopy(dim: 0, index: inverse, source: order)
        return (indexSelect(dim: dim, index: examples), inverse, counts)
    }
}
