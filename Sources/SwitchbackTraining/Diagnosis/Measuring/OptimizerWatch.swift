import Switchback

/// Watches what happens to parameters in one step: what gradients were there before, how they are clipped, and by how
/// much which optimizer changes the weights.
struct OptimizerWatch {
    private let parameters: [(name: String, parameter: Parameter)]
    private var kept: [ObjectIdentifier: KeptWeights] = [:]
    private var optimizers: [Optimizer] = []
    /// The gradients as the optimizer found them: loops may forget them right after its step.
    private var used: [ObjectIdentifier: WatchedGradient] = [:]
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
            let gradient = WatchedGradient(of: parameter, isWhole: parameter.count <= KeptWeights.most)
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
    func gradient(of parameter: Parameter) -> WatchedGradient? {
        used[ObjectIdentifier(parameter)] ?? WatchedGradient(of: parameter, isWhole: false)
    }

    // MARK: What came of it

    /// What a step did to one parameter, as squares of norms; measured once, because each is a pass over memory.
    private struct ParameterStep {
        /// Of the weights before the step, and of their change; the latter is `nil` where it is not known.
        var weight: Double
        var change: Double?
        /// Of the gradient that the optimizer used; `nil` without one.
        var gradient: Double?
        /// Of the part of the gradient that belongs to what was kept of the weights, `nil` where that is not known; and its
        /// product with the change.
        var gradientPart: Double? = 0
        var product = 0.0
    }

    /// Measures gradients and weights as they are after the step.
    mutating func noteEnd() {
        for (_, parameter) in parameters { outcomes[ObjectIdentifier(parameter)] = outcome(of: parameter) }
    }

    private func outcome(of parameter: Parameter) -> ParameterStep {
        let gradient = gradient(of: parameter)
        let size = gradient?.elements.sumOfSquares
        guard let before = kept[ObjectIdentifier(parameter)] else {
            return ParameterStep(weight: parameter.detach().sumOfSquares, gradient: size)
        }
        var outcome = ParameterStep(weight: before.sumOfSquares, gradient: size)
        guard parameter.requiresGrad else { return outcome }
        let change = before.change(of: parameter)
        outcome.change = change.sumOfSquares
        guard let gradient else { return outcome }
        let part = before.part(of: gradient)
        outcome.gradientPart = part.map { $0.count == gradient.elements.count ? size ?? 0 : $0.sumOfSquares }
        if let part { outcome.product = (change * part).sum().item() }
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
            opponents: optimizers.count { optimizer in
                optimizer.groups.allSatisfy {
                    $0.parameters.allSatisfy { !ours.contains(ObjectIdentifier($0.parameter)) }
                }
            },
            omission: steppedWithoutGradients ? (hasWalkedBack ? .gradientsForgotten : .notDifferentiated) : nil)
    }

    /// The cosine between the step and the way down the gradient.
    private var descent: Double? {
        let steps = parameters.compactMap { outcomes[ObjectIdentifier($0.parameter)] }.filter {
            $0.change != nil && $0.gradientPart != nil
        }
        let step = steps.reduce(0) { $0 + ($1.change ?? 0) }
        let norms = (step * steps.reduce(0) { $0 + ($1.gradientPart ?? 0) }).squareRoot()
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
