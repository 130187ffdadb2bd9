/// Updates parameters along their gradients to reduce the loss.
///
/// ```swift
/// let optimizer = AdamW(model, learningRate: 1e-3)
/// loss.backward()
/// optimizer.step()
/// optimizer.zeroGrad()
/// ```
///
/// A subclass defines `update`, the step of one parameter; the rest (groups, state, saving) is here. Parameters that
/// have no gradient, or do not require one, are left alone.
open class Optimizer: RunningOptimizer {
    /// A group of parameters with every option decided. Schedules change the options between steps.
    public struct Group {
        public let parameters: [(name: String, parameter: Parameter)]
        public var learningRate: Double
        /// The learning rate at the start, which schedules multiply.
        public internal(set) var initialLearningRate: Double
        /// How much of the past stays in the running average of gradients: β₁ of Adam and its kin.
        public var momentum: Double
        public var weightDecay: Double
    }

    public final var groups: [Group]
    /// Whether steps go up the gradient instead of down.
    public let maximizes: Bool
    /// The state of each parameter, by name.
    final var states: [String: ParameterState] = [:]
    private var hasStepped = false

    /// - Parameters:
    ///   - parameters: a module, parameters, or groups with options of their own.
    ///   - learningRate, momentum, weightDecay: the options of groups that have none of their own.
    public init(
        _ parameters: some ParameterSource, learningRate: Double, momentum: Double = 0, weightDecay: Double = 0,
        maximizes: Bool = false
    ) {
        var usedNames = Set<String>()
        var seen = Set<ObjectIdentifier>()
        groups = parameters.parameterGroups.map { group in
            let named = group.parameters.map { name, parameter in
                require(
                    seen.insert(ObjectIdentifier(parameter)).inserted, "\(Self.self)",
                    "the parameter \(name) of shape \(parameter.shape) is in the groups twice")
                var unique = name.isEmpty ? "\(usedNames.count)" : name
                while !usedNames.insert(unique).inserted { unique += "'" }
                return (unique, parameter)
            }
            let rate = group.learningRate ?? learningRate
            return Group(
                parameters: named, learningRate: rate, initialLearningRate: rate,
                momentum: group.momentum ?? momentum, weightDecay: group.weightDecay ?? weightDecay)
        }
        self.maximizes = maximizes
        for group in groups { Self.check(group) }
    }

    private static func check(_ group: Group) {
        require(group.learningRate >= 0, "\(self)", "the learning rate must not be negative: \(group.learningRate)")
        require(group.momentum >= 0, "\(self)", "the momentum must not be negative: \(group.momentum)")
        require(group.weightDecay >= 0, "\(self)", "the weight decay must not be negative: \(group.weightDecay)")
    }

    /// The learning rate of the first group; setting it sets that of all groups.
    public final var learningRate: Double {
        get { groups.first?.learningRate ?? 0 }
        set { for i in groups.indices { groups[i].learningRate = newValue } }
    }

    /// The value that a parameter takes instead of its present one: a tensor of its shape, or `parameter` itself
    /// where a kernel has changed it in place. Runs without recording operations.
    ///
    /// - Parameters:
    ///   - gradient: of the loss with respect to the parameter, in its element type.
    ///   - state: what earlier steps left; `state.step` already counts this one.
    ///   - group: the options.
    open func update(
        _ parameter: Tensor, gradient: Tensor, state: inout ParameterState, group: Group
    ) -> Tensor {
        fail("\(type(of: self))", "does not define update(_:gradient:state:group:)")
    }

    /// Makes the step of a table of which only some rows have a gradient, where that leaves the others alone: changes
    /// those rows in place, and returns `true`. What is not overridden returns `false`, and `update` is given the whole
    /// gradient.
    ///
    /// - Parameters: as those of `update`.
    open func updateRows(
        _ parameter: Tensor, gradient: RowGradient, state: inout ParameterState, group: Group
    ) -> Bool { false }

    /// Updates every parameter that has a gradient.
    public final func step() {
        if !hasStepped { warnOfMissingGradients() }
        hasStepped = true
        ThreadState.observing(.optimizerStep(self)) {
            noGrad { updateParameters() }
        }
    }

    private func updateParameters() {
        for group in groups {
            for (name, parameter) in group.parameters where parameter.requiresGrad {
                guard parameter.gradElements != nil else { continue }
                step(parameter, state: &states[name, default: ParameterState()], group)
            }
        }
    }

    private func step(_ parameter: Parameter, state: inout ParameterState, _ group: Group) {
        state.step += 1
        state.follow(parameter)
        if let rows = parameter.rowGrad, updateRows(parameter, gradient: rows, state: &state, group: group) {
            parameter.array.storage.noteChange(by: "optimizer step")
            return
        }
        guard let gradient = parameter.grad else { return }
        let value = update(parameter, gradient: gradient.to(parameter.dtype), state: &state, group: group)
        if value === parameter {
            parameter.array.storage.noteChange(by: "optimizer step")
        } else {
            parameter.copy(from: value)
        }
    }

    /// The arrays that a step reads and writes: parameters, gradients and optimizer state.
    final var movedByteCount: Int {
        groups.flatMap(\.parameters).reduce(0) { sum, entry in
            guard entry.parameter.requiresGrad, entry.parameter.gradElements != nil else { return sum }
            let remembered = states[entry.name]?.tensors.values.reduce(0) { $0 + $1.array.occupiedBytes } ?? 0
            return sum + 3 * entry.parameter.array.occupiedBytes + 2 * remembered
        }
    }

    private func warnOfMissingGradients() {
        for (name, parameter) in groups.flatMap(\.parameters)
        where parameter.requiresGrad && parameter.gradElements == nil {
            Diagnostics.warn(
                "\(type(of: self)): the parameter \(name) of shape \(parameter.shape) received no gradient before the "
                    + "first step; if the loss is not meant to depend on it, freeze() it")
        }
    }

    /// Clears the gradients of the parameters.
    public final func zeroGrad() {
        for group in groups {
            for (_, parameter) in group.parameters { parameter.zeroGrad() }
        }
    }

    // MARK: What updates have in common

    /// The gradient toward a lower loss, with the weight decay as the gradient of a penalty λ/2·p² (L2).
    final func regularized(_ gradient: Tensor, of parameter: Tensor, _ group: Group) -> Tensor {
        let descent = maximizes ? -gradient : gradient
        return group.weightDecay == 0 ? descent : descent + parameter * group.weightDecay
    }

    /// The gradient toward a lower loss, with the weight decay in it unless that is decoupled.
    final func descent(_ gradient: Tensor, of parameter: Tensor, _ group: Group, decoupled: Bool) -> Tensor {
        if !decoupled { return regularized(gradient, of: parameter, group) }
        return maximizes ? -gradient : gradient
    }

    /// Runs `body` on the rows that a gradient has, of a parameter and of what is remembered of it, and puts them back.
    final func changeRows(_ gradient: RowGradient, of tensors: [Tensor], _ body: ([NDArray]) -> Void) {
        let index = gradient.rows.array
        let rows = tensors.map { tensor in
            let rows = NDArray(empty: gradient.values.shape, dtype: tensor.dtype, backend: tensor.backend)
            tensor.backend.indexSelect(tensor.array, dim: 0, index: index, into: rows)
            return rows
        }
        body(rows)
        for (tensor, rows) in zip(tensors, rows) {
            tensor.backend.indexCopy(tensor.array, dim: 0, index: index, source: rows)
        }
    }

    /// The parameter with the weight decay taken off directly, apart from the gradient (Loshchilov and Hutter, 2019).
    final func decayed(_ parameter: Tensor, _ group: Group) -> Tensor {
        group.weightDecay == 0 ? parameter : parameter * (1 - group.learningRate * group.weightDecay)
    }
}

/// What an optimizer keeps for one parameter from step to step.
public struct ParameterState {
    /// How many updates there were, with the one that is being made.
    public internal(set) var step = 0
    /// Moments, momentum buffers and the like, of the parameter's shape.
    public var tensors: [String: Tensor] = [:]
    public var numbers: [String: Double] = [:]

    /// The tensor of a name; before it is first set, one of the parameter's form in which every element is `initial`.
    public mutating func tensor(_ name: String, like parameter: Tensor, initial: Double = 0) -> Tensor {
        if let tensor = tensors[name] { return tensor }
        let array = parameter.array.emptyLike()
        array.backend.fill(array, with: initial, integer: Int64(initial))
        let tensor = Tensor(array)
        tensors[name] = tensor
        return tensor
    }

    /// Moves what is remembered to where the parameter lies now.
    fileprivate mutating func follow(_ parameter: Tensor) {
        for (name, tensor) in tensors where tensor.backend != parameter.backend {
            tensors[name] = tensor.to(parameter.backend)
        }
    }

    /// Moves the running average of a name toward `value`: `average + (1 - decay) * (value - average)`.
    public mutating func average(_ name: String, _ value: Tensor, decay: Double) -> Tensor {
        let average = tensor(name, like: value)
        let moved = average * decay + value * (1 - decay)
        tensors[name] = moved
        return moved
    }
}
