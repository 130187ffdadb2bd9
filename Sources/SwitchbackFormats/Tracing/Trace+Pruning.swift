extension Trace {
    /// The nodes that the outputs depend on, in the order in which they ran.
    package var neededNodes: [TraceNode] {
        var needed: Set<ObjectIdentifier> = []
        func mark(_ value: TraceValue) {
            if case .node(let node, _) = value.source { needed.insert(ObjectIdentifier(node)) }
        }
        outputs.forEach(mark)
        // An operand's node ran before: one walk from the end sees every consumer before what it consumes.
        for node in nodes.reversed() where needed.contains(ObjectIdentifier(node)) { node.inputs.forEach(mark) }
        return nodes.filter { needed.contains(ObjectIdentifier($0)) }
    }
}
