import Kernels

/// The state of the running thread: gradient mode, observers, the path of running modules, the backend for new tensors.
final class ThreadState {
    @exclusivity(unchecked) var settings = ThreadSettings()
    /// The checks of indices whose outcomes no one has read yet.
    @exclusivity(unchecked) var pendingChecks: [PendingCheck] = []

    /// What products of bfloat16 and those who save for them can share.
    private(set) lazy var roundedCopies = RoundedCopies()

    init(_ settings: ThreadSettings = ThreadSettings()) { self.settings = settings }

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

    var recordsGradients: Bool { settings.recordsGradients }
    var isObserved: Bool { settings.isObserved }
    var backend: any Backend.Type {
        get { settings.backend }
        set { settings.backend = newValue }
    }

    // The modes are read by every operation: without touching the reference count.
    static var recordsGradients: Bool { read { $0.settings.recordsGradients } }
    static var isObserved: Bool { read { $0.settings.isObserved } }
    static var modes: (recordsGradients: Bool, isObserved: Bool) {
        read { ($0.settings.recordsGradients, $0.settings.isObserved) }
    }

    /// Sets whether operations are recorded; returns what was set before.
    @inline(__always)
    static func exchangeRecordsGradients(_ enabled: Bool) -> Bool {
        read {
            let previous = $0.settings.recordsGradients
            $0.settings.recordsGradients = enabled
            return previous
        }
    }

    static var precision: Precision { read { $0.settings.precision } }

    /// Sets what products compute with; returns what was set before.
    static func exchangePrecision(_ precision: Precision) -> Precision {
        read {
            let previous = $0.settings.precision
            $0.settings.precision = precision
            return previous
        }
    }

    // MARK: Observers

    /// The observer of a type.
    func observer<Observer: OperationObserver>(_ type: Observer.Type) -> Observer? {
        if !isObserved { return nil }
        return settings.observers.lazy.compactMap { $0 as? Observer }.first
    }

    /// Replaces the observer of its type; returns the previous one.
    @discardableResult
    func exchange<Observer: OperationObserver>(_ type: Observer.Type, for observer: Observer?) -> Observer? {
        let previous = self.observer(type)
        settings.observers = settings.observers.filter { $0 !== previous } + (observer.map { [$0] } ?? [])
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
        for observer in settings.observers { show(observer) }
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
        let observers = settings.observers
        for observer in observers { observer.began(work) }
        defer { for observer in observers { observer.ended(work) } }
        return try body()
    }

    /// Where the operation ran that was observed last; `nil` while nobody asks. Of several answers, the one that tells
    /// most.
    var observedOrigin: OperationOrigin? {
        settings.observers.compactMap(\.origin).max { $0.operations < $1.operations }
    }

    // MARK: Modules

    /// Where in a model the operation runs that is being recorded; `nil` outside of any.
    static var place: ModulePlace? { read { $0.settings.place } }

    /// The path of the innermost module that is running, from the outermost one: `head.fc`; the type of the outermost
    /// one itself, and "" outside of any.
    var runningPath: String { settings.place?.path ?? "" }

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
        FailureContext.leaveScope = { current.settings.scope?.leave($0) }
    }()
}
