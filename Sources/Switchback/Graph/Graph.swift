/// The graph that backpropagation walks: the operations that produced a tensor, down to its leaves, with shapes, the
/// layers they ran in and, for small tensors, values and gradients.
///
/// ```swift
/// let w = Tensor([2.0], requiresGrad: true)
/// let loss = (w * Tensor([3.0]) - 10.0).pow(2)
/// print(loss.graph)
/// ```
///
/// `text` lists it, `dot` is a program for Graphviz, and `svg` an image that needs no program.
public struct Graph: Sendable {
    /// An operation, or where it all begins.
    public struct Node: Sendable {
        public enum Kind: Sendable {
            case operation
            /// A tensor that requires a gradient, such as a parameter.
            case leaf
            /// A tensor without a gradient that an operation keeps, such as an input or a frozen parameter.
            case constant
        }

        public let kind: Kind
        /// The name of the operation; `leaf` or `constant`.
        public let operation: String
        /// The name of the tensor: the path of a parameter, or the caller's name.
        public let name: String?
        /// The path of the layer that the operation ran in; empty outside of layers.
        public let module: String
        public let shape: Shape
        public let dtype: DType
        /// The elements, if there are at most four.
        public let values: [Float]
        /// How the result of the graph changes with each of them; empty where that is not known.
        public let gradients: [Float]
        /// Its inputs.
        public let inputs: [Input]
    }

    /// A result of another node.
    public struct Input: Sendable, Equatable {
        /// The position of that node among `nodes`.
        public let node: Int
        /// Which of its results.
        public let output: Int
    }

    /// Every node after those that it was computed from; the last one is the tensor itself.
    public let nodes: [Node]
    /// How many nodes, those furthest from the result, are omitted because there are too many.
    public let omittedCount: Int
    /// Whether `backward()` has freed the graph, so that all but the last operation is lost.
    public let isFreed: Bool

    /// The graph of a tensor.
    ///
    /// Gradients are found by a walk of its own, which changes no `grad` and runs no hook; there are none if the result
    /// has more than one element or a part of the graph was made by `checkpoint`.
    ///
    /// - Parameters:
    ///   - names: what tensors are called that are not parameters of a module.
    ///   - limit: how many nodes are kept, those nearest to the result.
    ///   - withGradients: whether gradients are looked for; a walk takes as long as `backward()`.
    public init(
        of result: Tensor, names: KeyValuePairs<String, Tensor> = [:], limit: Int = 1000, withGradients: Bool = true
    ) {
        self = GraphReader(result, names: names, limit: limit, withGradients: withGradients).graph
    }

    init(nodes: [Node], omittedCount: Int, isFreed: Bool) {
        (self.nodes, self.omittedCount, self.isFreed) = (nodes, omittedCount, isFreed)
    }

    /// A description of what is missing; empty if nothing is.
    var remarks: [String] {
        var remarks: [String] = []
        if omittedCount > 0 { remarks.append("left out: the \(omittedCount) nodes furthest from the result") }
        if isFreed {
            remarks.append("freed by backward(): ask for the graph before it, or pass retainGraph: true to it")
        }
        return remarks
    }
}

extension Tensor {
    /// The operations that this tensor was computed by. See `Graph`.
    public final var graph: Graph { Graph(of: self) }
}
