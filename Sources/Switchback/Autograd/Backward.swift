extension Tensor {
    /// Backpropagation: computes the gradient of this tensor with respect to every leaf of its graph that requires
    /// one, by the chain rule, and adds it to that leaf's `grad`.
    ///
    /// - Parameters:
    ///   - gradient: the gradient of the final value with respect to this tensor, of the same shape. May be left out
    ///     for a tensor of one element, a loss, where it is 1.
    ///   - retainGraph: keeps what operations saved, so that the graph can be walked again. As `createGraph` if left out.
    ///   - createGraph: records the computation of the gradients too, so that they can be differentiated themselves.
    public final func backward(gradient: Tensor? = nil, retainGraph: Bool? = nil, createGraph: Bool = false) {
        require(
            node != nil, "backward",
            "this tensor does not depend on any that requires a gradient: make one with requiresGrad: true, and do "
                + "not compute inside noGrad")
        BackwardWalk(retainsGraph: retainGraph ?? createGraph, createsGraph: createGraph)
            .run(from: [(self, seed(gradient))])
    }

    fileprivate final func seed(_ gradient: Tensor?) -> Tensor {
        guard let gradient else {
            require(
                count == 1, "backward",
                "a tensor of shape \(shape) is no single loss: pass the gradient of each element, or sum() it first")
            return Tensor(NDArray(filled: 1, shape: shape, dtype: dtype, backend: backend))
        }
        require(
            gradient.shape == shape, "backward", "the gradient has shape \(gradient.shape), the tensor \(shape)")
        return gradient.dtype == dtype ? gradient : gradient.to(dtype)
    }
}

/// The gradients of `outputs` with respect to `inputs`, without touching any `grad`; `nil` for an input that the
/// outputs do not depend on.
///
/// - Parameter gradients: the upstream gradient of each output; may be left out for outputs of one element.
public func gradients(
    of outputs: [Tensor], withRespectTo inputs: [Tensor], gradients: [Tensor?]? = nil, retainGraph: Bool? = nil,
    createGraph: Bool = false
) -> [Tensor?] {
    for (position, input) in inputs.enumerated() {
        require(input.node != nil, "gradients", "input \(position) does not require a gradient")
    }
    let roots = outputs.enumerated().filter { $0.element.node != nil }.map { position, output in
        (output, output.seed(gradients?[position]))
    }
    var walk = BackwardWalk(retainsGraph: retainGraph ?? createGraph, createsGraph: createGraph)
    walk.targets = inputs
    return walk.run(from: roots)
}

/// One walk over the graph, from the outputs to the leaves: every node is visited once, after all its consumers.
struct BackwardWalk {
    let retainsGraph: Bool
    let createsGraph: Bool
    /// Where gradients are asked for; `nil` means in the `grad` of every leaf.
    var targets: [Tensor]?

    init(retainsGraph: Bool, createsGraph: Bool) {
        self.retainsGraph = retainsGraph
        self.createsGraph = createsGraph
    }

    /// Returns the gradients of the targets.
    @discardableResult
    func run(from roots: [(output: Tensor, gradient: Tensor)]) -> [Tensor?] {
        if targets != nil { markNeeded(from: roots.map { $0.output.node! }) }
        defer { if targets != nil { unmarkNeeded(from: roots.map { $0.output.node! }) } }
        return withGradientMode(createsGraph) { walk(from: roots) }
    }

    private func walk(from roots: [(output: Tensor, gradient: Tensor)]) -> [Tensor?] {
        let starts = countConsumers(from: roots.map { $0.output.node! })
        for root in roots { root.output.node!.receive(root.gradient, output: root.output.outputIndex) }
        var found = [Tensor?](repeating: nil, count: targets?.count ?? 0)
        var ready = starts.filter { $0.pendingConsumers == 0 }
        while let node = ready.popLast() {
            node.isVisited = false
            if node.hasIncoming { node.runHooks() }
            collect(from: node, into: &found)
            pass(from: node, ready: &ready)
        }
        return found
    }

    /// Sets how many consumers each reachable node has; returns the roots, each once.
    private func countConsumers(from roots: [Node]) -> [Node] {
        var starts: [Node] = []
        for root in roots where !root.isVisited {
            root.isVisited = true
            starts.append(root)
        }
        var stack = starts
        while let node = stack.popLast() {
            for edge in node.edges {
                guard let next = edge.node, next.isNeeded else { continue }
                next.pendingConsumers += 1
                if !next.isVisited {
                    next.isVisited = true
                    stack.append(next)
                }
            }
        }
        return starts
    }

    private func collect(from node: Node, into found: inout [Tensor?]) {
        guard let targets else { return }
        for (i, target) in targets.enumerated() where target.node === node {
            found[i] = node[incoming: target.outputIndex]
        }
    }

    /// Hands a node's gradients on, and frees it.
    private func pass(from node: Node, ready: inout [Node]) {
        if let leaf = node as? GradientAccumulator {
            if targets == nil { leaf.accumulate(keepingGraph: createsGraph) }
            leaf.forgetIncoming()
            return
        }
        let gradients = node.hasIncoming ? node.operandGradients() : []
        node.forgetIncoming()
        if !gradients.isEmpty && ThreadState.current.detectsAnomalies { Anomaly.check(gradients, ofGradient: node) }
        for (i, edge) in node.edges.enumerated() {
            guard let next = edge.node, next.isNeeded else { continue }
            if !gradients.isEmpty, let gradient = gradients[i] { next.receive(gradient, output: edge.output) }
            next.pendingConsumers -= 1
            if next.pendingConsumers == 0 { ready.append(next) }
        }
        if !retainsGraph { node.release() }
    }

    // MARK: Walks toward given targets

    /// Marks the nodes from which a target can be reached, children before parents, without recursion.
    private func markNeeded(from roots: [Node]) {
        let wanted = Set(targets!.map { ObjectIdentifier($0.node!) })
        for node in nodesChildrenFirst(from: roots) {
            node.isNeeded =
                wanted.contains(ObjectIdentifier(node)) || node.edges.contains { $0.node?.isNeeded ?? false }
        }
    }

    private func unmarkNeeded(from roots: [Node]) {
        for node in nodesChildrenFirst(from: roots) { node.isNeeded = true }
    }

    private func nodesChildrenFirst(from roots: [Node]) -> [Node] {
        var order: [Node] = []
        var seen = Set<ObjectIdentifier>()
        var stack = roots.map { ($0, false) }
        while let (node, childrenDone) = stack.popLast() {
            if childrenDone {
                order.append(node)
            } else if seen.insert(ObjectIdentifier(node)).inserted {
                stack.append((node, true))
                for edge in node.edges { if let next = edge.node { stack.append((next, false)) } }
            }
        }
        return order
    }
}
