import Switchback

/// How `ONNX.export` writes a file.
public struct ONNXOptions: Sendable {
    /// The version of ONNX's operators: programs that run the file must know it.
    public var operatorSet = 17
    /// The dimensions of the inputs whose size is left open, the batch first.
    public var freeDimensions = [FreeDimension.batch]
    /// Whether layers compute, and keep their weights, in float16. What lies between and behind layers stays in float32,
    /// and so do inputs and outputs.
    public var isHalf = false

    public init() {}

    /// The versions that can be written.
    public static let operatorSets = 14...20

    /// The version of the file format that came with a version of the operators.
    var formatVersion: Int64 { operatorSet < 15 ? 7 : operatorSet < 19 ? 8 : 9 }

    func check() throws {
        guard Self.operatorSets.contains(operatorSet) else {
            throw InputError(
                ONNXExporter.subject, "opset \(operatorSet) is not written",
                remedy: "choose one from \(Self.operatorSets.lowerBound) to \(Self.operatorSets.upperBound)")
        }
    }
}

/// A dimension of the inputs whose size is left open in a file.
public struct FreeDimension: Hashable, Sendable {
    /// What programs that read the file call the size.
    public let name: String
    /// Which dimension of the inputs it is; those that do not have it stay as they are.
    public let dim: Int
    /// The size is a multiple of this.
    public let unit: Int

    /// - Parameter unit: what the size is a multiple of, such as the stride of a network.
    public init(_ name: String, dim: Int, unit: Int = 1) {
        (self.name, self.dim, self.unit) = (name, dim, unit)
    }

    /// The first dimension of every input.
    public static let batch = FreeDimension("batch", dim: 0)

    /// Two sizes, in units, with which a program is followed. They must be told from sizes that only happen to be
    /// equal, and not be 1, along which tensors are repeated.
    static let samples = (3, 5)
}
