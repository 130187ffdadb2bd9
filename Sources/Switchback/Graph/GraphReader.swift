/// Reads the graph behind a tensor.
struct GraphReader {
    private let result: Tensor
    /// The names of tensors: by identity if they have no node, otherwise by their node's.
    private var constantNames: [ObjectIdentifier: String] = [:]
    private var nodeNames: [ObjectIdentifier: String] = [:]
    private var modulePaths: [ObjectIdentifier: String] = [:]
    private let order: [Node]
    private let omittedCount: Int
    /// Only of nodes whose results are small.
    private var gradients: [ObjectIdentifier: [Float]] = [:]

    init(_ result: Tensor, names: KeyValuePairs<String, Tensor>, limit: Int, withGradients: Bool) {
        self.result = result
        let all = result.node.map { Node.childrenFirst(from: [$0]) } ?? []
        order = all.count > limit ? Self.nearest(limit, among: all) : all
        omittedCount = all.count - order.count
        readModules()
        for (name, tensor) in names { self.name(tensor, name) }
        if withGradients { readGradients(all) }
    }

    /// The nodes nearest to the last one, in the order that they have.
    private static func nearest(_ limit: Int, among all: [Node]) -> [Node] {
        guard let root = all.last else { return [] }
        var chosen: Set<ObjectIdentifier> = [ObjectIdentifier(root)]
        var queue = [root]
        var position = 0
        while position < queue.count && chosen.count < limit {
            let node = queue[position]
            position += 1
            for i in node.edges.indices {
                guard chosen.count < limit, let next = node.edges[i].node else { continue }
                if chosen.insert(ObjectIdentifier(next)).inserted { queue.append(next) }
            }
        }
        return all.filter { chosen.contains(ObjectIdentifier($0)) }
    }

    // MARK: Names

    private mutating func name(_ tensor: Tensor, _ name: String) {
        if let node = tensor.node {
            nodeNames[ObjectIdentifier(node)] = name
        } else {
            constantNames[ObjectIdentifier(tensor)] = name
        }
    }

    /// The paths of the modules that operations ran in, and the names of what they hold.
    private mutating func readModules() {
        var roots: [Module] = []
        for case let operation as OperationNode in order {
            guard let root = operation.place?.root as? Module, !roots.contains(where: { $0 === root }) else { continue }
            roots.append(root)
        }
        for root in roots {
            // The names of several models are told apart by their types.
            let prefix = roots.count > 1 ? "\(type(of: root))." : ""
            for (path, module) in root.namedModules() where modulePaths[ObjectIdentifier(module)] == nil {
                modulePaths[ObjectIdentifier(module)] = path.isEmpty ? "\(type(of: module))" : prefix + path
            }
            for (path, parameter) in root.namedParameters { name(parameter, prefix + path) }
            for (path, buffer) in root.namedBuffers { name(buffer, prefix + path) }
        }
    }

    // MARK: Gradients

    private mutating func readGradients(_ all: [Node]) {
        guard result.count == 1, result.dtype.isFloatingPoint, all.allSatisfy(Self.isAtRest) else { return }
        var found: [ObjectIdentifier: [Float]] = [:]
        result.surveyGradients { node in
            guard let gradient = node[incoming: 0] else { return }
            found[ObjectIdentifier(node)] = SmallValues(gradient.array.contiguous()).numbers
        }
        gradients = found
    }

    /// Whether a walk can pass a node and leave no trace: none is under way, and none that runs the user's code again.
    private static func isAtRest(_ node: Node) -> Bool {
        let isIdle = node.pendingConsumers == 0 && !node.isVisited && !node.hasIncoming
        guard let operation = node as? OperationNode else { return isIdle }
        return isIdle && operation.isWalkable && operation.name.kind != .checkpoint
    }

    // MARK: The graph

    var graph: Graph {
        var builder = Builder(reader: self)
        for node in order { builder.add(node) }
        if result.node == nil { builder.add(constant: result) }
        let isFreed = order.contains { ($0 as? OperationNode)?.isReleased ?? false }
        return Graph(nodes: builder.nodes, omittedCount: omittedCount, isFreed: isFreed)
    }

    private struct Builder {
        let reader: GraphReader
        private(set) var nodes: [Graph.Node] = []
        private var positions: [ObjectIdentifier: Int] = [:]

        init(reader: GraphReader) { self.reader = reader }

        mutating func add(_ node: Node) {
            let operation = node as? OperationNode
            var inputs: [Graph.Input] = []
            for i in node.edges.indices {
                guard let next = node.edges[i].node, let position = positions[ObjectIdentifier(next)] else { continue }
                inputs.append(Graph.Input(node: position, output: node.edges[i].output))
            }
            for tensor in operation.map(Self.constants) ?? [] { inputs.append(add(constant: tensor)) }
            let leaf = (node as? GradientAccumulator)?.tensor
            positions[ObjectIdentifier(node)] = nodes.count
            nodes.append(
                Graph.Node(
                    kind: operation == nil ? .leaf : .operation, operation: "\(node.name)",
                    name: reader.nodeNames[ObjectIdentifier(node)],
                    module: operation?.place?.innermost.flatMap { reader.modulePaths[ObjectIdentifier($0)] } ?? "",
                    shape: node.firstForm.layout.shape, dtype: node.firstForm.dtype,
                    values: operation?.values.numbers ?? leaf.map { SmallValues($0.array).numbers } ?? [],
                    gradients: reader.gradients[ObjectIdentifier(node)] ?? [], inputs: inputs))
        }

        /// The operands without a gradient, as far as the operation keeps them for that of the others.
        private static func constants(of operation: OperationNode) -> [Tensor] {
            let count = operation.edges.indices.count { operation.edges[$0].node == nil }
            return Array(operation.savedInputs.filter { $0.node == nil && $0.dtype.isFloatingPoint }.prefix(count))
        }

        @discardableResult
        mutating func add(constant tensor: Tensor) -> Graph.Input {
            let key = ObjectIdentifier(tensor)
            if positions[key] == nil {
                positions[key] = nodes.count
                nodes.append(
                    Graph.Node(
                        kind: .constant, operation: "constant", name: reader.constantNames[key], module: "",
                        shape: tensor.shape, dtype: tensor.dtype, values: SmallValues(tensor.array).numbers,
                        gradients: [], inputs: []))
            }
            return Graph.Input(node: positions[key] ?? 0, output: 0)
        }
    }
}
