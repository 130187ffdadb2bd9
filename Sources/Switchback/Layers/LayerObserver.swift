/// Receives what a thread computes during a ``LayerObservation``, and only what is recorded for `backward()`.
///
/// Unlike a forward hook it changes nothing: layers that are computed together stay so, and every bit stays the same.
public protocol LayerObserver: AnyObject {
    /// A module has computed its output, which may be watched further by `registerHook`.
    func computed(_ output: Tensor, by module: Module)

    /// An operation has its result.
    ///
    /// - Parameters:
    ///   - operation: as messages name it, and of its kind. An activation that a layer's kernel applies to its own
    ///     result is shown beside the kernel.
    ///   - module: the innermost module that is running; `nil` outside of any.
    func computed(_ output: Tensor, by operation: OperationName, inside module: Module?)
}

/// Shows an observer what this thread computes, until it is ended or freed. There is one at a time per thread: a later
/// one replaces an earlier one.
public final class LayerObservation {
    fileprivate private(set) weak var observer: (any LayerObserver)?

    public init(_ observer: any LayerObserver) {
        self.observer = observer
        ThreadState.current.exchange(Witness.self, for: Witness(self))
    }

    /// Ends the observation, on the thread on which it was begun.
    public func end() {
        let state = ThreadState.current
        if state.observer(Witness.self)?.observation === self { state.exchange(Witness.self, for: nil) }
    }

    deinit {
        let state = ThreadState.current
        if let witness = state.observer(Witness.self), witness.observation == nil {
            state.exchange(Witness.self, for: nil)
        }
    }
}

/// The thread's reference to an observation, which does not keep it alive. Shows what is recorded for `backward()`.
private final class Witness: OperationObserver {
    private(set) weak var observation: LayerObservation?

    init(_ observation: LayerObservation) { self.observation = observation }

    private var observer: (any LayerObserver)? {
        ThreadState.recordsGradients ? observation?.observer : nil
    }

    func computed(_ outputs: [NDArray], by operation: OperationName, from inputs: [Tensor]) {
        if let output = outputs.first { computed(output, byFused: operation) }
    }

    func computed(_ output: NDArray, byFused activation: OperationName) {
        observer?.computed(Tensor(output), by: activation, inside: ThreadState.current.modules.last as? Module)
    }

    func computed(_ output: Tensor, by module: any RunningModule) {
        if let module = module as? Module { observer?.computed(output, by: module) }
    }
}
