// Choosing between elements: where, clamp, maskedFill, lerp, nanToNum.

extension Tensor {
    /// `a` where `condition` (bool) holds, `b` elsewhere; all three broadcast. No gradient, not even a NaN, reaches an
    /// element that was not chosen.
    public static func `where`(_ condition: Tensor, _ a: Tensor, _ b: Tensor) -> Tensor {
        require(condition.dtype == .bool, "where", "the condition is \(condition.dtype), and must be bool")
        let (a, b) = promoted(a, b)
        let result = NDArray.select(condition.array, a.array, b.array)
        return record(OperationName("where", .filling), result, from: [a, b], saving: [condition]) { saved, gradient in
            let condition = saved.tensor(0)
            return [
                saved.needs(0) ? `where`(condition, gradient, 0) : nil,
                saved.needs(1) ? `where`(condition, 0, gradient) : nil,
            ]
        }
    }

    /// `a` where `condition` holds, a number elsewhere.
    public static func `where`<S: Scalar>(_ condition: Tensor, _ a: Tensor, _ b: S) -> Tensor {
        let a = a.promoted(with: S.self)
        a.requireHolds(b, "where")
        return `where`(condition, a, number(b, like: a))
    }

    /// A number where `condition` holds, `b` elsewhere.
    public static func `where`<S: Scalar>(_ condition: Tensor, _ a: S, _ b: Tensor) -> Tensor {
        let b = b.promoted(with: S.self)
        b.requireHolds(a, "where")
        return `where`(condition, number(a, like: b), b)
    }
}

extension NDArray {
    /// `a` where `condition` holds, `b` elsewhere, all broadcast to each other; `a` and `b` are of one type.
    static func select(_ condition: NDArray, _ a: NDArray, _ b: NDArray) -> NDArray {
        a.requireSameBackend("where", condition)
        a.requireSameBackend("where", b)
        guard let operands = Shape.broadcast(a.shape, b.shape), let shape = Shape.broadcast(condition.shape, operands)
        else {
            fail("where", "the shapes \(condition.shape), \(a.shape) and \(b.shape) do not broadcast to each other")
        }
        let form = a.shape == shape ? a : b.shape == shape ? b : condition.expanded(to: shape)
        let result = form.emptyLike(dtype: a.dtype)
        a.backend.select(condition.expanded(to: shape), a.expanded(to: shape), b.expanded(to: shape), into: result)
        return result
    }
}

// MARK: - Bounds

extension Tensor {
    /// Each element, or the bound that it is beyond; NaN stays, and a bound that is NaN makes all elements NaN. The
    /// gradient passes where the element is within the bounds or on one.
    public final func clamp<S: Scalar>(min: S? = nil, max: S? = nil) -> Tensor {
        let x = promoted(with: S.self)
        if !x.dtype.isFloatingPoint { return x.clampedWhole(min?.int64Value, max?.int64Value) }
        let low = min?.doubleValue ?? -.infinity
        let high = max?.doubleValue ?? .infinity
        if low.isNaN || high.isNaN { return x.maskedFill(x.onesLike(dtype: .bool), Double.nan) }
        return x.mapped("clamp", .clamp(minimum: low, maximum: high)) { gradient, x in
            // Not the opposite of being outside: NaN is neither, and gets no gradient.
            let inside = low == -.infinity ? x.le(high) : high == .infinity ? x.ge(low) : x.ge(low) .& x.le(high)
            return gradient.maskedFill(inside.logicalNot(), 0)
        }
    }

    /// Whole numbers within bounds, compared as such: a Double does not hold all of them. A bound that no element of the
    /// type is beyond has no effect; one that none can be moved to stops.
    private func clampedWhole(_ min: Int64?, _ max: Int64?) -> Tensor {
        let range = dtype.wholeRange
        let low = min.map { Swift.max($0, range.lowerBound) }
        let high = max.map { Swift.min($0, range.upperBound) }
        var result = self
        for case let bound? in [low, high] { requireHolds(bound, "clamp") }
        if let low { result = result.maximum(.number(low, like: self)) }
        if let high { result = result.minimum(.number(high, like: self)) }
        return result
    }

    /// Each element, or the bound that it is beyond, NaN if either is; `max` where it is below `min`. Bounds broadcast,
    /// and get the gradient of what they replace, `max` also where it is below `min`.
    public final func clamp(min: Tensor? = nil, max: Tensor? = nil) -> Tensor {
        switch (min, max) {
        case (nil, nil): self
        case (let min?, nil): bounded(by: min) { $0.lt($1) }
        case (nil, let max?): bounded(by: max) { $0.gt($1) }
        case (let min?, let max?): bounded(min, max)
        }
    }

    /// - Parameter isBeyond: whether elements are on the wrong side of a bound.
    private func bounded(by bound: Tensor, _ isBeyond: @escaping @Sendable (Tensor, Tensor) -> Tensor) -> Tensor {
        let operands = Tensor.promoted([self, bound])
        let value = operands[0].detach().replaced(by: operands[1].detach(), where: isBeyond)
        return Tensor.record("clamp", value.array, from: operands, saving: operands) { saved, gradient in
            let (x, bound) = (saved.tensor(0), saved.tensor(1))
            let moved = isBeyond(x, bound)
            return [
                saved.needs(0) ? gradient.maskedFill(moved .| x.isnan() .| bound.isnan(), 0) : nil,
                saved.needs(1) ? gradient.maskedFill(moved.logicalNot(), 0) : nil,
            ]
        }
    }

    private func bounded(_ min: Tensor, _ max: Tensor) -> Tensor {
        let operands = Tensor.promoted([self, min, max])
        let value = operands[0].detach().replaced(by: operands[1].detach()) { $0.lt($1) }
            .replaced(by: operands[2].detach()) { $0.gt($1) }
        return Tensor.record("clamp", value.array, from: operands, saving: operands) { saved, gradient in
            let (x, min, max) = (saved.tensor(0), saved.tensor(1), saved.tensor(2))
            func passed(where mask: Tensor) -> Tensor { gradient.maskedFill(mask.logicalNot(), 0) }
            return [
                saved.needs(0) ? passed(where: x.ge(min) .& x.le(max)) : nil,
                saved.needs(1) ? passed(where: min.lt(max) .& x.lt(min)) : nil,
                saved.needs(2) ? passed(where: max.lt(min) .| x.gt(max)) : nil,
            ]
        }
    }

    private func replaced(by bound: Tensor, where isBeyond: (Tensor, Tensor) -> Tensor) -> Tensor {
        Tensor.where(isBeyond(self, bound).logicalOr(bound.isnan()), bound, self)
    }

    /// Finite numbers in the place of NaN and the infinities: 0, and the type's largest and lowest, where not given.
    public final func nanToNum(nan: Double = 0, posinf: Double? = nil, neginf: Double? = nil) -> Tensor {
        if !dtype.isFloatingPoint { return self }
        let largest = dtype.greatestFiniteMagnitude
        return maskedFill(isnan(), nan)
            .maskedFill(eq(Double.infinity), posinf ?? largest)
            .maskedFill(eq(-Double.infinity), neginf ?? -largest)
    }
}

extension DType {
    /// The largest finite value of a floating-point type.
    var greatestFiniteMagnitude: Double {
        switch self {
        case .float64: .greatestFiniteMagnitude
        case .float16: 65504
        case .bfloat16: 0x1.FEp127
        default: Double(Float.greatestFiniteMagnitude)
        }
    }
}

// MARK: - Between two tensors

extension Tensor {
    /// `self + weight * (end - self)`: this tensor for weight 0, `end` for weight 1.
    public final func lerp(_ end: Tensor, weight: Tensor) -> Tensor {
        let operands = Tensor.promoted([self, end, weight])
        let value = Tensor.inFloat32(operands.map { $0.detach() }) { operands in
            let (start, end, weight) = (operands[0], operands[1], operands[2])
            let distance = end - start
            return Tensor.where(weight.abs().lt(0.5), start + weight * distance, end - distance * (1 - weight))
        }
        return Tensor.record("lerp", value.array, from: operands, saving: operands) { saved, gradient in
            let (start, end, weight) = (saved.tensor(0), saved.tensor(1), saved.tensor(2))
            return [
                saved.needs(0) ? gradient * (1 - weight) : nil,
                saved.needs(1) ? gradient * weight : nil,
                saved.needs(2) ? gradient * (end - start) : nil,
            ]
        }
    }

    /// `self + weight * (end - self)`, computed from the nearer end.
    public final func lerp(_ end: Tensor, weight: Double) -> Tensor {
        require(
            dtype.isFloatingPoint || end.dtype.isFloatingPoint, "lerp",
            "between \(dtype) and \(end.dtype) there are only whole numbers; convert to a floating-point type")
        return Tensor.inFloat32([self, end]) { operands in
            let distance = operands[1] - operands[0]
            return weight < 0.5
                ? operands[0].add(distance, alpha: weight) : operands[1].add(distance, alpha: weight - 1)
        }
    }
}
