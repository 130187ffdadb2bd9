import Switchback

/// The measurements of one training step.
public struct StepRecord: Codable, Equatable, Sendable {
    /// Counted from 0, as the optimizer's steps are.
    public let step: Int
    public internal(set) var loss: Double
    /// The learning rate of the step; `nil` if it is not known.
    public internal(set) var rate: Double?
    /// In the order in which they were computed.
    public internal(set) var layers: [LayerRecord]
    /// The paths of the parameters that wanted a gradient and got none.
    public internal(set) var missing: [String]

    /// The norm of all gradients together, as the optimizer used them.
    public var gradient: Double {
        layers.reduce(0) { $0 + ($1.gradient ?? 0) * ($1.gradient ?? 0) }.squareRoot()
    }
}

/// What was measured of one layer in one step: of a module that has parameters of its own, and of the activation that
/// its output went into.
public struct LayerRecord: Codable, Equatable, Sendable {
    /// The module's path; "" is the model itself.
    public let layer: String
    /// The module's type: `Linear`.
    public let type: String
    /// The activation applied to its output: `relu`, `relu6`, `sigmoid` or `tanh`; `nil` for others and for none.
    public internal(set) var activation: String?
    /// The norm of the gradients of its parameters, as the optimizer used them; `nil` if there are none.
    public internal(set) var gradient: Double?
    /// The norm of the gradient of its output: what arrives here of the loss.
    public internal(set) var signal: Double?
    /// The norm of its parameters before the step.
    public internal(set) var weight: Double
    /// The norm of their change in the step, divided by `weight`; `nil` if they were not trained.
    public internal(set) var update: Double?
    /// Of its output's elements.
    public internal(set) var mean: Double?
    public internal(set) var std: Double?
    /// The share of units whose rectifier gave 0 for every example; `nil` without one.
    public internal(set) var dead: Double?
    /// The share of elements for which the sigmoid or tanh is so flat that less than a twentieth of its steepest slope
    /// is left; `nil` without one.
    public internal(set) var saturated: Double?

    /// As messages name it: `fc1 (Linear)`.
    public var name: String { layer.isEmpty ? "the model itself (\(type))" : "\(layer) (\(type))" }
}

extension Double {
    /// To five digits, which is what a record needs.
    var recorded: Double { isFinite ? (Double(String(format: "%.5g", self)) ?? self) : self }
}
