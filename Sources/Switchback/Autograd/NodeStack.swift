/// The pending nodes of a walk: an intrusive stack, which allocates no memory.
struct NodeStack {
    private var top: Node?

    mutating func push(_ node: Node) {
        node.below = top.take()
        top = node
    }

    mutating func pop() -> Node? {
        guard let node = top.take() else { return nil }
        top = node.below.take()
        return node
    }
}
