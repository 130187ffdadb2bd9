/// Where an operation ran and what it took: what is told of its gradient.
struct OperationOrigin {
    /// The path of the innermost module that was running.
    let modulePath: String
    /// Floating-point operations of the forward pass; 0 where they are not counted.
    let operations: Double
    /// Whether its operands and results were finite, as far as anybody looked.
    var isFinite = true
}

struct GradientHook {
    let output: Int
    let run: (Tensor) -> Tensor?
}

extension Node {
    /// Rarely used properties of a node: hooks, kept gradients, results after the first.
    final class Extras {
        var hooks: [GradientHook] = []
        /// The outputs whose gradient `retainGrad()` keeps, and what it has kept.
        var retainedOutputs: Set<Int> = []
        var retainedGradients: [Int: Tensor] = [:]
        var otherForms: [Form] = []
        /// The activation that the operation's kernel applied to its own result.
        var activation: OperationName?
        /// The position among the normalizations of the forward pass that share their statistics with other slots.
        var sharedPosition: Int?
        /// Where in the model the operation ran, and what it took; known only while operations are observed.
        var origin: OperationOrigin?
        /// The gradients of the outputs after the first, as far as they are summed.
        var otherIncoming: [Int: Tensor] = [:]
    }

    final func addHook(_ hook: GradientHook) { ensureExtras().hooks.append(hook) }

    final func retainGradient(ofOutput output: Int) { ensureExtras().retainedOutputs.insert(output) }

    /// Lets the node of a change in place keep what `retainGrad()` asked of this one: `grad` is of the present values.
    final func passRetention(ofOutput output: Int, to change: Node) {
        if extras?.retainedOutputs.remove(output) != nil { change.retainGradient(ofOutput: 0) }
    }

    final func retainedGradient(ofOutput output: Int) -> Tensor? { extras?.retainedGradients[output] }

    /// Runs the hooks in their order, and then keeps what they left.
    final func runHooks() {
        guard let extras else { return }
        for hook in extras.hooks {
            guard let gradient = self[incoming: hook.output] else { continue }
            if let replacement = hook.run(gradient) {
                require(
                    replacement.shape == gradient.shape, "registerHook",
                    "the hook returned a gradient of shape \(replacement.shape) in place of \(gradient.shape)")
                self[incoming: hook.output] = replacement
                ownsIncoming = false
            }
        }
        for output in extras.retainedOutputs {
            if let gradient = self[incoming: output] { extras.retainedGradients[output] = gradient.detach() }
        }
    }

    final func ensureExtras() -> Extras {
        if let extras { return extras }
        let extras = Extras()
        self.extras = extras
        return extras
    }
}
