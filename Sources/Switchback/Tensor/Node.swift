/// Where the gradient of an operand goes: to one output of a node, or nowhere.
struct Edge {
    var node: Node?
    let output: Int

    init(to tensor: Tensor) {
        node = tensor.node
        output = tensor.outputIndex
    }
}

/// A node of the graph that `backward()` walks: an operation, or a leaf that accumulates gradients.
///
/// Its variables are exempt from run-time exclusivity checks, which would cost more than the arithmetic of a scalar; a
/// graph belongs to one thread, and no reference to a variable outlives a statement.
class Node {
    /// The shape and type of a result, to which its gradient is brought.
    struct Form {
        let layout: Layout
        let dtype: DType

        init(_ array: NDArray) {
            layout = array.layout
            dtype = array.dtype
        }
    }

    /// The operation's name, for messages and images.
    final let name: OperationName
    /// The form of the first output.
    @exclusivity(unchecked) private(set) final var firstForm: Form
    /// For each operand, where its gradient goes.
    @exclusivity(unchecked) final var edges: ShortList<Edge>
    /// Rarely used properties of a node, in a separate object, so that most nodes are small.
    @exclusivity(unchecked) final var extras: Extras?

    // MARK: The state of a walk

    /// How many consumers have yet to hand in their gradient.
    @exclusivity(unchecked) final var pendingConsumers = 0
    @exclusivity(unchecked) final var isVisited = false
    /// Whether the walk has to pass here to reach what was requested.
    @exclusivity(unchecked) final var isNeeded = true
    /// The next node on the stack of the walk that this node is on.
    @exclusivity(unchecked) final var below: Node?
    /// The gradient of the first output, as far as it is summed.
    @exclusivity(unchecked) final var firstIncoming: Tensor?
    /// Whether the first sum is memory of the walk's own, so that the next gradient can be added in place.
    @exclusivity(unchecked) final var ownsIncoming = false

    init(name: OperationName, edges: ShortList<Edge>, output: NDArray, otherOutputs: ArraySlice<NDArray> = []) {
        self.name = name
        self.edges = edges
        firstForm = Form(output)
        if !otherOutputs.isEmpty { ensureExtras().otherForms = otherOutputs.map(Form.init) }
    }

    /// Takes gradients in the form of other memory from now on: that of a leaf which was converted.
    final func takeForm(of output: NDArray) { firstForm = Form(output) }

    /// Delivers the gradient of each operand, computed from those of the outputs that have come in.
    func propagate() {}

    /// Makes one whole tensor of a gradient that has come in as single rows, for whoever looks at it.
    func makeIncomingDense() {}

    /// Adds what has come in to the gradient of the leaf that this is, if it is one.
    func accumulate(keepingGraph: Bool) {}

    /// Frees what was saved, as the walk passes, and the edges unless they are wanted. The node cannot be walked again.
    func release(keepingEdges: Bool) {}

    final subscript(incoming output: Int) -> Tensor? {
        get { output == 0 ? firstIncoming : extras?.otherIncoming[output] }
        set {
            if output == 0 { firstIncoming = newValue } else { ensureExtras().otherIncoming[output] = newValue }
        }
    }

    final var hasIncoming: Bool { firstIncoming != nil || !(extras?.otherIncoming.isEmpty ?? true) }

    /// The bytes of the gradients that have come in.
    final var incomingByteCount: Int {
        let others = extras?.otherIncoming.values.reduce(0) { $0 + $1.array.occupiedBytes } ?? 0
        return others + (firstIncoming?.array.occupiedBytes ?? 0)
    }

    final func forgetIncoming() {
        firstIncoming = nil
        extras?.otherIncoming = [:]
        ownsIncoming = false
    }

    final func takeFirstIncoming() -> Tensor? { firstIncoming.take() }

    /// Long chains of nodes would overflow the stack if each released the next: instead, whatever only this node
    /// holds is taken apart here in a loop.
    deinit {
        if edges.count > 0 { Self.takeApart(self) }
    }

    @inline(never)
    private static func takeApart(_ node: Node) {
        var orphans: [Node] = []
        takeUniqueNodes(of: node, into: &orphans)
        while let orphan = orphans.popLast() {
            orphan.release(keepingEdges: true)
            takeUniqueNodes(of: orphan, into: &orphans)
        }
    }

    private static func takeUniqueNodes(of node: Node, into orphans: inout [Node]) {
        for i in node.edges.indices {
            var next = node.edges[i].node.take()
            if isKnownUniquelyReferenced(&next), let next { orphans.append(next) }
        }
    }
}
