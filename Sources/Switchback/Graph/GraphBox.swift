/// A node as it is drawn, or several: those of a layer.
struct GraphBox {
    enum Kind {
        case operation, leaf, constant, result
        /// What should be in the graph and is not, or should not.
        case missing
    }

    let kind: Kind
    let title: String
    /// Below the title.
    let lines: [String]
    /// Positions among the boxes.
    let inputs: [Int]

    /// How many nodes are drawn one by one; in larger graphs, parameters stand in the box of the operation they serve.
    private static let detailLimit = 40
    /// How many layers that are missing are listed.
    private static let missingLimit = 16

    /// The boxes of a graph, each after its inputs.
    static func boxes(of graph: Graph) -> [GraphBox] {
        let areLayers = !graph.layers.isEmpty
        let folded = areLayers || graph.nodes.count > detailLimit ? servants(of: graph) : []
        let groups = areLayers ? layerGroups(of: graph) : graph.nodes.indices.map { [$0] }
        var positions: [Int: Int] = [:]
        var boxes: [GraphBox] = []
        for group in groups where !folded.contains(group[0]) {
            let nodes = group.map { graph.nodes[$0] }
            let inputs = nodes.flatMap(\.inputs).filter { !group.contains($0.node) }
            let served = inputs.filter { folded.contains($0.node) }.map { graph.nodes[$0.node] }
            boxes.append(
                GraphBox(
                    nodes, isLayer: graph.layers.contains(nodes[0].module),
                    isResult: group.contains(graph.nodes.count - 1), served: served,
                    inputs: inputs.compactMap { positions[$0.node] }))
            for number in group { positions[number] = boxes.count - 1 }
        }
        return boxes + (graph.unreached.isEmpty ? [] : [GraphBox(missing: graph.unreached)])
    }

    /// The operations of each layer that follow each other, and every other node by itself; each group after its
    /// inputs.
    ///
    /// An operation joins the group that all its operands come from. So no way leads out of a group and back into it,
    /// and what a group needs of other operations was there before its first one. Leaves come before all of them.
    private static func layerGroups(of graph: Graph) -> [[Int]] {
        var groups: [[Int]] = []
        var groupOf: [Int: Int] = [:]
        for (number, node) in graph.nodes.enumerated() {
            let operands = Set(
                node.inputs.filter { graph.nodes[$0.node].kind == .operation }.compactMap { groupOf[$0.node] })
            if let group = operands.first, operands.count == 1, graph.layers.contains(node.module),
                graph.nodes[groups[group][0]].module == node.module
            {
                groups[group].append(number)
                groupOf[number] = group
            } else {
                groupOf[number] = groups.count
                groups.append([number])
            }
        }
        func isOperation(_ group: [Int]) -> Bool { graph.nodes[group[0]].kind == .operation }
        return groups.filter { !isOperation($0) } + groups.filter(isOperation)
    }

    /// The leaves, and the constants that have a name, that one operation uses alone.
    private static func servants(of graph: Graph) -> Set<Int> {
        var uses = [Int](repeating: 0, count: graph.nodes.count)
        for node in graph.nodes { for input in node.inputs { uses[input.node] += 1 } }
        return Set(
            graph.nodes.indices.filter { number in
                let node = graph.nodes[number]
                guard uses[number] == 1, !node.isForeign else { return false }
                return node.kind == .leaf || (node.kind == .constant && node.name != nil)
            })
    }

    private init(missing layers: [Graph.UnreachedLayer]) {
        kind = .missing
        title = "not reached by the gradient"
        let more = layers.count - Self.missingLimit
        lines =
            layers.prefix(Self.missingLimit).map { "\($0.name): \($0.parameters.joined(separator: ", "))" }
            + (more > 0 ? ["and \(more.counted("other layer"))"] : [])
        inputs = []
    }

    private init(_ nodes: [Graph.Node], isLayer: Bool, isResult: Bool, served: [Graph.Node], inputs: [Int]) {
        let node = nodes[nodes.count - 1]
        kind = Self.kind(of: node, isResult: isResult)
        title = isLayer && node.kind == .operation ? node.module : Self.title(of: node)
        var lines: [String] = []
        if isLayer && node.kind == .operation {
            let operations = nodes.map { $0.operation + ($0.activation.map { " + \($0)" } ?? "") }
            lines.append("\(node.moduleType)" + (operations == [node.moduleType] ? "" : ": \(Self.list(operations))"))
        } else if node.kind == .operation {
            if let name = node.name { lines.append(name) }
            if !node.module.isEmpty { lines.append(node.module) }
        }
        if node.isForeign { lines.append("not a part of the model") }
        for servant in served {
            let name = servant.name ?? servant.operation
            lines.append("\(Self.shortened(name, in: node.module)) \(servant.form)")
        }
        lines.append(served.isEmpty ? node.form : "→ \(node.form)")
        lines += [node.valueText, node.gradientText].compactMap { $0 }
        self.lines = lines
        self.inputs = inputs
    }

    private static func kind(of node: Graph.Node, isResult: Bool) -> Kind {
        switch node.kind {
        case .operation: isResult ? .result : .operation
        case .leaf: node.isForeign ? .missing : .leaf
        case .constant: node.detachedFrom == nil ? .constant : .missing
        }
    }

    private static func title(of node: Graph.Node) -> String {
        if let origin = node.detachedFrom { return "detached from \(origin)" }
        let activation = node.activation.map { " + \($0)" } ?? ""
        return node.kind == .operation ? node.operation + activation : node.name ?? node.operation
    }

    /// The names of operations, those that repeat each other once.
    private static func list(_ operations: [String]) -> String {
        let distinct = operations.enumerated().filter { $0.offset == 0 || operations[$0.offset - 1] != $0.element }
        return distinct.prefix(4).map(\.element).joined(separator: ", ") + (distinct.count > 4 ? ", …" : "")
    }

    /// A parameter's name without the path of its layer.
    private static func shortened(_ name: String, in module: String) -> String {
        name.hasPrefix(module + ".") ? String(name.dropFirst(module.count + 1)) : name
    }
}
