/// Where the gradient of an operand goes: to one output of a node, or nowhere.
struct Edge {
    var node: Node?
    let output: Int
    /// The shape and type of the operand, to which its gradient is brought.
    let shape: Shape
    let dtype: DType

    init(to tensor: Tensor) {
        node = tensor.node
        output = tensor.outputIndex
        shape = tensor.array.shape
        dtype = tensor.array.dtype
    }
}

/// A place in the graph that `backward()` walks: an operation, or a leaf in which gradients gather.
class Node {
    /// The operation's name, for messages and pictures.
    final let name: StaticString
    /// For each operand, where its gradient goes.
    final var edges: [Edge]
    final var hooks: [GradientHook] = []
    /// What `retainGrad()` keeps, by output.
    final var retainedGradients: [Int: Tensor] = [:]

    // MARK: The state of a walk

    /// How many consumers have yet to hand in their gradient.
    final var pendingConsumers = 0
    final var isVisited = false
    /// Whether the walk has to pass here to reach what it was asked for.
    final var isNeeded = true
    /// The gradients of the outputs, as far as they are summed; those after the first are rarely there.
    private final var firstIncoming: Tensor?
    private final var otherIncoming: [Int: Tensor] = [:]
    /// Whether the sum is memory of the walk's own, so that the next gradient can be added in place.
    private final var ownsIncoming = false

    init(name: StaticString, edges: [Edge]) {
        self.name = name
        self.edges = edges
    }

    /// The gradients of the operands from those of the outputs, which `incoming` has.
    func operandGradients() -> [Tensor?] { [] }

    /// Frees what was saved, as the walk passes. The node cannot be walked again.
    func release() {}

    final subscript(incoming output: Int) -> Tensor? {
        get { output == 0 ? firstIncoming : otherIncoming[output] }
        set {
            if output == 0 { firstIncoming = newValue } else { otherIncoming[output] = newValue }
        }
    }

    final var hasIncoming: Bool { firstIncoming != nil || !otherIncoming.isEmpty }

    final func receive(_ gradient: Tensor, output: Int) {
        guard let sum = self[incoming: output] else {
            self[incoming: output] = gradient
            return
        }
        if output == 0 && ownsIncoming {
            sum.backend.binary(.add, sum.array, gradient.array, into: sum.array)
        } else {
            self[incoming: output] = sum + gradient
            ownsIncoming = output == 0 && !ThreadState.current.recordsGradients
        }
    }

    final func forgetIncoming() {
        firstIncoming = nil
        if !otherIncoming.isEmpty { otherIncoming = [:] }
        ownsIncoming = false
    }

    final func takeFirstIncoming() -> Tensor? {
        defer { firstIncoming = nil }
        return firstIncoming
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
        Node.takeUniqueNodes(of: &edges, into: &orphans)
        while let orphan = orphans.popLast() {
            orphan.release()
            Node.takeUniqueNodes(of: &orphan.edges, into: &orphans)
        }
    }

    private static func takeUniqueNodes(of edges: inout [Edge], into orphans: inout [Node]) {
        for i in edges.indices where isKnownUniquelyReferenced(&edges[i].node) {
            orphans.append(edges[i].node!)
            edges[i].node = nil
        }
    }
}

struct GradientHook {
    let output: Int
    let run: (Tensor) -> Tensor?
}

/// A leaf of the graph: the gradients of a tensor that the user made gather here.
final class GradientAccumulator: Node {
    var gradient: Tensor?
    /// Whether `gradient` is memory that no other tensor sees.
    private var ownsGradient = false

    init() { super.init(name: "leaf", edges: []) }

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
            && (tensor.array.isContiguous || tensor.array.isChannelsLast)
            && tensor.array.storage.byteCount == tensor.count * tensor.dtype.byteCount
    }
}
