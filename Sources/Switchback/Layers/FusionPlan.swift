/// Which convolutions of a model absorb the normalization after them, and with which filters.
struct FusionPlan {
    /// A convolution and what is folded into it.
    struct Chain {
        let filters: Filters
        let normalization: BatchNorm2d
        /// The module that the convolution's epilogue stands for; `nil` if none follows.
        var activation: Module?
    }

    private(set) var chains: [ObjectIdentifier: Chain] = [:]

    var count: Int { chains.count }

    /// Every convolution that a normalization follows in the definition of its module, if both occur once and no hook
    /// waits for what lies between them.
    init(for model: Module) {
        let modules = model.namedModules().map(\.module)
        let uses = Dictionary(modules.map { (ObjectIdentifier($0), 1) }, uniquingKeysWith: +)
        func isFree(_ module: Module) -> Bool { uses[ObjectIdentifier(module)] == 1 && module.hooks.isEmpty }
        for module in modules {
            let parts = module.namedParts().compactMap { _, part -> Module? in
                if case .module(let part) = part { part } else { nil }
            }
            for (position, pair) in zip(parts, parts.dropFirst()).enumerated() {
                guard let convolution = pair.0 as? Conv2d, let normalization = pair.1 as? BatchNorm2d,
                    isFree(convolution), isFree(normalization),
                    let filters = normalization.folded(into: convolution)
                else { continue }
                let next = position + 2 < parts.count ? parts[position + 2] : nil
                let activation = next.flatMap { $0.fusedForm != nil && isFree($0) ? $0 : nil }
                chains[ObjectIdentifier(convolution)] = Chain(
                    filters: filters, normalization: normalization, activation: activation)
            }
        }
    }

    /// Folds less into convolutions whose output turned out to be used otherwise: first the activation no longer, which
    /// may be that of several places, and then the normalization neither.
    mutating func loosen(_ convolutions: Set<ObjectIdentifier>) {
        for convolution in convolutions {
            if chains[convolution]?.activation != nil {
                chains[convolution]?.activation = nil
            } else {
                chains[convolution] = nil
            }
        }
    }
}

extension BatchNorm2d {
    /// The filters of a convolution that also does what this layer does outside training; `nil` if that does not
    /// suit it, or the batch's own statistics are used.
    fileprivate func folded(into convolution: Conv2d) -> Filters? {
        noGrad {
            guard let (scale, shift) = scaleAndShift(), scale.count == convolution.weight.size(0) else { return nil }
            let dtype = convolution.weight.dtype
            let weight = (convolution.weight.to(.float64) * scale.reshape([-1, 1, 1, 1])).to(dtype)
            let bias = (convolution.bias?.to(.float64)).map { $0 * scale + shift } ?? shift
            let laidOut = weight.backend.layOutFilters(weight.array, groups: convolution.groups)
            return Filters(weight: weight, bias: bias.to(dtype), laidOut: laidOut)
        }
    }
}

/// One run of a fused model: what its layers ask, and a watch that nothing else sees what lies between the layers of a
/// chain, which is not what the model computes there.
final class FusionPass: OperationObserver {
    private let plan: FusionPlan
    private let chainOfNormalization: [ObjectIdentifier: ObjectIdentifier]
    private let chainOfActivation: [ObjectIdentifier: ObjectIdentifier]
    /// The convolutions whose output was not used as planned.
    private(set) var misfits: Set<ObjectIdentifier> = []
    /// How many outputs of each convolution have not reached the end of its chain.
    private var pending: [ObjectIdentifier: Int] = [:]

    /// Marks a tensor inside a chain. It stands where the graph would be, which a run of a fused model does not record.
    private final class Mark: Node {
        enum Stage { case convolved, normalized }

        let convolution: ObjectIdentifier
        let stage: Stage

        init(_ convolution: ObjectIdentifier, _ stage: Stage, on array: NDArray) {
            self.convolution = convolution
            self.stage = stage
            super.init(name: "fused convolution", edges: ShortList(), output: array)
        }
    }

    init(_ plan: FusionPlan) {
        self.plan = plan
        chainOfNormalization = Dictionary(
            uniqueKeysWithValues: plan.chains.map { (ObjectIdentifier($1.normalization), $0) })
        chainOfActivation = Dictionary(
            uniqueKeysWithValues: plan.chains.compactMap { id, chain in
                chain.activation.map { (ObjectIdentifier($0), id) }
            })
    }

    /// The pass that is under way on this thread.
    static var current: FusionPass? { ThreadState.current.observer(FusionPass.self) }

    /// Runs `body`, whose layers then find this pass.
    func run<Result>(_ body: () throws -> Result) rethrows -> Result {
        let result = try ThreadState.current.observed(by: self) { try noGrad(body) }
        misfits.formUnion(pending.filter { $0.value != 0 }.keys)
        return result
    }

    // MARK: What layers ask

    /// The filters of a convolution that the normalization is folded into; `nil` if it is not.
    func filters(of convolution: Conv2d, normalizedBy normalization: BatchNorm2d) -> Filters? {
        guard let chain = plan.chains[ObjectIdentifier(convolution)], chain.normalization === normalization else {
            return nil
        }
        return chain.filters
    }

    /// The output of a convolution that its normalization is folded into; `nil` if it has none, or something else is
    /// to follow it at once.
    func output(
        of convolution: Conv2d, followedBy activation: FusedActivation, adding residual: Tensor?,
        _ compute: (Filters, FusedActivation) -> Tensor
    ) -> Tensor? {
        let id = ObjectIdentifier(convolution)
        guard let chain = plan.chains[id] else { return nil }
        guard activation == .none && residual == nil else {
            misfits.insert(id)
            return nil
        }
        pending[id, default: 0] += 1
        return marked(compute(chain.filters, chain.activation?.fusedForm ?? .none), id, .convolved)
    }

    /// The output of a normalization that is folded into the convolution that made `input`, with what follows it;
    /// `nil` if it is not.
    func output(
        of normalization: BatchNorm, _ input: Tensor, followedBy activation: FusedActivation, adding residual: Tensor?
    ) -> Tensor? {
        guard let id = chainOfNormalization[ObjectIdentifier(normalization)], let chain = plan.chains[id] else {
            return nil
        }
        // What the convolution has applied already must be what follows here.
        let applied = chain.activation?.fusedForm
        let fits = applied == nil || (residual == nil && (activation == .none || activation == applied))
        guard fits, isMarked(input, id, .convolved) else {
            misfits.insert(id)
            return nil
        }
        if applied != nil && activation == .none { return marked(input, id, .normalized) }
        pending[id, default: 0] -= 1
        let output = Tensor(input.array)
        if applied != nil { return output }
        return (residual.map { output + $0 } ?? output).activated(activation)
    }

    /// The output of an activation that is folded into the convolution that made `input`; `nil` if it is not.
    func output(of activation: Module, _ input: Tensor) -> Tensor? {
        guard let id = chainOfActivation[ObjectIdentifier(activation)] else { return nil }
        guard isMarked(input, id, .normalized) else {
            misfits.insert(id)
            return nil
        }
        pending[id, default: 0] -= 1
        return Tensor(input.array)
    }

    /// The operands of an operation: those inside a chain are not for it.
    func computed(_ outputs: [NDArray], by operation: OperationName, from inputs: [Tensor]) {
        for case let mark as Mark in inputs.lazy.map(\.node) { misfits.insert(mark.convolution) }
    }

    private func marked(_ tensor: Tensor, _ id: ObjectIdentifier, _ stage: Mark.Stage) -> Tensor {
        Tensor(tensor.array, node: Mark(id, stage, on: tensor.array))
    }

    private func isMarked(_ tensor: Tensor, _ id: ObjectIdentifier, _ stage: Mark.Stage) -> Bool {
        guard let mark = tensor.node as? Mark else { return false }
        return mark.convolution == id && mark.stage == stage
    }
}
