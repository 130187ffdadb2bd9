/// A leaf of the graph: the gradients of a tensor that the user made gather here.
final class GradientAccumulator: Node {
    @exclusivity(unchecked) private(set) var gradient: Tensor?
    /// Whether `gradient` is memory that no other tensor sees.
    @exclusivity(unchecked) private var ownsGradient = false

    /// Whose gradient it is, for pictures of the graph.
    private(set) weak var tensor: Tensor?

    init(for tensor: Tensor) {
        self.tensor = tensor
        super.init(name: "leaf", edges: ShortList(), output: tensor.array)
    }

    /// Adds what the walk brought to the gradient.
    override func accumulate(keepingGraph: Bool) {
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
            let copy = incoming.array.emptyLike()
            incoming.array.copy(into: copy)
            gradient = Tensor(copy)
            ownsGradient = true
        }
    }

    func replaceGradient(_ tensor: Tensor?) {
        gradient = tensor
        ownsGradient = false
    }
}
