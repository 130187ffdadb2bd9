import Kernels

/// What is particular to the thread that runs: the gradient mode, the path of modules being run, the backend for new
/// tensors.
final class ThreadState {
    /// Whether operations are recorded for `backward()`.
    @exclusivity(unchecked) var recordsGradients = true
    /// Whether every result is searched for NaN and infinity.
    @exclusivity(unchecked) var detectsAnomalies = false { didSet { noteObservers() } }
    /// What measures the operations, while `Profiler.record` runs.
    @exclusivity(unchecked) var profile: ProfileRecorder? { didSet { noteObservers() } }
    /// What layers are folded into each other, while a model that `fused()` made runs.
    @exclusivity(unchecked) var fusion: FusionPass? { didSet { noteObservers() } }
    /// What is shown the layers, while a `LayerObservation` lasts.
    @exclusivity(unchecked) var observation: Witness? { didSet { noteObservers() } }
    /// Where what an anomaly search finds is noted, instead of stopping the program.
    @exclusivity(unchecked) var anomalyNotes: AnomalyNotes?
    /// Whether there is any of the four: all that operations ask where there is none.
    @exclusivity(unchecked) private(set) var isObserved = false

    private func noteObservers() {
        isObserved = detectsAnomalies || profile != nil || fusion != nil || observation != nil
    }
    /// The modules whose `forward` is running, outermost first.
    @exclusivity(unchecked) var modules: [Module] = [] { didSet { knownPlace = nil } }
    @exclusivity(unchecked) private var knownPlace: ModulePlace?
    @exclusivity(unchecked) var backend: any Backend.Type = CPUBackend.self

    /// The gradient that the last walk began with: mostly that of the next one too.
    @exclusivity(unchecked) private var lastOne: Tensor?

    /// A tensor of ones in the form of `array`, which nobody else may change.
    func one(like array: NDArray) -> Tensor {
        if let lastOne, lastOne.array.layout === array.layout, lastOne.dtype == array.dtype,
            lastOne.backend == array.backend, lastOne.array.storage.version == 0
        {
            return lastOne
        }
        let ones = array.emptyLike()
        ones.backend.fill(ones, with: 1, integer: 1)
        let tensor = Tensor(ones)
        lastOne = tensor
        return tensor
    }

    static var current: ThreadState { read { $0 } }

    // The modes are read by every operation: without touching the reference count.
    static var recordsGradients: Bool { read { $0.recordsGradients } }
    static var isObserved: Bool { read { $0.isObserved } }
    static var modes: (recordsGradients: Bool, isObserved: Bool) {
        read { ($0.recordsGradients, $0.isObserved) }
    }

    /// Shows the observers an operation that has its results.
    func observe(_ name: StaticString, _ inputs: [Tensor], _ outputs: [NDArray]) {
        if detectsAnomalies { Anomaly.check(outputs, of: name, inputs: inputs) }
        profile?.finished(name, inputs, outputs)
        fusion?.check(inputs)
        if recordsGradients, let observation, let output = outputs.first {
            observation.see(output, by: name, inside: modules.last)
        }
    }

    /// Shows the observer an activation that was computed together with the operation before it.
    func observeFused(_ activation: StaticString, _ output: NDArray) {
        if recordsGradients { observation?.see(output, by: activation, inside: modules.last) }
    }

    /// Shows the observer the output of a module.
    func observe(_ output: Tensor, of module: Module) {
        if recordsGradients { observation?.see(output, by: module) }
    }

    /// Shows the observers a gradient that an operation's rule gave.
    func observe(_ gradient: Tensor, ofGradient node: Node) {
        if detectsAnomalies { Anomaly.check(gradient, ofGradient: node) }
    }

    /// Where the operation ran that was observed last; `nil` while nobody will ask.
    var observedOrigin: OperationOrigin? {
        guard detectsAnomalies || profile != nil else { return nil }
        return profile?.lastOrigin ?? OperationOrigin(modulePath: Module.runningPath, operations: 0)
    }

    /// Where in a model the operation runs that is being recorded; `nil` outside of any.
    static var place: ModulePlace? { read { $0.place } }

    private var place: ModulePlace? {
        if knownPlace == nil, let root = modules.first, let innermost = modules.last {
            knownPlace = ModulePlace(root: root, innermost: innermost)
        }
        return knownPlace
    }

    /// Sets whether operations are recorded; returns what was set before.
    static func exchangeRecordsGradients(_ enabled: Bool) -> Bool {
        read {
            let previous = $0.recordsGradients
            $0.recordsGradients = enabled
            return previous
        }
    }

    @inline(__always)
    private static func read<Result>(_ body: (ThreadState) -> Result) -> Result {
        guard let slot = sb_thread_slot() else { return body(create()) }
        return Unmanaged<ThreadState>.fromOpaque(slot)._withUnsafeGuaranteedRef(body)
    }

    private static func create() -> ThreadState {
        let state = ThreadState()
        sb_set_thread_slot(Unmanaged.passRetained(state).toOpaque()) {
            Unmanaged<ThreadState>.fromOpaque($0!).release()
        }
        return state
    }
}

/// Runs `body` without recording operations: for updates of parameters, and for inference.
public func noGrad<Result>(_ body: () throws -> Result) rethrows -> Result {
    try withGradientMode(false, body)
}

/// Runs `body` with operations recorded, also inside `noGrad`.
public func enableGrad<Result>(_ body: () throws -> Result) rethrows -> Result {
    try withGradientMode(true, body)
}

func withGradientMode<Result>(_ enabled: Bool, _ body: () throws -> Result) rethrows -> Result {
    let previous = ThreadState.exchangeRecordsGradients(enabled)
    defer { _ = ThreadState.exchangeRecordsGradients(previous) }
    return try body()
}
