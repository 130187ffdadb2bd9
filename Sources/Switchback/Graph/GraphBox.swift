/// A node as it is drawn.
struct GraphBox {
    enum Kind { case operation, leaf, constant, result }

    let kind: Kind
    let title: String
    /// Below the title.
    let lines: [String]
    /// Positions among the boxes.
    let inputs: [Int]

    /// How many nodes are drawn one by one; in larger graphs, parameters stand in the box of the operation they serve.
    private static let detailLimit = 40

    /// The boxes of a graph, each after its inputs.
    static func boxes(of graph: Graph) -> [GraphBox] {
        let folded = graph.nodes.count > detailLimit ? servants(of: graph) : []
        var positions: [Int: Int] = [:]
        var boxes: [GraphBox] = []
        for (number, node) in graph.nodes.enumerated() where !folded.contains(number) {
            positions[number] = boxes.count
            let served = node.inputs.filter { folded.contains($0.node) }.map { graph.nodes[$0.node] }
            boxes.append(
                GraphBox(
                    node, isResult: number == graph.nodes.count - 1, served: served,
                    inputs: node.inputs.compactMap { positions[$0.node] }))
        }
        return boxes
    }

    /// The leaves, and the constants that have a name, that one operation uses alone.
    private static func servants(of graph: Graph) -> Set<Int> {
        var uses = [Int](repeating: 0, count: graph.nodes.count)
        for node in graph.nodes { for input in node.inputs { uses[input.node] += 1 } }
        return Set(
            graph.nodes.indices.filter { number in
                let node = graph.nodes[number]
                return uses[number] == 1 && (node.kind == .leaf || (node.kind == .constant && node.name != nil))
            })
    }

    private init(_ node: Graph.Node, isResult: Bool, served: [Graph.Node], inputs: [Int]) {
        switch node.kind {
        case .operation: kind = isResult ? .result : .operation
        case .leaf: kind = .leaf
        case .constant: kind = .constant
        }
        title = node.kind == .operation ? node.operation : node.name ?? node.operation
        var lines: [String] = []
        if node.kind == .operation, let name = node.name { lines.append(name) }
        if !node.module.isEmpty { lines.append(node.module) }
        for servant in served {
            let name = servant.name ?? servant.operation
            lines.append("\(Self.shortened(name, in: node.module)) \(servant.form)")
        }
        lines.append(served.isEmpty ? node.form : "→ \(node.form)")
        lines += [node.valueText, node.gradientText].compactMap { $0 }
        self.lines = lines
        self.inputs = inputs
    }

    /// A parameter's name without the path of its layer.
    private static func shortened(_ name: String, in module: String) -> String {
        name.hasPrefix(module + ".") ? String(name.dropFirst(module.count + 1)) : name
    }
}
