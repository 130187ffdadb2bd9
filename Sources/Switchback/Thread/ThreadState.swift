import Kernels

/// The state of the running thread: gradient mode, observers, the path of running modules, the backend for new tensors.
final class ThreadState {
    /// Whether operations are recorded for `backward()`.
    @exclusivity(unchecked) var recordsGradients = true
    /// What products compute with.
    @exclusivity(unchecked) private var precision = Precision.float32
    /// Whether anybody observes: all that operations ask where nobody does.
    @exclusivity(unchecked) private(set) var isObserved = false
    @exclusivity(unchecked) private var observers: [any OperationObserver] = [] {
        didSet { isObserved = !observers.isEmpty }
    }
    /// The modules whose `forward` is running, outermost first.
    @exclusivity(unchecked) var modules: [any RunningModule] = [] { didSet { knownPlace = nil } }
    @exclusivity(unchecked) private var knownPlace: ModulePlace?
    @exclusivity(unchecked) var backend: any Backend.Type = CPUBackend.self
    /// The checks of indices whose outcomes no one has read yet.
    @exclusivity(unchecked) var pendingChecks: [PendingCheck] = []

    /// What products of bfloat16 and those who save for them can share.
    private(set) lazy var roundedCopies = RoundedCopies()

    /// With whom batch normalization shares its statistics, where this thread computes a slot of a batch.
    @exclusivity(unchecked) var sharedStatistics: (any SharedStatistics)?

    /// What catches the errors of this thread.
    @exclusivity(unchecked) var scope: CatchingScope?

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

    /// Whether a gradient is known to be the 1 that a walk began with, without a look at its memory.
    func isOne(_ gradient: Tensor) -> Bool {
        gradient.array.storage === lastOne?.array.storage && gradient.array.storage.version == 0
    }

    static var current: ThreadState { read { $0 } }

    // The modes are read by every operation: without touching the reference count.
    static var recordsGradients: Bool { read { $0.recordsGradients } }
    static var isObserved: Bool { read { $0.isObserved } }
    static var modes: (recordsGradients: Bool, isObserved: Bool) {
        read { ($0.recordsGradients, $0.isObserved) }
    }

    /// Sets whether operations are recorded; returns what was set before.
    @inline(__always)
    static func exchangeRecordsGradients(_ enabled: Bool) -> Bool {
        read {
            let previous = $0.recordsGradients
            $0.recordsGradients = enabled
            return previous
        }
    }

    static var precision: Precision { read { $0.precision } }

    /// Sets what products compute with; returns what was set before.
    static func exchangePrecision(_ precision: Precision) -> Precision {
        read {
            let previous = $0.precision
            $0.precision = precision
            return previous
        }
    }

    // MARK: Observers

    /// The observer of a type.
    func observer<Observer: OperationObserver>(_ type: Observer.Type) -> Observer? {
        if !isObserved { return nil }
        return observers.lazy.compactMap { $0 as? Observer }.first
    }

    /// Replaces the observer of its type; returns the previous one.
    @discardableResult
    func exchange<Observer: OperationObserver>(_ type: Observer.Type, for observer: Observer?) -> Observer? {
        let previous = self.observer(type)
        observers = observers.filter { $0 !== previous } + (observer.map { [$0] } ?? [])
        return previous
    }

    /// Runs `body` with an observer in the place of the one of its type.
    func observed<Observer: OperationObserver, Result>(
        by observer: Observer, _ body: () throws -> Result
    ) rethrows -> Result {
        let previous = exchange(Observer.self, for: observer)
        defer { exchange(Observer.self, for: previous) }
        return try body()
    }

    /// Shows something to every observer.
    func observe(_ show: (any OperationObserver) -> Void) {
        for observer in observers { show(observer) }
    }

    /// Runs `body`, whose beginning and end the observers are told.
    @inline(__always)
    static func observing<Result, Failure: Error>(
        _ work: @autoclosure () -> ObservedWork, _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        isObserved ? try current.observing(work(), body) : try body()
    }

    private func observing<Result, Failure: Error>(
        _ work: ObservedWork, _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let observers = observers
        for observer in observers { observer.began(work) }
        defer { for observer in observers { observer.ended(work) } }
        return try body()
    }

    /// Where the operation ran that was observed last; `nil` while nobody asks. Of several answers, the one that tells
    /// most.
    var observedOrigin: OperationOrigin? {
        observers.compactMap(\.origin).max { $0.operations < $1.operations }
    }

    // MARK: Modules

    /// Where in a model the operation runs that is being recorded; `nil` outside of any.
    static var place: ModulePlace? { read { $0.place } }

    private var place: ModulePlace? {
        if knownPlace == nil, let root = modules.first, let innermost = modules.last {
            knownPlace = ModulePlace(root: root, innermost: innermost)
        }
        return knownPlace
    }

    /// The path of the innermost module that is running, from the outermost one: `head.fc`; the type of the outermost
    /// one itself, and "" outside of any.
    var runningPath: String { place?.path ?? "" }

    /// The checks whose outcomes were not read yet, for one who reads them now.
    func takePendingChecks() -> [PendingCheck] {
        defer { pendingChecks = [] }
        return pendingChecks
    }

    // MARK: The thread's slot

    @inline(__always)
    private static func read<Result>(_ body: (ThreadState) -> Result) -> Result {
        guard let slot = sb_thread_slot() else { return body(create()) }
        return Unmanaged<ThreadState>.fromOpaque(slot)._withUnsafeGuaranteedRef(body)
    }

    private static func create() -> ThreadState {
        _ = tellsFailures
        let state = ThreadState()
        state.occupyThread()
        return state
    }

    /// Makes this the state of the running thread.
    func occupyThread() {
        sb_set_thread_slot(Unmanaged.passRetained(self).toOpaque()) {
            Unmanaged<ThreadState>.fromOpaque($0!).release()
        }
    }

    /// Failures name the path and go to the thread's scope; set once, before the first module of any thread runs.
    private static let tellsFailures: Void = {
        FailureContext.path = { current.runningPath }
        FailureContext.leaveScope = { current.scope?.leave($0) }
    }()

    /// The state of a thread that does a part of this one's work.
    func forPart(isObserved: Bool) -> ThreadState {
        let part = ThreadState()
        part.recordsGradients = recordsGradients
        part.precision = precision
        part.backend = backend
        if isObserved { part.observers = observers }
        return part
    }

    // MARK: What a scope that catches errors puts back

    /// What the work of a thread changes for a time, and does not change back if it ends halfway.
    struct Snapshot {
        fileprivate let recordsGradients: Bool
        fileprivate let observers: [any OperationObserver]
        fileprivate let modules: [any RunningModule]
        fileprivate let backend: any Backend.Type
        fileprivate let pendingChecks: [PendingCheck]
        fileprivate let scope: CatchingScope?
    }

    var snapshot: Snapshot {
        Snapshot(
            recordsGradients: recordsGradients, observers: observers, modules: modules, backend: backend,
            pendingChecks: pendingChecks, scope: scope)
    }

    func restore(_ snapshot: Snapshot) {
        recordsGradients = snapshot.recordsGradients
        observers = snapshot.observers
        modules = snapshot.modules
        backend = snapshot.backend
        pendingChecks = snapshot.pendingChecks
        scope = snapshot.scope
    }
}
