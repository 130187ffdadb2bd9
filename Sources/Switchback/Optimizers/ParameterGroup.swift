/// Parameters with common optimizer options.
///
/// ```swift
/// let optimizer = SGD(
///     [
///         ParameterGroup(model.namedParameters.filter { $0.parameter.rank > 1 }),
///         ParameterGroup(model.namedParameters.filter { $0.parameter.rank <= 1 }, weightDecay: 0),
///     ], learningRate: 0.01, momentum: 0.9, weightDecay: 5e-4)
/// ```
public struct ParameterGroup {
    public let parameters: [(name: String, parameter: Parameter)]
    /// Options that differ from the optimizer's; `nil` if they do not.
    public var learningRate, momentum, weightDecay: Double?

    /// Parameters with the names by which messages and checkpoints call them.
    public init(
        _ parameters: [(name: String, parameter: Parameter)], learningRate: Double? = nil, momentum: Double? = nil,
        weightDecay: Double? = nil
    ) {
        self.parameters = parameters
        self.learningRate = learningRate
        self.momentum = momentum
        self.weightDecay = weightDecay
    }

    /// Parameters without names: they are called by their position.
    public init(
        _ parameters: [Parameter], learningRate: Double? = nil, momentum: Double? = nil, weightDecay: Double? = nil
    ) {
        self.init(
            parameters.map { ("", $0) }, learningRate: learningRate, momentum: momentum, weightDecay: weightDecay)
    }

    fileprivate var hasOwnOptions: Bool { learningRate != nil || momentum != nil || weightDecay != nil }
}

/// What an optimizer can train: a module, parameters, or groups of them.
public protocol ParameterSource {
    var parameterGroups: [ParameterGroup] { get }
}

extension Module: ParameterSource {
    public final var parameterGroups: [ParameterGroup] { [ParameterGroup(namedParameters)] }
}

extension Parameter: ParameterSource {
    public var parameterGroups: [ParameterGroup] { [ParameterGroup([self])] }
}

extension ParameterGroup: ParameterSource {
    public var parameterGroups: [ParameterGroup] { [self] }
}

extension Array: ParameterSource where Element: ParameterSource {
    /// Neighbors without options of their own form one group.
    public var parameterGroups: [ParameterGroup] {
        var groups: [ParameterGroup] = []
        for group in flatMap(\.parameterGroups) {
            if let last = groups.last, !last.hasOwnOptions, !group.hasOwnOptions {
                groups[groups.count - 1] = ParameterGroup(last.parameters + group.parameters)
            } else {
                groups.append(group)
            }
        }
        return groups
    }
}
