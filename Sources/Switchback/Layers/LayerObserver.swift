/// Is shown what a thread computes while a ``LayerObservation`` lasts, and only what is recorded for `backward()`.
///
/// Unlike a forward hook it changes nothing: layers that are computed together stay so, and every bit stays the same.
public protocol LayerObserver: AnyObject {
    /// A module has computed its output, which may be watched further by `registerHook`.
    func computed(_ output: Tensor, by module: Module)

    /// An operation has its result.
    ///
    /// - Parameters:
    ///   - operation: as messages name it: `relu`. An activation that a layer's kernel applies to its own result is
    ///     shown beside the kernel.
    ///   - module: the innermost module that is running; `nil` outside of any.
    func computed(_ output: Tensor, by operation: StaticString, inside module: Module?)
}

/// Shows an observer what this thread computes, until it is ended or freed. There is one at a time on a thread: a later
/// one takes the place of an earlier one.
public final class LayerObservation {
    private(set) weak var observer: (any LayerObserver)?

    public init(_ observer: any LayerObserver) {
        self.observer = observer
        ThreadState.current.observation = Witness(self)
    }

    /// Ends the observation, on the thread on which it was begun.
    public func end() {
        let state = ThreadState.current
        if state.observation?.observation === self { state.observation = nil }
    }

    deinit {
        let state = ThreadState.current
        if let witness = state.observation, witness.observation == nil { state.observation = nil }
    }
}

/// What a thread knows of an observation, without keeping it alive.
struct Witness {
    private(set) weak var observation: LayerObservation?

    init(_ observation: LayerObservation) { self.observation = observation }

    func see(_ output: Tensor, by module: Module) { observation?.observer?.computed(output, by: module) }

    func see(_ output: NDArray, by operation: StaticString, inside module: Module?) {
        observation?.observer?.computed(Tensor(output), by: operation, inside: module)
    }
}

extension Tensor {
    /// The tensor itself, after observers were shown the activation that a kernel applied to its own result.
    final func noting(_ activation: FusedActivation) -> Tensor {
        guard ThreadState.isObserved, activation != .none else { return self }
        ThreadState.current.observeFused(activation == .relu ? "relu" : "silu", array)
        return self
    }
}
