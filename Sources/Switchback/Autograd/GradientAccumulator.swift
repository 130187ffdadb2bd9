/// A leaf of the graph: accumulates the gradient of a tensor that the user created.
final class GradientAccumulator: Node {
    @exclusivity(unchecked) private(set) var gradient: Tensor?
    /// The gradient instead of `gradient`, as long as all that came in was of single rows.
    @exclusivity(unchecked) private(set) var rowGradient: RowGradient?
    /// What has come in of single rows.
    @exclusivity(unchecked) private var incomingRows: RowGradient?
    /// Whether `gradient` is memory that no other tensor sees.
    @exclusivity(unchecked) private var ownsGradient = false

    /// Whose gradient it is, for images of the graph.
    private(set) weak var tensor: Tensor?

    init(for tensor: Tensor) {
        self.tensor = tensor
        super.init(name: "leaf", edges: ShortList(), output: tensor.array)
    }

    /// Adds what the walk brought to the gradient.
    override func accumulate(keepingGraph: Bool) {
        if incomingRows != nil { settleIncomingRows() }
        guard var incoming = takeFirstIncoming() else { return }
        if rowGradient != nil { makeWhole() }
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

    /// Adds what came in of single rows: to the gradient of rows, unless other rows have gradients too.
    private func settleIncomingRows() {
        if hasIncoming || gradient != nil { makeIncomingDense() }
        guard let rows = incomingRows.take() else { return }
        let sum = rowGradient.map { $0 + rows } ?? rows
        rowGradient = sum
        // Batch by batch, few rows become many.
        if !sum.staysInRows && !RowGradient.areFew(sum.rows.count, of: sum.shape[0]) { makeWhole() }
    }

    /// Takes the gradient of some rows as a part of what comes in.
    func receive(_ rows: RowGradient) { incomingRows = incomingRows.map { $0 + rows } ?? rows }

    /// The gradient of rows, where it is to stay one.
    var stayingRows: RowGradient? {
        guard let rowGradient, rowGradient.staysInRows else { return nil }
        return rowGradient
    }

    var wholeGradient: Tensor? {
        if let rowGradient, !rowGradient.staysInRows { makeWhole() }
        return gradient ?? rowGradient?.dense
    }

    /// Puts a whole gradient in the place of that of rows.
    private func makeWhole() {
        if let rows = rowGradient.take() { (gradient, ownsGradient) = (rows.dense, true) }
    }

    override func makeIncomingDense() {
        if let rows = incomingRows.take() { receive(rows.dense, output: 0) }
    }

    func replaceGradient(_ tensor: Tensor?) {
        gradient = tensor
        if rowGradient != nil { rowGradient = nil }
        ownsGradient = false
    }

    func replaceGradient(rows: RowGradient?) {
        replaceGradient(nil)
        rowGradient = rows
    }
}
