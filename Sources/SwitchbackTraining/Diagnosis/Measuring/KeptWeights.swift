import Switchback

/// A parameter's gradient as a step found it.
struct WatchedGradient {
    /// All of it, or the rows that were used.
    let elements: Tensor
    /// Which those are, beside which it is 0; `nil` where it is whole.
    let rows: Tensor?
    /// How many elements the parameter has to one of these.
    let factor: Double

    /// - Parameter isWhole: whether it becomes whole where only rows of it are there.
    init?(of parameter: Parameter, isWhole: Bool) {
        if !isWhole, let gradient = parameter.gradRows {
            (elements, rows) = (gradient.values, gradient.rows)
        } else if let gradient = parameter.grad {
            (elements, rows) = (gradient, nil)
        } else {
            return nil
        }
        factor = Double(parameter.count) / Double(max(1, elements.count))
    }
}

/// Some of a parameter's weights as they were before a step: all of small ones, the rows with gradients of tables, and
/// the first of others.
struct KeptWeights {
    /// How many elements are kept of a parameter: enough to tell of all, and few beside the passes that a step makes.
    static let most = 1 << 16
    private let values: Tensor
    private let rows: Tensor?
    /// How much larger the whole is than what is kept; of rows, all rows with gradients.
    private let factor: Double

    init(_ parameter: Parameter) {
        let width = parameter.count / max(1, parameter.shape.first ?? 1)
        let most = max(1, Self.most / max(1, width))
        // All of small ones: more rows may get gradients before the step.
        if parameter.count > Self.most, let gradient = parameter.gradRows {
            let count = min(gradient.rows.count, most)
            rows = gradient.rows.narrow(dim: 0, start: 0, length: count)
            factor = Double(gradient.rows.count) / Double(max(1, count))
            values = Self.part(of: parameter, rows, most).clone()
        } else {
            rows = nil
            values = Self.part(of: parameter, nil, most).clone()
            factor = Double(parameter.count) / Double(max(1, values.count))
        }
        sumOfSquares = values.sumOfSquares * factor
    }

    let sumOfSquares: Double

    /// The change of what was kept, scaled to stand for the whole.
    func change(of parameter: Parameter) -> Tensor {
        scaled(Self.part(of: parameter, rows, values.rank > 0 ? max(1, values.shape[0]) : 1) - values)
    }

    /// The part of a gradient that belongs to what was kept, scaled as the change is; `nil` where it is of other rows.
    func part(of gradient: WatchedGradient) -> Tensor? {
        let elements = gradient.elements
        switch (rows, gradient.rows) {
        case (nil, nil):
            if elements.shape == values.shape { return elements }
            guard elements.rank > 0, elements.shape[0] >= values.size(0) else { return nil }
            return scaled(elements.narrow(dim: 0, start: 0, length: values.shape[0]))
        case (let kept?, nil): return scaled(elements.indexSelect(dim: 0, index: kept))
        case (let kept?, let used?):
            guard used.toArray(as: Int.self).starts(with: kept.toArray(as: Int.self)) else { return nil }
            return scaled(elements.narrow(dim: 0, start: 0, length: kept.count))
        case (nil, _?): return nil
        }
    }

    private func scaled(_ part: Tensor) -> Tensor { factor == 1 ? part : part * factor.squareRoot() }

    private static func part(of parameter: Parameter, _ rows: Tensor?, _ most: Int) -> Tensor {
        let whole = parameter.detach()
        if let rows { return whole.indexSelect(dim: 0, index: rows) }
        guard whole.rank > 0, whole.shape[0] > most else { return whole }
        return whole.narrow(dim: 0, start: 0, length: most)
    }
}
