// Places in an order: quantiles, the k-th smallest, the most frequent.

/// What a quantile between two elements is.
public enum QuantileInterpolation: String, Sendable, CaseIterable {
    /// On the line from the one to the other.
    case linear
    case lower, higher
    /// The nearer one; halfway, the one at the even place.
    case nearest
    case midpoint
}

extension Tensor {
    /// The values below which shares of the elements lie, along a dimension, or of all elements: NaN if there is one.
    ///
    /// - Parameters:
    ///   - q: shares from 0 to 1, without dimensions or a vector, whose dimension is put in front of the result's.
    ///   - interpolation: what lies between two elements.
    /// - Returns: [q, ...], the dimension gone, or with `keepDim` of size 1. Stops if there is no element.
    public final func quantile(
        _ q: Tensor, dim: Int? = nil, keepDim: Bool = false, interpolation: QuantileInterpolation = .linear
    ) -> Tensor {
        quantiles("quantile", q, dim, keepDim, interpolation) { sorted, shares in
            let last = sorted.narrow(dim: -1, start: sorted.size(-1) - 1, length: 1)
            // NaN are sorted to the end: where one is, all quantiles are NaN.
            return Tensor.where(
                last.detach().isnan(), last, sorted.between(shares * Double(sorted.size(-1) - 1), interpolation))
        }
    }

    /// As `quantile`, for one share.
    public final func quantile(
        _ q: Double, dim: Int? = nil, keepDim: Bool = false, interpolation: QuantileInterpolation = .linear
    ) -> Tensor {
        quantile(Tensor.number(q, like: self), dim: dim, keepDim: keepDim, interpolation: interpolation)
    }

    /// As `quantile`, of the elements that are not NaN; NaN where all are.
    public final func nanquantile(
        _ q: Tensor, dim: Int? = nil, keepDim: Bool = false, interpolation: QuantileInterpolation = .linear
    ) -> Tensor {
        quantiles("nanquantile", q, dim, keepDim, interpolation) { sorted, shares in
            let length = Double(sorted.size(-1))
            let others = (length - sorted.detach().isnan().sum(dim: -1, keepDim: true).to(sorted.dtype)).clamp(min: 1.0)
            return sorted.between(shares * (others - 1), interpolation)
        }
    }

    /// - Parameter find: gets the elements in ascending order along the last dimension, NaN at the end, and the shares,
    ///   [q]; gives [..., q].
    private func quantiles(
        _ name: String, _ q: Tensor, _ dim: Int?, _ keepDim: Bool, _ interpolation: QuantileInterpolation,
        _ find: (_ sorted: Tensor, _ shares: Tensor) -> Tensor
    ) -> Tensor {
        require(
            dtype.isFloatingPoint && q.dtype == dtype, name,
            "\(dtype) and shares of \(q.dtype): both are of one floating-point type")
        require(q.rank <= 1, name, "the shares have shape \(q.shape), not one dimension")
        require(q.ge(0).logicalAnd(q.le(1)).all().item(as: Bool.self), name, "a share is not in 0...1")
        let form = ReducedShape(self, dim.map { [$0] }, keepDim: keepDim, name)
        require(form.combined > 0, name, "there is no element along the dimension of \(shape)")
        let lines = dim.map { line.movedim($0, -1) } ?? reshape(-1)
        let sorted = lines.sort(dim: -1).values
        let found = find(sorted, q.line)
        let result = found.movedim(-1, 0).reshape(Shape([q.count] + form.result))
        return q.rank == 0 ? result.squeeze(0) : result
    }

    /// The elements along the last dimension at places that may lie between them.
    private func between(_ places: Tensor, _ interpolation: QuantileInterpolation) -> Tensor {
        let form = Shape(shape.dropLast() + [places.size(-1)])
        let places = (interpolation == .nearest ? places.round() : places).expand(to: form)
        let (below, above) = (places.detach().floor(), places.detach().ceil())
        func at(_ place: Tensor) -> Tensor { gathered(rank - 1, place.to(.int64)) }
        switch interpolation {
        case .lower, .nearest: return at(below)
        case .higher: return at(above)
        case .midpoint: return at(below).lerp(at(above), weight: 0.5)
        case .linear: return at(below).lerp(at(above), weight: places - below)
        }
    }

    /// The `k`-th smallest elements along a dimension, counted from 1, and where each stood (int64). NaN is the
    /// greatest. Stops if there are fewer.
    public final func kthvalue(_ k: Int, dim: Int = -1, keepDim: Bool = false) -> (values: Tensor, indices: Tensor) {
        let form = ReducedShape(self, [dim], keepDim: keepDim, "kthvalue")
        require(
            k >= 1 && k <= form.combined, "kthvalue",
            "there is no element \(k) among the \(form.combined) along the dimension")
        if rank == 0 { return (self, newZeros([]).to(.int64)) }
        let (values, indices) = sort(dim: dim)
        func chosen(_ x: Tensor) -> Tensor { x.narrow(dim: dim, start: k - 1, length: 1).reshape(form.result) }
        return (chosen(values), chosen(indices))
    }

    /// The most frequent elements along a dimension, the smallest of equally frequent ones, and the last place of each
    /// (int64). Stops if there is nothing along the dimension.
    public final func mode(dim: Int = -1, keepDim: Bool = false) -> (values: Tensor, indices: Tensor) {
        let form = ReducedShape(self, [dim], keepDim: keepDim, "mode")
        require(form.combined > 0, "mode", "there is no element along dimension \(dim) of \(shape)")
        if rank == 0 { return (self, newZeros([]).to(.int64)) }
        let along = dimension(dim, "mode")
        let (sorted, order) = detach().sort(dim: along)
        // How far back the run of equal elements goes that each belongs to: the first longest one ends where this is
        // most.
        let positions = sorted.positions(along: along)
        let isFirst = Tensor.cat(
            [
                sorted.narrow(dim: along, start: 0, length: 1).onesLike(dtype: .bool),
                sorted.narrow(dim: along, start: 1, length: form.combined - 1)
                    .ne(sorted.narrow(dim: along, start: 0, length: form.combined - 1)),
            ], dim: along)
        let starts = (positions * isFirst.to(.int64)).cummax(dim: along).values
        let end = (positions - starts).argmax(dim: along, keepDim: true)
        let place = order.gathered(along, end)
        return (gathered(along, place).reshape(form.result), place.reshape(form.result))
    }

    /// The position of each element along a dimension, in a shape that broadcasts.
    private func positions(along dim: Int) -> Tensor {
        let form = Shape(repeating: 1, count: rank).replacing(dim, with: shape[dim])
        return Tensor(Array(0..<shape[dim]), shape: form, like: self)
    }
}
