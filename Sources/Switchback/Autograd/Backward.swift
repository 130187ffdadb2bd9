extension Tensor {
    /// Backpropagation: computes the gradient of this tensor with respect to every leaf of its graph that requires
    /// one, by the chain rule, and adds it to that leaf's `grad`.
    ///
    /// - Parameters:
    ///   - gradient: the gradient of the final value with respect to this tensor, of the same shape. May be left out
    ///     for a tensor of one element, a loss, where it is 1.
    ///   - retainGraph: keeps what operations saved, so that the graph can be walked again. As `createGraph` by
    ///     default.
    ///   - createGraph: records the computation of the gradients too, so that they can be differentiated themselves.
    ///     Each `grad` then holds a graph that holds its parameter: `zeroGrad()` frees both.
    ///     `gradients(of:withRespectTo:)` makes no such circle.
    public final func backward(gradient: Tensor? = nil, retainGraph: Bool? = nil, createGraph: Bool = false) {
        guard let node else {
            fail(
                "backward",
                "this tensor does not depend on any that requires a gradient: make one with requiresGrad: true, and "
                    + "do not compute inside noGrad")
        }
        if createGraph { Self.warningOfCircle }
        node.receive(seed(gradient), output: outputIndex)
        let walk = BackwardWalk(retainsGraph: retainGraph ?? createGraph, createsGraph: createGraph)
        ThreadState.observing(.backward(from: self)) { walk.run(from: CollectionOfOne(node)) }
    }

    /// Given once: what is kept alive in a circle is never freed, and a training loop would fill the memory.
    private static let warningOfCircle: Void = Diagnostics.warn(
        "backward(createGraph: true) leaves parameters and their grad holding each other: they stay in memory until "
            + "zeroGrad(); use gradients(of:withRespectTo:createGraph:), which leaves grad alone")

    /// Walks the graph as `backward()` does, and shows `visit` each node with its gradients; no `grad` changes, no hook
    /// runs, and the graph stays.
    final func surveyGradients(_ visit: (Node) -> Void) {
        guard let node else { return }
        node.receive(seed(nil), output: outputIndex)
        BackwardWalk(retainsGraph: true, createsGraph: false, runsHooks: false).survey(from: node, visit)
    }

    fileprivate final func seed(_ gradient: Tensor?) -> Tensor {
        guard let gradient else {
            require(
                count == 1, "backward",
                "a tensor of shape \(shape) is not a single loss: pass the gradient of each element, or sum() it first")
            return ThreadState.current.one(like: array)
        }
        require(
            gradient.shape == shape, "backward", "the gradient has shape \(gradient.shape), the tensor \(shape)")
        requireSameBackend("backward", gradient)
        return gradient.to(dtype)
    }
}

/// The gradients of `outputs` with respect to `inputs`, without touching any `grad`; `nil` for an input that the
/// outputs do not depend on. As `torch.autograd.grad`.
///
/// - Parameter gradients: the upstream gradient of each output; may be left out for outputs of one element.
public func gradients(
    of outputs: [Tensor], withRespectTo inputs: [Tensor], gradients: [Tensor?]? = nil, retainGraph: Bool? = nil,
    createGraph: Bool = false
) -> [Tensor?] {
    for (position, input) in inputs.enumerated() {
        require(input.node != nil, "gradients", "input \(position) does not require a gradient")
    }
    var roots: [Node] = []
    for (position, output) in outputs.enumerated() {
        guard let node = output.node else { continue }
        node.receive(output.seed(gradients?[position]), output: output.outputIndex)
        roots.append(node)
    }
    let walk = BackwardWalk(retainsGraph: retainGraph ?? createGraph, createsGraph: createGraph)
    return walk.run(from: roots, toward: inputs)
}

/// One walk over the graph, from the outputs to the leaves: every node is visited once, after all its consumers.
/// The gradients of the outputs are in their nodes already.
private struct BackwardWalk {
    let retainsGraph: Bool
    let createsGraph: Bool
    var runsHooks = true

    /// Adds to the `grad` of every leaf.
    func run(from roots: some Collection<Node>) {
        withGradientMode(createsGraph) {
            walk(from: roots, keepingRows: true) { $0.accumulate(keepingGraph: createsGraph) }
        }
    }

    /// Returns the gradients of `targets`, which may be leaves or results of operations.
    func run(from roots: [Node], toward targets: [Tensor]) -> [Tensor?] {
        let reachable = Node.childrenFirst(from: roots)
        markNeeded(reachable, toward: targets)
        defer { for node in reachable { node.isNeeded = true } }
        var found = [Tensor?](repeating: nil, count: targets.count)
        withGradientMode(createsGraph) {
            walk(from: roots) { node in
                for (i, target) in targets.enumerated() where target.node === node {
                    found[i] = node[incoming: target.outputIndex]
                }
            }
        }
        return found
    }

    /// Shows every node with its gradients, and changes none.
    func survey(from root: Node, _ visit: (Node) -> Void) {
        withGradientMode(false) { walk(from: CollectionOfOne(root), collect: visit) }
    }

    /// Visits the nodes, and calls `collect` when the gradients of one are complete.
    ///
    /// - Parameter keepingRows: whether `collect` takes gradients of single rows as they are.
    private func walk(from roots: some Collection<Node>, keepingRows: Bool = false, collect: (Node) -> Void) {
        countConsumers(from: roots)
        var ready = NodeStack()
        for root in roots where root.pendingConsumers == 0 && root.isVisited {
            // A root may be listed twice, and is visited once.
            root.isVisited = false
            ready.push(root)
        }
        var shared: [Node] = []
        while let node = next(&ready, &shared) {
            node.isVisited = false
            if !keepingRows || node.extras != nil { node.makeIncomingDense() }
            if node.extras != nil && runsHooks { node.runHooks() }
            collect(node)
            if node.hasIncoming { ThreadState.observing(.gradient(of: node)) { node.propagate() } }
            node.forgetIncoming()
            leave(node, ready: &ready)
        }
    }

    /// The next node to visit.
    ///
    /// Nodes that wait for other slots of a batch come when nothing else is left, and of them the one that ran last: so all
    /// slots come to them in one order, whatever their losses look like.
    private func next(_ ready: inout NodeStack, _ shared: inout [Node]) -> Node? {
        while let node = ready.pop() {
            guard node.extras?.sharedPosition != nil else { return node }
            shared.append(node)
        }
        func position(_ node: Node) -> Int { node.extras?.sharedPosition ?? 0 }
        guard let last = shared.indices.max(by: { position(shared[$0]) < position(shared[$1]) }) else { return nil }
        return shared.remove(at: last)
    }

    /// Marks the nodes that can be reached, and counts how many consumers hand each a gradient.
    private func countConsumers(from roots: some Collection<Node>) {
        var stack = NodeStack()
        for root in roots where !root.isVisited {
            root.isVisited = true
            stack.push(root)
        }
        while let node = stack.pop() {
            for i in node.edges.indices {
                guard let next = node.edges[i].node, next.isNeeded else { continue }
                next.pendingConsumers += 1
                if !next.isVisited {
                    next.isVisited = true
                    stack.push(next)
                }
            }
        }
    }

    /// Marks a consumer of the node's operands as done, and frees what the node saved.
    private func leave(_ node: Node, ready: inout NodeStack) {
        for i in node.edges.indices {
            guard let next = node.edges[i].node, next.isNeeded else { continue }
            next.pendingConsumers -= 1
            if next.pendingConsumers == 0 { ready.push(next) }
        }
        if !retainsGraph { node.release(keepingEdges: false) }
    }

    // MARK: Toward given targets

    /// Marks the nodes from which a target can be reached.
    private func markNeeded(_ childrenFirst: [Node], toward targets: [Tensor]) {
        let wanted = Set(targets.map { ObjectIdentifier($0.node!) })
        for node in childrenFirst {
            node.isNeeded =
                wanted.contains(ObjectIdentifier(node))
                || node.edges.indices.contains { node.edges[$0].node?.isNeeded ?? false }
        }
    }
}

extension Node {
    /// Every node that can be reached, after all those that it leads to; without recursion, which would overflow the
    /// stack on long chains.
    static func childrenFirst(from roots: [Node]) -> [Node] {
        var order: [Node] = []
        var seen = Set<ObjectIdentifier>()
        var stack = roots.map { (node: $0, childrenDone: false) }
        while let (node, childrenDone) = stack.popLast() {
            if childrenDone {
                order.append(node)
            } else if seen.insert(ObjectIdentifier(node)).inserted {
                stack.append((node, true))
                for i in node.edges.indices.reversed() {
                    if let next = node.edges[i].node { stack.append((next, false)) }
                }
            }
        }
        return order
    }
}
