import Switchback

/// Watches what happens to parameters in one step: what gradients were there before, how they are clipped, and by how
/// much which optimizer changes the weights.
struct OptimizerWatch {
    private let parameters: [(name: String, parameter: Parameter)]
    private var kept: [ObjectIdentifier: KeptWeights] = [:]
    private var optimizers: [Optimizer] = []
    /// The gradients as the optimizer found them: loops may forget them right after its step.
    private var used: [ObjectIdentifier: Tensor] = [:]
    private var unclipped: Double?
    private var clipped = false
    /// The squares of the norms of gradients that were there when the walk back began.
    private var stale: [ObjectIdentifier: Double] = [:]
    private var outcomes: [ObjectIdentifier: ParameterStep] = [:]
    /// Whether `backward()` has begun.
    private var hasWalkedBack = false
    /// Whether an optimizer began its step when no parameter had a gradient.
    private var steppedWithoutGradients = false

    init(_ parameters: [(name: String, parameter: Parameter)]) { self.parameters = parameters }

    /// Of the first group of the first optimizer; `nil` where none has stepped.
    var learningRate: Double? { optimizers.first?.learningRate }

    // MARK: Events

    /// The first walk back begins: gradients that are there are old ones.
    mutating func noteBeginning() {
        hasWalkedBack = true
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
        let theirs = Set(optimizer.groups.flatMap(\.parameters).map { ObjectIdentifier($0.parameter) })
        for (_, parameter) in parameters {
            let identity = ObjectIdentifier(parameter)
            if kept[identity] == nil { keep(parameter) }
            // Of small parameters all weights were kept, and not those of rows alone.
            let gradient = parameter.count <= KeptWeights.most ? parameter.grad : parameter.gradElements
            if let gradient, theirs.contains(identity) || used[identity] == nil { used[identity] = gradient }
        }
        steppedWithoutGradients = used.isEmpty
    }

    private mutating func keep(_ parameter: Parameter) {
        kept[ObjectIdentifier(parameter)] = KeptWeights(parameter)
    }

    private var gradientNorm: Double {
        parameters.reduce(0) { $0 + ($1.parameter.gradElements?.sumOfSquares ?? 0) }.squareRoot()
    }

    /// The gradient that the optimizer used, or that is there where none has stepped.
    func gradient(of parameter: Parameter) -> Tensor? { used[ObjectIdentifier(parameter)] ?? parameter.gradElements }

    // MARK: What came of it

    /// What a step did to one parameter, as squares of norms; measured once, because each is a pass over memory.
    private struct ParameterStep {
        /// Of the weights before the step, and of their change; the latter is `nil` where it is not known.
        var weight: Double
        var change: Double?
        /// Of the gradient that the optimizer used; `nil` without one.
        var gradient: Double?
        /// Of the part of the gradient that belongs to what was kept of the weights, and its product with the change.
        var gradientPart = 0.0
        var product = 0.0
    }

    /// Measures gradients and weights as they are after the step.
    mutating func noteEnd() {
        for (_, parameter) in parameters { outcomes[ObjectIdentifier(parameter)] = outcome(of: parameter) }
    }

    private func outcome(of parameter: Parameter) -> ParameterStep {
        let gradient = gradient(of: parameter)
        let size = gradient?.sumOfSquares
        guard let before = kept[ObjectIdentifier(parameter)] else {
            return ParameterStep(weight: parameter.detach().sumOfSquares, gradient: size)
        }
        var outcome = ParameterStep(weight: before.sumOfSquares, gradient: size)
        guard parameter.requiresGrad else { return outcome }
        let change = before.change(of: parameter)
        outcome.change = change.sumOfSquares
        if let gradient, let part = before.part(ofGradient: gradient) {
            outcome.product = (change * part).sum().item()
            outcome.gradientPart = part.count == gradient.count ? size ?? 0 : part.sumOfSquares
        }
        return outcome
    }

    /// Of parameters together: the norms before the step, of their change, and of their gradients; the latter two are
    /// `nil` where they are not known.
    func norms(
        of parameters: [(name: String, parameter: Parameter)]
    ) -> (
        weight: Double, change: Double?, gradient: Double?
    ) {
        let steps = parameters.compactMap { outcomes[ObjectIdentifier($0.parameter)] }
        func norm(_ squares: [Double]) -> Double? { squares.isEmpty ? nil : squares.reduce(0, +).squareRoot() }
        return (norm(steps.map(\.weight)) ?? 0, norm(steps.compactMap(\.change)), norm(steps.compactMap(\.gradient)))
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
        let whole = norms(of: parameters)
        let gradient = (whole.gradient ?? 0).recorded
        return OptimizerRecord(
            name: "\(type(of: first))", unclipped: unclipped?.recorded, clipped: clipped ? gradient : nil,
            stale: left.recorded, gradient: gradient, decay: decayShare(step: whole.change ?? 0).recorded,
            descent: descent?.recorded, momentum: group.momentum, weightDecay: group.weightDecay,
            absent: absent.map(\.name), foreign: theirs.subtracting(ours).count,
            omission: steppedWithoutGradients ? (hasWalkedBack ? .gradientsForgotten : .notDifferentiated) : nil)
    }

    /// The cosine between the step and the way down the gradient.
    private var descent: Double? {
        let steps = parameters.compactMap { outcomes[ObjectIdentifier($0.parameter)] }.filter { $0.change != nil }
        let step = steps.reduce(0) { $0 + ($1.change ?? 0) }
        let norms = (step * steps.reduce(0) { $0 + $1.gradientPart }).squareRoot()
        return norms > 0 && norms.isFinite ? -steps.reduce(0) { $0 + $1.product } / norms : nil
    }

    /// The share of the step that is weight decay: of the weights' change where it acts on them, and else of the
    /// gradient.
    private func decayShare(step: Double) -> Double {
        var (decay, pull) = (0.0, 0.0)
        for optimizer in optimizers {
            let isDirect = optimizer is AdamW || optimizer is Lion || optimizer is Muon
            for group in optimizer.groups where group.weightDecay > 0 {
                for (_, parameter) in group.parameters {
                    guard let outcome = outcomes[ObjectIdentifier(parameter)], outcome.change != nil else { continue }
                    let strength = group.weightDecay * (isDirect ? group.learningRate : 1)
                    decay += strength * strength * outcome.weight
                    if !isDirect { pull += outcome.gradient ?? 0 }
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
    /// How many elements are kept of a parameter: enough to tell of all, and few beside the passes that a step makes.
    static let most = 1 << 16
    private let values: Tensor
    private let rows: Tensor?
    /// How much larger the whole is than what is kept; 1 of rows, which stand for themselves.
    private let factor: Double

    init(_ parameter: Parameter) {
        let width = parameter.count / max(1, parameter.shape.first ?? 1)
        let most = max(1, Self.most / max(1, width))
        if let gradient = parameter.gradRows {
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

    /// The part of a gradient that belongs to what was kept, scaled as the change is; `nil` where it has another shape.
    func part(ofGradient gradient: Tensor) -> Tensor? {
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
