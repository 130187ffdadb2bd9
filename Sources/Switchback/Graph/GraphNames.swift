/// What the nodes of a graph are called: parameters and layers by their paths in a model, other tensors as the caller
/// says.
struct GraphNames {
    /// The names of tensors: by identity if they have no node, otherwise by their node's.
    private var constantNames: [ObjectIdentifier: String] = [:]
    private var nodeNames: [ObjectIdentifier: String] = [:]
    private var modulePaths: [ObjectIdentifier: String] = [:]
    /// The leaves that the model computes with and does not list.
    private var foreign: Set<ObjectIdentifier> = []

    /// - Parameters:
    ///   - model: whose paths are used; those of the outermost modules that ran, if there is none.
    ///   - names: of tensors that are not parameters of a module.
    init(of nodes: [Node], model: Module?, _ names: KeyValuePairs<String, Tensor>) {
        if let model {
            read(model, prefix: "")
            foreign = Self.foreignLeaves(nodes, in: model)
        }
        let roots = Self.roots(of: nodes).filter { modulePaths[ObjectIdentifier($0)] == nil }
        for root in roots {
            // The names of several models are told apart by their types.
            read(root, prefix: roots.count > 1 || model != nil ? "\(type(of: root))." : "")
        }
        for (name, tensor) in names { self.name(tensor, name) }
    }

    func name(of node: Node) -> String? { nodeNames[ObjectIdentifier(node)] }

    func name(of constant: Tensor) -> String? { constantNames[ObjectIdentifier(constant)] }

    func path(of module: any RunningModule) -> String? { modulePaths[ObjectIdentifier(module)] }

    func isForeign(_ node: Node) -> Bool { foreign.contains(ObjectIdentifier(node)) }

    /// The layer whose result was detached, or else the operation.
    func origin(of tensor: DetachedTensor) -> String {
        tensor.place?.innermost.flatMap(path) ?? "\(tensor.operation)"
    }

    private mutating func name(_ tensor: Tensor, _ name: String) {
        if let node = tensor.node {
            nodeNames[ObjectIdentifier(node)] = name
        } else {
            constantNames[ObjectIdentifier(tensor)] = name
        }
    }

    private mutating func read(_ root: Module, prefix: String) {
        for (path, module) in root.namedModules() where modulePaths[ObjectIdentifier(module)] == nil {
            modulePaths[ObjectIdentifier(module)] = path.isEmpty ? "\(type(of: module))" : prefix + path
        }
        for (path, parameter) in root.namedParameters { name(parameter, prefix + path) }
        for (path, buffer) in root.namedBuffers { name(buffer, prefix + path) }
    }

    /// The outermost modules that operations ran in.
    private static func roots(of nodes: [Node]) -> [Module] {
        var roots: [Module] = []
        for case let operation as OperationNode in nodes {
            guard let root = operation.place?.root as? Module, !roots.contains(where: { $0 === root }) else { continue }
            roots.append(root)
        }
        return roots
    }

    /// The leaves that operations inside the model use as weights though they are none of its parameters: parameters,
    /// and the second operand of products and convolutions.
    private static func foreignLeaves(_ nodes: [Node], in model: Module) -> Set<ObjectIdentifier> {
        let modules = Set(model.namedModules().map { ObjectIdentifier($0.module) })
        let own = Set(model.parameters.compactMap(\.node).map { ObjectIdentifier($0) })
        var found: Set<ObjectIdentifier> = []
        for case let operation as OperationNode in nodes {
            guard let root = operation.place?.root, modules.contains(ObjectIdentifier(root)) else { continue }
            for i in operation.edges.indices {
                guard let leaf = operation.edges[i].node as? GradientAccumulator else { continue }
                let isWeight = i > 0 && [.product, .convolution].contains(operation.name.kind)
                if !own.contains(ObjectIdentifier(leaf)) && (isWeight || leaf.tensor is Parameter) {
                    found.insert(ObjectIdentifier(leaf))
                }
            }
        }
        return found
    }
}
