// How gradients pass from node to node during a walk.

extension Node {
    /// Hands the gradient of an operand on to where it goes.
    final func deliver(_ gradient: Tensor, toOperand position: Int) {
        if ThreadState.isObserved { ThreadState.current.observe { $0.computed(gradient, byRuleOf: self) } }
        if let next = edges[position].node, next.isNeeded {
            next.receive(gradient, output: edges[position].output)
        }
    }

    /// Adds a gradient to what has come in for an output.
    final func receive(_ gradient: Tensor, output: Int) {
        if output != 0 {
            let gradient = fit(gradient, to: extras!.otherForms[output - 1])
            self[incoming: output] = self[incoming: output].map { $0 + gradient } ?? gradient
        } else if var sum = firstIncoming.take() {
            let gradient = fit(gradient, to: firstForm)
            if ownsIncoming || (!ThreadState.recordsGradients && Self.isUnshared(&sum)) {
                gradient.backend.binary(.add, sum.array, gradient.array, into: sum.array)
                ownsIncoming = true
                firstIncoming = sum
            } else {
                firstIncoming = sum + gradient
                ownsIncoming = !ThreadState.recordsGradients
            }
        } else if gradient.array.layout === firstForm.layout && gradient.dtype == firstForm.dtype {
            firstIncoming = gradient
        } else {
            firstIncoming = fit(gradient, to: firstForm)
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

    /// Whether nobody else sees the tensor or its memory, and every element has its own place.
    static func isUnshared(_ tensor: inout Tensor) -> Bool {
        isKnownUniquelyReferenced(&tensor) && isKnownUniquelyReferenced(&tensor.array.storage)
            && tensor.array.storage.byteCount == tensor.count * tensor.dtype.byteCount
            && (tensor.array.isContiguous || tensor.array.isChannelsLast)
    }
}
