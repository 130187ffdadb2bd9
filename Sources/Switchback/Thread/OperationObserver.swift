/// Receives what a thread computes: a profiler, a search for NaN, a pass that fuses layers.
///
/// Whoever observes conforms to this protocol and implements what it wants to see; operations and layers know no
/// observer by its type. There is at most one of each type on a thread.
protocol OperationObserver: AnyObject {
    /// Memory is allocated: an operation that is about to run does so first.
    func allocated(_ byteCount: Int)

    /// An operation has its results.
    func computed(_ outputs: [NDArray], by operation: OperationName, from inputs: [Tensor])

    /// A kernel has applied an activation to its own results, which are `output` now.
    func computed(_ output: NDArray, byFused activation: OperationName)

    /// A module begins to compute.
    func begins(_ module: any RunningModule, on input: Tensor)

    /// A loss compares predictions with their targets.
    func compares(_ prediction: Tensor, with target: Tensor, in loss: OperationName)

    /// An attention is about to be computed.
    func attends(_ attention: ObservedAttention)

    /// A recurrent layer is about to run over a sequence, of which this is the input's part of the gates,
    /// [T, N, G · H].
    func reads(_ gates: Tensor)

    /// A module has its output.
    func computed(_ output: Tensor, by module: any RunningModule)

    /// The gradient rule of an operation gave the gradient of an operand.
    func computed(_ gradient: Tensor, byRuleOf node: Node)

    /// Something begins that lasts; `ended` is called with the same.
    func began(_ work: ObservedWork)
    func ended(_ work: ObservedWork)

    /// Where the operation ran that was computed last, to be told of its gradient; `nil` of an observer that does not
    /// ask.
    var origin: OperationOrigin? { get }
}

extension OperationObserver {
    func allocated(_ byteCount: Int) {}
    func computed(_ outputs: [NDArray], by operation: OperationName, from inputs: [Tensor]) {}
    func computed(_ output: NDArray, byFused activation: OperationName) {}
    func begins(_ module: any RunningModule, on input: Tensor) {}
    func compares(_ prediction: Tensor, with target: Tensor, in loss: OperationName) {}
    func attends(_ attention: ObservedAttention) {}
    func reads(_ gates: Tensor) {}
    func computed(_ output: Tensor, by module: any RunningModule) {}
    func computed(_ gradient: Tensor, byRuleOf node: Node) {}
    func began(_ work: ObservedWork) {}
    func ended(_ work: ObservedWork) {}
    var origin: OperationOrigin? { nil }
}

/// Work that takes time, with operations inside it.
enum ObservedWork {
    /// The forward pass of a module.
    case forward(any RunningModule)
    /// The walk's visit to a node.
    case gradient(of: Node)
    /// A walk back from a loss.
    case backward(from: Tensor)
    /// Limiting gradients.
    case clipping
    case optimizerStep(any RunningOptimizer)
    /// Putting a batch together, or waiting for one.
    case batch
}
