/// What the work of a thread finds set, all of it: a thread that does a part of another's work begins with the other's, and a
/// scope that catches errors puts back what work that ended halfway has left.
struct ThreadSettings {
    /// Whether operations are recorded for `backward()`.
    var recordsGradients = true
    /// What products compute with.
    var precision = Precision.float32
    /// Where new tensors are allocated.
    var backend: any Backend.Type = CPUBackend.self
    /// Whether anybody observes: all that operations ask where nobody does.
    private(set) var isObserved = false
    var observers: [any OperationObserver] = [] { didSet { isObserved = !observers.isEmpty } }
    /// The modules whose `forward` is running, outermost first.
    var modules: [any RunningModule] = [] { didSet { knownPlace = nil } }
    private var knownPlace: ModulePlace?
    /// With whom batch normalization shares its statistics, where this thread computes a slot of a batch.
    var sharedStatistics: (any SharedStatistics)?
    /// What catches the errors of this thread.
    var scope: (any ErrorCatcher)?

    /// Where in a model the operation runs that is being recorded; `nil` outside of any.
    var place: ModulePlace? {
        mutating get {
            if knownPlace == nil, let root = modules.first, let innermost = modules.last {
                knownPlace = ModulePlace(root: root, innermost: innermost)
            }
            return knownPlace
        }
    }
}

/// Ends the work of a thread where an error stands that would end the program.
protocol ErrorCatcher: AnyObject {
    func leave(_ error: ShapeError) -> Never
}

/// The work of a thread that is done by another one, as if it were still this one: under its settings, with its default
/// generator, and with the algorithms that it allows kernels.
struct Handover {
    /// The state of the thread that does the work.
    let state: ThreadState
    private let generator = Generator.default
    private let allowsWinograd = Processor.allowsWinograd

    init(to state: ThreadState) { self.state = state }

    /// Called on the new thread.
    func run(_ body: () -> Void) {
        state.occupyThread()
        Processor.allowsWinograd = allowsWinograd
        Generator.withDefault(generator, body)
    }
}
