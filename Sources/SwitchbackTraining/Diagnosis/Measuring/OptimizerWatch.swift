import Switchback

/// Watches what happens to parameters in one step: what gradients were there before, how they are clipped, and by how
/// much which optimizer changes the weights.
struct OptimizerWatch {
    private let parameters: [(name: String, parameter: Parameter)]
    private var kept: [ObjectIdentifier: KeptWeights] = [:]
    private var optimizers: [Optimizer] = []
    private var unclipped: Double?
    private var clipped = false
    /// The squares of the norms of gradients that were there when the walk back began.
    private var stale: [ObjectIdentifier: Double] = [:]

    init(_ parameters: [(name: String, parameter: Parameter)]) { self.parameters = parameters }

    /// Of the first group of the first optimizer; `nil` where none has stepped.
    var learningRate: Double? { optimizers.first?.learningRate }

    // MARK: Events

    /// The first walk back begins: gradients that are there are old ones.
    mutating func noteBeginning() {
        for (_, parameter) in parameters {
            if let gradient = parameter.gradElements { stale[ObjectIdentifier(parameter)] = gradient.sumOfSquares }
        }
        // Loops without an optimizer change weights where nobody sees it. Large tables wait until it is known which of
        // their rows have gradients.
        for (_, parameter) in parameters where parameter.count <= KeptWeights.most { keep(parameter) }
    }

    mutating func noteClipping() {
        unclipped = unclipped ?? gradientNorm
        clipped = true
    }

    mutating func noteStep(of optimizer: Optimizer) {
        optimizers.append(optimizer)
        for (_, parameter) in parameters where kept[ObjectIdentifier(parameter)] == nil { keep(parameter) }
    }

    private mutating func keep(_ parameter: Parameter) {
        kept[ObjectIdentifier(parameter)] = KeptWeights(parameter)
    }

    private var gradientNorm: Double {
        parameters.reduce(0) { $0 + ($1.parameter.gradElements?.sumOfSquares ?? 0) }.squareRoot()
    }

    // MARK: What came of it

    /// The norm of parameters before the step and that of their change; the latter is `nil` where it is not known.
    func weightAndChange(of parameters: [(name: String, parameter: Parameter)]) -> (weight: Double, change: Double?) {
        var (weight, change, isKnown) = (0.0, 0.0, false)
        for (_, parameter) in parameters {
            guard let before = kept[ObjectIdentifier(parameter)] else {
                weight += parameter.detach().sumOfSquares
                continue
            }
            weight += before.sumOfSquares
            if parameter.requiresGrad {
                change += before.change(of: parameter).sumOfSquares
                isKnown = true
            }
        }
        return (weight.squareRoot(), isKnown ? change.squareRoot() : nil)
    }

    /// `nil` where no optimizer has stepped.
    var record: OptimizerRecord? {
        guard let first = optimizers.first, let group = first.groups.first else { return nil }
        let theirs = Set(optimizers.flatMap { $0.groups.flatMap(\.parameters) }.map { ObjectIdentifier($0.parameter) })
        let ours = Set(parameters.map { ObjectIdentifier($0.parameter) })
        let absent = parameters.filter {
            $0.parameter.requiresGrad && !theirs.contains(ObjectIdentifier($0.parameter))
        }
        // An optimizer forgets the gradients of what it has, and no others.
        let left = stale.reduce(0.0) { theirs.contains($1.key) ? $0 + $1.value : $0 }.squareRoot()
        let (descent, step) = descentAndStep
        return OptimizerRecord(
            name: "\(type(of: first))", unclipped: unclipped?.recorded,
            clipped: clipped ? gradientNorm.recorded : nil, stale: left.recorded,
            gradient: gradientNorm.recorded, decay: decayShare(step: step).recorded, descent: descent?.recorded,
            momentum: group.momentum, weightDecay: group.weightDecay, absent: absent.map(\.name),
            foreign: theirs.subtracting(ours).count)
    }

    /// The cosine between the step and the way down the gradient, and the step's norm.
    private var descentAndStep: (Double?, Double) {
        var (product, step, gradient) = (0.0, 0.0, 0.0)
        for (_, parameter) in parameters {
            guard let before = kept[ObjectIdentifier(parameter)], parameter.requiresGrad else { continue }
            let change = before.change(of: parameter)
            step += change.sumOfSquares
            guard let part = before.gradientPart(of: parameter) else { continue }
            product -= (change * part).sum().item()
            gradient += part.sumOfSquares
        }
        let norms = (step * gradient).squareRoot()
        return (norms > 0 && norms.isFinite ? product / norms : nil, step.squareRoot())
    }

    /// The share of the step that is weight decay: of the weights' change where it acts on them, and else of the
    /// gradient.
    private func decayShare(step: Double) -> Double {
        var (decay, pull) = (0.0, 0.0)
        for optimizer in optimizers {
            let isDirect = optimizer is AdamW || optimizer is Lion || optimizer is Muon
            for group in optimizer.groups {
                for (_, parameter) in group.parameters {
                    guard let before = kept[ObjectIdentifier(parameter)], parameter.requiresGrad else { continue }
                    let strength = group.weightDecay * (isDirect ? group.learningRate : 1)
                    decay += strength * strength * before.sumOfSquares
                    if !isDirect { pull += parameter.gradElements?.sumOfSquares ?? 0 }
                }
            }
        }
        if decay == 0 { return 0 }
        let (part, whole) = (decay.squareRoot(), pull > 0 ? pull.squareRoot() : nil)
        if let whole { return part / (part + whole) }
        return step > 0 ? min(1, part / step) : 1
    }
}

/// Some of a parameter's weights as they were before a step: all of small ones, the rows with gradients of tables, and
/// the first of others.
private struct KeptWeights {
    /// How many elements are kept of a parameter.
    static let most = 1 << 20
    private let values: Tensor
    private let rows: Tensor?
    /// How much larger the whole is than what is kept; 1 of rows, which stand for themselves.
    private let factor: Double

    init(_ parameter: Parameter) {
        let width = parameter.count / max(1, parameter.shape.first ?? 1)
        let most = max(1, Self.most / max(1, width))
        if let gradient = parameter.rowGrad {
            let count = min(gradient.rows.count, most)
            rows = gradient.rows.narrow(dim: 0, start: 0, length: count)
        } else {
            rows = nil
        }
        values = Self.part(of: parameter, rows, most).clone()
        factor = rows == nil ? Double(parameter.count) / Double(max(1, values.count)) : 1
        sumOfSquares = values.sumOfSquares * factor
    }

    let sumOfSquares: Double

    /// The change of what was kept, scaled to stand for the whole.
    func change(of parameter: Parameter) -> Tensor {
        let now = Self.part(of: parameter, rows, values.rank > 0 ? max(1, values.shape[0]) : 1)
        let change = now - values
        return factor == 1 ? change : change * factor.squareRoot()
    }

    /// The gradient of what was kept, scaled as the change is; `nil` without one.
    func gradientPart(of parameter: Parameter) -> Tensor? {
        guard let gradient = parameter.gradElements else { return nil }
        if gradient.shape == values.shape { return gradient }
        guard gradient.rank > 0, values.rank > 0, gradient.rank == values.rank, gradient.shape[0] >= values.shape[0]
        else { return nil }
        let part = gradient.narrow(dim: 0, start: 0, length: values.shape[0])
        return factor == 1 ? part : part * factor.squareRoot()
    }

    private static func part(of parameter: Parameter, _ rows: Tensor?, _ most: Int) -> Tensor {
        let whole = parameter.detach()
        if let rows { return whole.indexSelect(dim: 0, index: rows) }
        guard whole.rank > 0, whole.shape[0] > most else { return whole }
        return whole.narrow(dim: 0, start: 0, length: most)
    }
}
