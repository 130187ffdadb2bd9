/// What an operation is called, by messages, measurements and images of the graph: the name that the user typed, such
/// as `conv2d`. A string literal is one.
///
/// Whoever treats an operation differently from others asks for its `kind`, not for its text.
public struct OperationName: ExpressibleByStringLiteral, CustomStringConvertible, Sendable {
    /// The kinds of operations that observers distinguish.
    public enum Kind: Sendable {
        case other
        /// Each result is a sum of products over the operands' inner dimension.
        case product
        case convolution, convolutionInputGradient, convolutionWeightGradient
        case attention
        /// The activations, in which units die or saturate.
        case relu, relu6, leakyReLU, sigmoid, tanh, hardtanh, hardsigmoid, softsign
        case elu, celu, selu, gelu, silu, mish, hardswish
        case softmax, logSoftmax
        /// Writes given numbers into some places.
        case filling
        case dropout, batchNorm
        /// The same elements in another shape, order, type or memory.
        case arrangement
        /// Runs the user's code again on the way back.
        case checkpoint
    }

    public let text: StaticString
    public let kind: Kind

    public init(_ text: StaticString, _ kind: Kind) {
        self.text = text
        self.kind = kind
    }

    public init(stringLiteral text: StaticString) { self.init(text, .other) }

    public var description: String { "\(text)" }
}

extension OperationName {
    static var matmul: Self { Self("matmul", .product) }
    static var linear: Self { Self("linear", .product) }
    static var conv2d: Self { Self("conv2d", .convolution) }
    static var conv2dInputGradient: Self { Self("conv2d input gradient", .convolutionInputGradient) }
    static var conv2dWeightGradient: Self { Self("conv2d weight gradient", .convolutionWeightGradient) }
    static var scaledDotProductAttention: Self { Self("scaledDotProductAttention", .attention) }
    static var relu: Self { Self("relu", .relu) }
    static var relu6: Self { Self("relu6", .relu6) }
    static var silu: Self { Self("silu", .silu) }
    static var sigmoid: Self { Self("sigmoid", .sigmoid) }
    static var tanh: Self { Self("tanh", .tanh) }
    static var softmax: Self { Self("softmax", .softmax) }
    static var logSoftmax: Self { Self("logSoftmax", .logSoftmax) }
    static var dropout: Self { Self("dropout", .dropout) }
    static var dropout2d: Self { Self("dropout2d", .dropout) }
    static var batchNorm: Self { Self("batchNorm", .batchNorm) }
    static var reshape: Self { Self("reshape", .arrangement) }
    static var view: Self { Self("view", .arrangement) }
    static var squeeze: Self { Self("squeeze", .arrangement) }
    static var unsqueeze: Self { Self("unsqueeze", .arrangement) }
    static var permute: Self { Self("permute", .arrangement) }
    static var transpose: Self { Self("transpose", .arrangement) }
    static var contiguous: Self { Self("contiguous", .arrangement) }
    static var clone: Self { Self("clone", .arrangement) }
    static var conversion: Self { Self("to", .arrangement) }
    static var checkpoint: Self { Self("checkpoint", .checkpoint) }
}
