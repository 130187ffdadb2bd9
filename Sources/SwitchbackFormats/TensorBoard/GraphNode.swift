import Foundation
import Switchback

/// A node of the graph that TensorBoard draws. Nodes whose names begin alike up to a slash are drawn as one box.
public struct GraphNode: Sendable, Equatable {
    /// `backbone/conv/conv2d`; unique in its graph.
    public let name: String
    /// The operation: `conv2d`.
    public let operation: String
    /// The names of the nodes whose results it takes.
    public let inputs: [String]
    /// The shape of the result; `nil` if it is not known.
    public let shape: Shape?

    public init(name: String, operation: String, inputs: [String] = [], shape: Shape? = nil) {
        (self.name, self.operation, self.inputs, self.shape) = (name, operation, inputs, shape)
    }

    /// What stands in the attribute under which TensorBoard looks for shapes.
    private static let shapeAttribute = "_output_shapes"

    static func list(serialized bytes: Data) throws -> [GraphNode] {
        try TensorBoardGraphDef(serializedBytes: bytes).node.map { node in
            let sizes = node.attr[shapeAttribute]?.list.shape.first?.dim.map { Int($0.size) }
            let shape = sizes.flatMap { $0.count <= Shape.maximumRank ? Shape($0) : nil }
            return GraphNode(name: node.name, operation: node.op, inputs: node.input, shape: shape)
        }
    }

    static func serialized(_ nodes: [GraphNode]) throws -> Data {
        let graph = TensorBoardGraphDef.with {
            $0.node = nodes.map(\.message)
            $0.versions.producer = 22
        }
        return try graph.serializedBytes()
    }

    private var message: TensorBoardNodeDef {
        .with {
            ($0.name, $0.op, $0.input) = (name, operation, inputs)
            guard let shape else { return }
            let sizes = shape.map { size in TensorBoardTensorShape.Dim.with { $0.size = Int64(size) } }
            $0.attr[Self.shapeAttribute] = .with { $0.list.shape = [.with { $0.dim = sizes }] }
        }
    }
}
