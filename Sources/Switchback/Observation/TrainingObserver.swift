/// Receives what a thread computes during a ``TrainingObservation``: of layers, operations, losses and attention what is
/// recorded for `backward()`, and what the optimizer does.
///
/// Unlike a hook it changes nothing: layers that are computed together stay so, and every bit stays the same.
public protocol TrainingObserver: AnyObject {
    /// A module begins to compute.
    func begins(_ module: Module, on input: Tensor)

    /// A module has computed its output, which may be watched further by `registerHook`.
    func computed(_ output: Tensor, by module: Module)

    /// An operation has its result.
    ///
    /// - Parameters:
    ///   - inputs: the operands; none of an activation that a layer's kernel applies to its own result, which is shown
    ///     beside the kernel.
    ///   - operation: as messages name it, and of its kind.
    ///   - module: the innermost module that is running; `nil` outside of any.
    func computed(_ output: Tensor, by operation: OperationName, from inputs: [Tensor], inside module: Module?)

    /// A loss compares predictions with their targets.
    func compares(_ prediction: Tensor, with target: Tensor, in loss: OperationName)

    /// An attention is about to be computed inside a module.
    func attends(_ attention: ObservedAttention, inside module: Module?)

    /// A recurrent layer is about to run over a sequence, of which this is the input's part of the gates,
    /// [T, N, G · H]; it may be watched further by `registerHook`.
    func reads(_ gates: Tensor, inside module: Module?)

    /// A module begins to compute what is not recorded for `backward()`, as in a validation.
    func begins(unrecorded module: Module, on input: Tensor)

    /// A loss compares predictions with their targets where nothing is recorded for `backward()`.
    func compares(unrecorded prediction: Tensor, with target: Tensor, in loss: OperationName)

    /// `backward()` is about to walk the graph of a loss.
    func walksBack(from loss: Tensor)

    /// Gradients are about to be clipped.
    func clips()

    /// An optimizer is about to make a step.
    func steps(_ optimizer: Optimizer)
}

extension TrainingObserver {
    public func begins(_ module: Module, on input: Tensor) {}
    public func computed(_ output: Tensor, by module: Module) {}
    public func computed(
        _ output: Tensor, by operation: OperationName, from inputs: [Tensor], inside module: Module?
    ) {}
    public func compares(_ prediction: Tensor, with target: Tensor, in loss: OperationName) {}
    public func attends(_ attention: ObservedAttention, inside module: Module?) {}
    public func reads(_ gates: Tensor, inside module: Module?) {}
    public func begins(unrecorded module: Module, on input: Tensor) {}
    public func compares(unrecorded prediction: Tensor, with target: Tensor, in loss: OperationName) {}
    public func walksBack(from loss: Tensor) {}
    public func clips() {}
    public func steps(_ optimizer: Optimizer) {}
}

/// Shows an observer what this thread computes, until it is ended or freed. There is one at a time per thread: a later
/// one replaces an earlier one.
public final class TrainingObservation {
    fileprivate private(set) weak var observer: (any TrainingObserver)?

    public init(_ observer: any TrainingObserver) {
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

/// The thread's reference to an observation, which does not keep it alive.
private final class Witness: OperationObserver {
    private(set) weak var observation: TrainingObservation?

    init(_ observation: TrainingObservation) { self.observation = observation }

    /// Of operations and layers, those that are recorded for `backward()` are shown.
    private var recorder: (any TrainingObserver)? {
        ThreadState.recordsGradients ? observation?.observer : nil
    }

    private var innermost: Module? { ThreadState.current.settings.modules.last as? Module }

    func begins(_ module: any RunningModule, on input: Tensor) {
        guard let module = module as? Module else { return }
        if let recorder { return recorder.begins(module, on: input) }
        observation?.observer?.begins(unrecorded: module, on: input)
    }

    func computed(_ outputs: [NDArray], by operation: OperationName, from inputs: [Tensor]) {
        guard let output = outputs.first else { return }
        recorder?.computed(Tensor(output), by: operation, from: inputs, inside: innermost)
    }

    func computed(_ output: NDArray, byFused activation: OperationName) {
        recorder?.computed(Tensor(output), by: activation, from: [], inside: innermost)
    }

    func computed(_ output: Tensor, by module: any RunningModule) {
        if let module = module as? Module { recorder?.computed(output, by: module) }
    }

    func compares(_ prediction: Tensor, with target: Tensor, in loss: OperationName) {
        if let recorder { return recorder.compares(prediction, with: target, in: loss) }
        observation?.observer?.compares(unrecorded: prediction, with: target, in: loss)
    }

    func attends(_ attention: ObservedAttention) { recorder?.attends(attention, inside: innermost) }

    func reads(_ gates: Tensor) { recorder?.reads(gates, inside: innermost) }

    func began(_ work: ObservedWork) {
        guard let observer = observation?.observer else { return }
        switch work {
        case .backward(let loss): observer.walksBack(from: loss)
        case .clipping: observer.clips()
        case .optimizerStep(let optimizer): if let optimizer = optimizer as? Optimizer { observer.steps(optimizer) }
        case .forward, .gradient, .batch: break
        }
    }
}
