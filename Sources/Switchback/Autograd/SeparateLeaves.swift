/// Leaves that take the place of tensors' own while a graph is recorded, so that it shares none with other graphs: several
/// can then be walked side by side, and each has gradients of its own.
package final class SeparateLeaves {
    private let tensors: [Tensor]
    private var leaves: [Node?]

    /// - Parameter tensors: leaves that require a gradient, each once.
    package init(of tensors: [Tensor]) {
        self.tensors = tensors
        leaves = tensors.map { tensor in
            let leaf = GradientAccumulator(for: tensor)
            for hook in tensor.node?.extras?.hooks ?? [] { leaf.addHook(hook) }
            return leaf
        }
    }

    /// Runs `body` with these leaves in the place of the tensors' own.
    package func inPlace<Result>(_ body: () throws -> Result) rethrows -> Result {
        exchange()
        defer { exchange() }
        return try body()
    }

    private func exchange() {
        for i in tensors.indices { swap(&tensors[i].node, &leaves[i]) }
    }

    /// What the walks have brought to the leaves, in the order of the tensors; `nil` where they brought nothing.
    package var gradients: [Tensor?] { leaves.map { ($0 as? GradientAccumulator)?.wholeGradient } }
}
