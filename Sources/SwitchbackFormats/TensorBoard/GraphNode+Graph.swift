import Switchback

extension GraphNode {
    /// The nodes of a graph for `TensorBoardWriter.graph`: operations and parameters in the boxes of their layers.
    public static func list(of graph: Graph) -> [GraphNode] {
        var used: [String: Int] = [:]
        var names: [String] = []
        return graph.nodes.map { node in
            let path = node.path.split(separator: ".").joined(separator: "/")
            let number = used[path, default: 0]
            used[path] = number + 1
            names.append(number == 0 ? path : "\(path)_\(number)")
            let inputs = node.inputs.map { input in
                input.output == 0 ? names[input.node] : "\(names[input.node]):\(input.output)"
            }
            return GraphNode(
                name: names[names.count - 1], operation: node.operation, inputs: inputs, shape: node.shape)
        }
    }
}

extension Graph.Node {
    /// `layer1.0.conv1.conv2d`, or the name of a parameter.
    fileprivate var path: String {
        if kind != .operation { return name ?? operation }
        return module.isEmpty ? operation : "\(module).\(operation)"
    }
}
