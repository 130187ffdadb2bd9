/// The complete state of an optimizer, for checkpoints.
public struct OptimizerState {
    /// The optimizer's type: `AdamW`.
    public var kind: String
    /// By parameter and role: `fc.weight/exp_avg`.
    public var tensors: [String: Tensor]
    /// Steps and the like by parameter (`fc.weight/step`), and the options of groups (`group 0/learning_rate`).
    public var numbers: [String: Double]

    public init(kind: String, tensors: [String: Tensor], numbers: [String: Double]) {
        self.kind = kind
        self.tensors = tensors
        self.numbers = numbers
    }
}

extension Optimizer {
    /// The state at this moment. Later steps may change its tensors: save them, or load them elsewhere, before.
    public final var state: OptimizerState {
        var result = OptimizerState(kind: "\(type(of: self))", tensors: [:], numbers: [:])
        for (index, group) in groups.enumerated() {
            for (name, option) in Group.savedOptions {
                result.numbers["group \(index)/\(name)"] = group[keyPath: option]
            }
        }
        for (parameter, state) in states {
            result.numbers["\(parameter)/step"] = Double(state.step)
            for (name, number) in state.numbers { result.numbers["\(parameter)/\(name)"] = number }
            for (name, tensor) in state.tensors { result.tensors["\(parameter)/\(name)"] = tensor }
        }
        return result
    }

    /// Continues from a saved state: the next steps are, to the last bit, those that the saved optimizer would make.
    ///
    /// - Throws: `InputError` if the state is of another type of optimizer, or of parameters with other names or
    ///   shapes; the optimizer is then unchanged.
    public final func load(_ saved: OptimizerState) throws {
        let kind = "\(type(of: self))"
        guard saved.kind == kind else {
            throw InputError("optimizer state", "it is of \(saved.kind), and this optimizer is \(kind)")
        }
        let groups = try self.groups.enumerated().map { index, group in
            var group = group
            for (name, option) in Group.savedOptions {
                group[keyPath: option] = try saved.number("group \(index)/\(name)")
            }
            return group
        }
        guard saved.numbers["group \(groups.count)/learning_rate"] == nil else {
            throw InputError("optimizer state", "it has more than the \(groups.count) groups of this optimizer")
        }
        states = try states(from: saved)
        self.groups = groups
    }

    /// The saved state of each parameter.
    private func states(from saved: OptimizerState) throws -> [String: ParameterState] {
        let parameters = Dictionary(
            uniqueKeysWithValues: groups.flatMap(\.parameters).map { ($0.name, $0.parameter) })
        var result: [String: ParameterState] = [:]
        func parameter(of key: String) throws -> (name: String, role: String, parameter: Parameter) {
            let separator = key.lastIndex(of: "/") ?? key.startIndex
            let name = String(key[..<separator])
            guard let parameter = parameters[name] else {
                throw InputError("optimizer state", at: key, "there is no parameter \(name) in this optimizer")
            }
            return (name, String(key[separator...].dropFirst()), parameter)
        }
        for (key, number) in saved.numbers where !key.hasPrefix("group ") {
            let (name, role, _) = try parameter(of: key)
            if role != "step" {
                result[name, default: ParameterState()].numbers[role] = number
            } else if let step = Int(exactly: number), step >= 0 {
                result[name, default: ParameterState()].step = step
            } else {
                throw InputError("optimizer state", at: key, "\(number) is not a number of steps")
            }
        }
        for (key, tensor) in saved.tensors {
            let (name, role, parameter) = try parameter(of: key)
            guard tensor.shape == parameter.shape else {
                throw InputError(
                    "optimizer state", at: key,
                    "its shape is \(tensor.shape), and the parameter \(name) has \(parameter.shape)")
            }
            // A copy in the parameter's memory order and type, which later steps may change.
            let array = parameter.array.emptyLike()
            tensor.array.copy(into: array)
            result[name, default: ParameterState()].tensors[role] = Tensor(array)
        }
        return result
    }
}

extension Optimizer.Group {
    fileprivate static var savedOptions: [(name: String, option: WritableKeyPath<Self, Double>)] {
        [
            ("learning_rate", \.learningRate), ("initial_learning_rate", \.initialLearningRate),
            ("momentum", \.momentum), ("weight_decay", \.weightDecay),
        ]
    }
}

extension OptimizerState {
    fileprivate func number(_ name: String) throws -> Double {
        guard let number = numbers[name] else { throw InputError("optimizer state", "it lacks \(name)") }
        return number
    }
}
