/// Where the gradient of an operand goes: to one output of a node, or nowhere.
struct Edge {
    var node: Node?
    let output: Int

    init(to tensor: Tensor) {
        node = tensor.node
        output = tensor.outputIndex
    }
}

/// A place in the graph that `backward()` walks: an operation, or a leaf in which gradients gather.
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

    /// The operation's name, for messages and pictures.
    final let name: StaticString
    private final let firstForm: Form
    private final let otherForms: [Form]
    /// For each operand, where its gradient goes.
    @exclusivity(unchecked) final var edges: ShortList<Edge>
    @exclusivity(unchecked) final var hooks: [GradientHook] = []
    /// What `retainGrad()` keeps, by output.
    @exclusivity(unchecked) final var retainedGradients: [Int: Tensor] = [:]

    // MARK: The state of a walk

    /// How many consumers have yet to hand in their gradient.
    @exclusivity(unchecked) final var pendingConsumers = 0
    @exclusivity(unchecked) final var isVisited = false
    /// Whether the walk has to pass here to reach what it was asked for.
    @exclusivity(unchecked) final var isNeeded = true
    /// The gradients of the outputs, as far as they are summed; those after the first are rarely there.
    @exclusivity(unchecked) private final var firstIncoming: Tensor?
    @exclusivity(unchecked) private final var otherIncoming: [Int: Tensor] = [:]
    /// Whether the first sum is memory of the walk's own, so that the next gradient can be added in place.
    @exclusivity(unchecked) private final var ownsIncoming = false

    init(name: StaticString, edges: ShortList<Edge>, output: NDArray, otherOutputs: ArraySlice<NDArray> = []) {
        self.name = name
        self.edges = edges
        firstForm = Form(output)
        otherForms = otherOutputs.isEmpty ? [] : otherOutputs.map(Form.init)
    }

    /// Calls `deliver` with each gradient of an operand, computed from those of the outputs that have come in.
    func propagate(_ deliver: (_ operand: Int, _ gradient: Tensor) -> Void) {}

    /// Frees what was saved, as the walk passes, and the edges unless they are wanted. The node cannot be walked again.
    func release(keepingEdges: Bool) {}

    final subscript(incoming output: Int) -> Tensor? {
        get { output == 0 ? firstIncoming : otherIncoming[output] }
        set {
            if output == 0 { firstIncoming = newValue } else { otherIncoming[output] = newValue }
        }
    }

    final var hasIncoming: Bool { firstIncoming != nil || !otherIncoming.isEmpty }

    /// Adds a gradient to what has come in for an output.
    final func receive(_ gradient: Tensor, output: Int) {
        let gradient = fit(gradient, to: output == 0 ? firstForm : otherForms[output - 1])
        guard let sum = self[incoming: output] else {
            self[incoming: output] = gradient
            return
        }
        if output == 0 && ownsIncoming {
            sum.backend.binary(.add, sum.array, gradient.array, into: sum.array)
        } else {
            self[incoming: output] = sum + gradient
            ownsIncoming = output == 0 && !ThreadState.recordsGradients
        }
    }

    /// Sums over dimensions that were broadcast and converts to the type of the result.
    private final func fit(_ gradient: Tensor, to form: Form) -> Tensor {
        var result = gradient
        if result.array.layout !== form.layout && result.shape != form.layout.shape {
            result = result.summed(to: form.layout.shape)
        }
        if result.dtype != form.dtype { result = result.to(form.dtype) }
        return result
    }

    /// The bytes of the gradients that have come in.
    final var incomingByteCount: Int {
        otherIncoming.values.reduce(firstIncoming?.array.occupiedBytes ?? 0) { $0 + $1.array.occupiedBytes }
    }

    final func forgetIncoming() {
        firstIncoming = nil
        if !otherIncoming.isEmpty { otherIncoming = [:] }
        ownsIncoming = false
    }

    final func takeFirstIncoming() -> Tensor? {
        let taken = firstIncoming
        firstIncoming = nil
        return taken
    }

    final func runHooks() {
        for hook in hooks {
            guard let gradient = self[incoming: hook.output] else { continue }
            if let replacement = hook.run(gradient) {
                require(
                    replacement.shape == gradient.shape, "registerHook",
                    "the hook returned a gradient of shape \(replacement.shape) in place of \(gradient.shape)")
                self[incoming: hook.output] = replacement
                ownsIncoming = false
            }
        }
    }

    /// Long chains of nodes would overflow the stack if each released the next: instead, whatever only this node
    /// holds is taken apart here in a loop.
    deinit {
        var orphans: [Node] = []
        Self.takeUniqueNodes(of: self, into: &orphans)
        while let orphan = orphans.popLast() {
            orphan.release(keepingEdges: true)
            Self.takeUniqueNodes(of: orphan, into: &orphans)
        }
    }

    private static func takeUniqueNodes(of node: Node, into orphans: inout [Node]) {
        for i in node.edges.indices {
            var edge = node.edges[i]
            guard edge.node != nil else { continue }
            node.edges[i].node = nil
            if isKnownUniquelyReferenced(&edge.node) { orphans.append(edge.node!) }
        }
    }
}

struct GradientHook {
    let output: Int
    let run: (Tensor) -> Tensor?
}

/// A leaf of the graph: the gradients of a tensor that the user made gather here.
final class GradientAccumulator: Node {
    @exclusivity(unchecked) private(set) var gradient: Tensor?
    /// Whether `gradient` is memory that no other tensor sees.
    @exclusivity(unchecked) private var ownsGradient = false

    init(for tensor: Tensor) { super.init(name: "leaf", edges: ShortList(), output: tensor.array) }

    /// Adds what the walk brought to the gradient.
    func accumulate(keepingGraph: Bool) {
        guard var incoming = takeFirstIncoming() else { return }
        if let gradient {
            if ownsGradient && !keepingGraph {
                gradient.backend.binary(.add, gradient.array, incoming.array, into: gradient.array)
                gradient.array.storage.noteChange(by: "backward")
            } else {
                self.gradient = gradient + incoming
                ownsGradient = !keepingGraph
            }
        } else if keepingGraph || Self.isUnshared(&incoming) {
            gradient = incoming
            ownsGradient = !keepingGraph
        } else {
            let copy = NDArray(empty: incoming.shape, dtype: incoming.dtype, backend: incoming.backend)
            incoming.backend.copy(incoming.array, into: copy)
            gradient = Tensor(copy)
            ownsGradient = true
        }
    }

    func replaceGradient(_ tensor: Tensor?) {
        gradient = tensor
        ownsGradient = false
    }

    /// Whether nobody else sees the tensor or its memory, and every element has its own place.
    private static func isUnshared(_ tensor: inout Tensor) -> Bool {
        isKnownUniquelyReferenced(&tensor) && isKnownUniquelyReferenced(&tensor.array.storage)
            && tensor.array.storage.byteCount == tensor.count * tensor.dtype.byteCount
            && (tensor.array.isContiguous || tensor.array.isChannelsLast)
    }
}
