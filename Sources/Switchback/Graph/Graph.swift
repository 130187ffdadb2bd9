/// The graph that backpropagation walks: the operations that produced a tensor, down to its leaves, with shapes, the
/// layers they ran in and, for small tensors, values and gradients.
///
/// ```swift
/// let w = Tensor([2.0], requiresGrad: true)
/// let loss = (w * Tensor([3.0]) - 10.0).pow(2)
/// print(loss.graph)
/// ```
///
/// `Graph(of: loss, model: model)` shows layers as boxes, and the parts of the model that are missing.
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
        /// What observers distinguish operations by.
        public let function: OperationName.Kind
        /// The activation that the operation's kernel applied to its own result.
        public let activation: OperationName?
        /// The path of the layer that the operation ran in; empty outside of layers.
        public let module: String
        /// The type of that layer: `Conv2d`.
        public let moduleType: String
        /// Whether it is a parameter that the model computes with, but does not list among its own: it is neither saved
        /// nor given to an optimizer. Known where a model was given.
        public let isForeign: Bool
        /// Of a constant that `detach()` made, the layer or operation whose result it is.
        public let detachedFrom: String?
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

    /// Parameters of one layer that the result does not depend on.
    public struct UnreachedLayer: Sendable, Equatable {
        /// The layer's path; "" is the model itself.
        public let path: String
        /// The layer's type.
        public let type: String
        /// The names of the parameters within the layer.
        public let parameters: [String]
    }

    /// Every node after those that it was computed from; the last one is the tensor itself.
    public let nodes: [Node]
    /// How many nodes, those furthest from the result, are omitted because there are too many.
    public let omittedCount: Int
    /// Whether `backward()` has freed the graph, so that all but the last operation is lost.
    public let isFreed: Bool
    /// The trained parameters of the model that the result does not depend on, layer by layer; empty without a model.
    public let unreached: [UnreachedLayer]
    /// The paths of the layers that have parameters of their own, where a model was given: each is drawn as one box.
    let layers: Set<String>

    /// The graph of a tensor.
    ///
    /// Gradients are found by a walk of its own, which changes no `grad` and runs no hook; there are none if the result
    /// has more than one element or a part of the graph was made by `checkpoint`.
    ///
    /// - Parameters:
    ///   - model: whose layers are drawn as boxes with their names, and whose parameters that the result does not depend
    ///     on are listed as `unreached`.
    ///   - names: what tensors are called that are not parameters of a module.
    ///   - limit: how many nodes are kept, those nearest to the result.
    ///   - withGradients: whether gradients are looked for; a walk takes as long as `backward()`.
    public init(
        of result: Tensor, model: Module? = nil, names: KeyValuePairs<String, Tensor> = [:], limit: Int = 1000,
        withGradients: Bool = true
    ) {
        self = GraphReader(result, model: model, names: names, limit: limit, withGradients: withGradients).graph
    }

    init(nodes: [Node], omittedCount: Int, isFreed: Bool, unreached: [UnreachedLayer], layers: Set<String>) {
        (self.nodes, self.omittedCount, self.isFreed) = (nodes, omittedCount, isFreed)
        (self.unreached, self.layers) = (unreached, layers)
    }

    /// What drawings leave out; empty if nothing is.
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

extension Graph.UnreachedLayer {
    /// As messages name it: `fc1 (Linear)`.
    public var name: String { path.isEmpty ? "the model itself (\(type))" : "\(path) (\(type))" }
}
