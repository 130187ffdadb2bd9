/// A programmer's error that ``catchingErrors(_:)`` caught: operands whose shapes or types do not fit, an index out of
/// range, a model that does not fit its input. Its description is the sentence that else ends the program.
public struct ShapeError: Error, Equatable, Sendable {
    /// The operation, as the user called it: `matmul`.
    public let operation: String
    /// What was found, with the shapes, and what was expected.
    public let problem: String
    /// The path of the layer whose `forward` was running: `head.fc`; "" outside of any.
    public let layer: String
}

extension ShapeError: CustomStringConvertible {
    public var description: String {
        let place = layer.isEmpty ? "" : " (in \(layer))"
        return "\(operation): \(problem)\(place)"
    }
}
