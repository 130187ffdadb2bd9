// What is called before and after a module computes, and when its gradients are known.

/// The hooks of a module, in the order in which they were registered.
struct ModuleHooks {
    var beforeForward: [(id: Int, run: Module.ForwardPreHook)] = []
    var afterForward: [(id: Int, run: Module.ForwardHook)] = []
    var backward: [(id: Int, run: Module.BackwardHook)] = []
    private var registered = 0

    var isEmpty: Bool { beforeForward.isEmpty && afterForward.isEmpty && backward.isEmpty }

    /// The number of the next hook.
    mutating func number() -> Int {
        defer { registered += 1 }
        return registered
    }

    mutating func remove(_ id: Int) {
        beforeForward.removeAll { $0.id == id }
        afterForward.removeAll { $0.id == id }
        backward.removeAll { $0.id == id }
    }
}

extension Module {
    /// What `registerForwardHook` takes: the module, its input and its output.
    public typealias ForwardHook = (Module, Tensor, Tensor) -> Tensor?

    /// What `registerForwardPreHook` takes: the module and its input.
    public typealias ForwardPreHook = (Module, Tensor) -> Tensor?

    /// What `registerBackwardHook` takes: the module, the gradient of its input (`nil` if the input requires none), and
    /// that of its output.
    public typealias BackwardHook = (Module, _ ofInput: Tensor?, _ ofOutput: Tensor) -> Tensor?

    /// Calls `hook` after each forward pass; what it returns, unless `nil`, takes the output's place.
    ///
    /// - Returns: the number by which `removeHook` takes it away.
    @discardableResult
    public final func registerForwardHook(_ hook: @escaping ForwardHook) -> Int {
        let id = hooks.number()
        hooks.afterForward.append((id, hook))
        return id
    }

    /// Calls `hook` before each forward pass of one tensor; what it returns, unless `nil`, takes the input's place.
    ///
    /// - Returns: the number by which `removeHook` takes it away.
    @discardableResult
    public final func registerForwardPreHook(_ hook: @escaping ForwardPreHook) -> Int {
        let id = hooks.number()
        hooks.beforeForward.append((id, hook))
        return id
    }

    /// Calls `hook` during `backward()`, once the gradients of the input and the output of a forward pass of one tensor
    /// are known; what it returns, unless `nil`, takes the place of the input's gradient. PyTorch's
    /// `register_full_backward_hook`.
    ///
    /// - Returns: the number by which `removeHook` takes it away.
    @discardableResult
    public final func registerBackwardHook(_ hook: @escaping BackwardHook) -> Int {
        let id = hooks.number()
        hooks.backward.append((id, hook))
        return id
    }

    /// Takes a hook away, of whichever kind it is.
    public final func removeHook(_ id: Int) { hooks.remove(id) }

    /// The output of `compute` on the input, between the hooks that look at what goes in and at gradients.
    final func hooked(_ input: Tensor, _ compute: (Tensor) -> Tensor) -> Tensor {
        let input = hooks.beforeForward.reduce(input) { $1.run(self, $0) ?? $0 }
        if hooks.backward.isEmpty || !ThreadState.current.recordsGradients { return compute(input) }
        // Seen through nodes of this module alone: others may use the same input.
        let inner = input.requiresGrad ? input.passedOn() : input
        let output = compute(inner)
        if !output.requiresGrad { return output }
        let outer = output.passedOn()
        let (watched, seen) = (hooks.backward, SeenGradient())
        outer.registerHook { gradient in
            seen.ofOutput = gradient
            if !inner.requiresGrad { for hook in watched { _ = hook.run(self, nil, gradient) } }
            return nil
        }
        if inner.requiresGrad {
            inner.registerHook { gradient in
                watched.reduce(gradient) { $1.run(self, $0, seen.ofOutput ?? $0) ?? $0 }
            }
        }
        return outer
    }
}

/// The gradient of a module's output, from when it is known to when that of the input is.
private final class SeenGradient {
    var ofOutput: Tensor?
}

extension Tensor {
    /// The same values as the result of an operation of its own.
    fileprivate func passedOn() -> Tensor { Tensor.record("identity", array, of: self) { $1 } }
}
