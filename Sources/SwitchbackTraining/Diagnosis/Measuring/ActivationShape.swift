import Switchback

/// The shape of an activation, as far as its results tell where its slope is gone.
struct ActivationShape {
    private let kind: OperationName.Kind

    /// `nil` for operations that are no activations of layers.
    init?(_ kind: OperationName.Kind) {
        switch kind {
        case .relu, .relu6, .leakyReLU, .sigmoid, .tanh, .hardtanh, .hardsigmoid, .softsign, .elu, .celu, .selu,
            .gelu, .silu, .mish, .hardswish:
            self.kind = kind
        default: return nil
        }
    }

    /// The share of units, along a dimension, for which every example lies where next to no gradient passes: below 0
    /// of a rectifier and of its smooth and leaky kin. `nil` for activations that have no such side.
    func deadUnits(of output: Tensor, along unit: Int) -> Double? {
        switch kind {
        case .relu, .relu6: return output.shareOfUnits(along: unit, noLargerThan: 0)
        case .leakyReLU: return output.shareOfUnits(along: unit, noLargerThan: 0, below: 0)
        // Right of where their slope is below a twentieth, these give numbers from a little below 0 on.
        case .gelu, .silu, .mish, .hardswish:
            return output.shareOfUnits(along: unit, noLargerThan: 0, above: kind == .silu ? -0.035 : -0.02)
        default: return nil
        }
    }

    /// The share of results for which less than a twentieth of the steepest slope is left; `nil` for activations that
    /// have no flat ends.
    func flatShare(of output: Tensor) -> Double? {
        switch kind {
        // The slope of the sigmoid y is y·(1 − y), that of the hyperbolic tangent 1 − y², that of softsign (1 − |y|)².
        case .sigmoid: return output.share(fartherThan: 0.95.squareRoot() / 2, from: 0.5)
        case .tanh: return output.share(fartherThan: 0.95.squareRoot(), from: 0)
        case .softsign: return output.share(fartherThan: 1 - 0.05.squareRoot(), from: 0)
        // Bounded by constants: what lies on a bound.
        case .hardtanh, .hardsigmoid: return output.shareOnBounds
        case .relu6: return output.ge(6).to(.float32).mean().item()
        // Their slope at the lower end is y + α.
        case .elu, .celu: return output.lt(-0.95).to(.float32).mean().item()
        case .selu: return output.lt(-0.95 * 1.7581).to(.float32).mean().item()
        default: return nil
        }
    }
}

extension Tensor {
    /// The share of units, along a dimension, whose largest element is at most `limit`, and their smallest one above
    /// or below another number where one is given.
    fileprivate func shareOfUnits(
        along unit: Int, noLargerThan limit: Double, above: Double? = nil, below: Double? = nil
    ) -> Double {
        let others = (0..<rank).filter { $0 != unit }
        func extreme(_ reduce: ([Int]) -> Tensor) -> Tensor { others.isEmpty ? self : reduce(others) }
        var isLost = extreme { amax(dims: $0) }.le(limit)
        if let above { isLost = isLost .& extreme { amin(dims: $0) }.gt(above) }
        if let below { isLost = isLost .& extreme { amin(dims: $0) }.lt(below) }
        return isLost.to(.float32).mean().item()
    }

    /// The share of elements that are the largest or the smallest one, where several are.
    fileprivate var shareOnBounds: Double {
        let share = (eq(max()) .| eq(min())).to(.float32).mean().item()
        return share * Double(count) <= 2 ? 0 : share
    }
}
