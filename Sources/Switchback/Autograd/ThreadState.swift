import Kernels

/// What is particular to the thread that runs: the gradient mode, the path of modules being run, the backend for new
/// tensors.
final class ThreadState {
    /// Whether operations are recorded for `backward()`.
    @exclusivity(unchecked) var recordsGradients = true
    /// Whether every result is searched for NaN and infinity.
    @exclusivity(unchecked) var detectsAnomalies = false
    /// The modules whose `forward` is running, outermost first.
    @exclusivity(unchecked) var modules: [Module] = []
    @exclusivity(unchecked) var backend: any Backend.Type = CPUBackend.self

    static var current: ThreadState { read { $0 } }

    // The modes are read by every operation: without touching the reference count.
    static var recordsGradients: Bool { read { $0.recordsGradients } }
    static var detectsAnomalies: Bool { read { $0.detectsAnomalies } }
    static var modes: (recordsGradients: Bool, detectsAnomalies: Bool) {
        read { ($0.recordsGradients, $0.detectsAnomalies) }
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
    let state = ThreadState.current
    let previous = state.recordsGradients
    state.recordsGradients = enabled
    defer { state.recordsGradients = previous }
    return try body()
}
