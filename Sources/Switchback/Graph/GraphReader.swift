/// Reads the graph behind a tensor.
struct GraphReader {
    private let result: Tensor
    private let names: GraphNames
    private let model: Module?
    private let order: [Node]
    private let omittedCount: Int
    /// Only of nodes whose results are small.
    private var gradients: [ObjectIdentifier: [Float]] = [:]

    init(_ result: Tensor, model: Module?, names: KeyValuePairs<String, Tensor>, limit: Int, withGradients: Bool) {
        (self.result, self.model) = (result, model)
        let all = result.node.map { Node.childrenFirst(from: [$0]) } ?? []
        order = all.count > limit ? Self.nearest(limit, among: all) : all
        omittedCount = all.count - order.count
        self.names = GraphNames(of: order, model: model, names)
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
        return Graph(
            nodes: builder.nodes, omittedCount: omittedCount, isFreed: isFreed, unreached: unreached,
            layers: Set(layers.map(\.path)))
    }

    private var isFreed: Bool { order.contains { ($0 as? OperationNode)?.isReleased ?? false } }

    /// The modules that have parameters of their own, with these.
    private var layers: [(path: String, module: Module, parameters: [(name: String, parameter: Parameter)])] {
        var found: [(String, Module, [(name: String, parameter: Parameter)])] = []
        model?.visit { path, module, parts in
            let own = parts.compactMap { name, part -> (name: String, parameter: Parameter)? in
                if case .parameter(let parameter) = part { (name, parameter) } else { nil }
            }
            if !own.isEmpty { found.append((path, module, own)) }
        }
        return found
    }

    /// The parameters that should be in the graph and are not. What the graph does not show whole, it cannot tell.
    private var unreached: [Graph.UnreachedLayer] {
        let isWhole = omittedCount == 0 && !isFreed && !order.contains { $0.name.kind == .checkpoint }
        guard isWhole else { return [] }
        let reached = Set(order.map { ObjectIdentifier($0) })
        var seen = Set<ObjectIdentifier>()
        return layers.compactMap { path, module, parameters in
            guard seen.insert(ObjectIdentifier(module)).inserted else { return nil }
            let missing = parameters.compactMap { name, parameter -> String? in
                guard let node = parameter.node else { return nil }
                return reached.contains(ObjectIdentifier(node)) ? nil : name
            }
            if missing.isEmpty { return nil }
            return Graph.UnreachedLayer(path: path, type: "\(type(of: module))", parameters: missing)
        }
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
            let module = operation?.place?.innermost
            positions[ObjectIdentifier(node)] = nodes.count
            nodes.append(
                Graph.Node(
                    kind: operation == nil ? .leaf : .operation, operation: "\(node.name)",
                    name: reader.names.name(of: node), function: node.name.kind,
                    activation: node.extras?.activation,
                    module: module.flatMap(reader.names.path) ?? "",
                    moduleType: module.map { "\(type(of: $0))" } ?? "",
                    isForeign: reader.names.isForeign(node), detachedFrom: nil, shape: node.firstForm.layout.shape,
                    dtype: node.firstForm.dtype,
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
                        kind: .constant, operation: "constant", name: reader.names.name(of: tensor), function: .other,
                        activation: nil, module: "", moduleType: "", isForeign: false,
                        detachedFrom: (tensor as? DetachedTensor).map(reader.names.origin), shape: tensor.shape,
                        dtype: tensor.dtype, values: SmallValues(tensor.array).numbers, gradients: [], inputs: []))
            }
            return Graph.Input(node: positions[key] ?? 0, output: 0)
        }
    }
}
