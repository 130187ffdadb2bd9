/// What waits for its turn in a walk: a stack that runs through the nodes themselves and so takes no memory.
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
