import Dispatch

/// Gathers what a thread's operations take while `Profiler.record` runs.
///
/// An operation is reported when it is done. It began when it first allocated memory after the end of the one before:
/// what a program does between operations is not theirs. What an operation runs inside itself (the steps of a gradient
/// rule or of an optimizer) counts as part of it.
final class ProfileRecorder {
    private struct Key: Hashable {
        let name: String
        let phase: Profile.Phase
        let module: String
    }

    /// Something that lasts: a backward rule, an optimizer's step, the making of a batch.
    private struct Span {
        let start: UInt64
        /// Time in spans inside this one.
        var inner: UInt64 = 0
        var allocatedBytes = 0
    }

    /// Longer recordings keep their sums, but not the time of each event.
    private static let eventLimit = 100_000

    private let beginning = DispatchTime.now().uptimeNanoseconds
    private var costs: [Key: Profile.Cost] = [:]
    private var events: [Profile.Event] = []
    private var omittedEvents = 0
    private var spans: [Span] = []
    /// When memory was first allocated since the last operation ended.
    private var pendingStart: UInt64?
    /// The path of every module of the models that have run.
    private var paths: [ObjectIdentifier: String] = [:]
    /// Keeps the modules alive, so that no other takes the identity of one.
    private var roots: [Module] = []
    /// Where the operation that was reported last ran, and what it took: for its gradient.
    private(set) var lastOrigin = OperationOrigin(modulePath: "", operations: 0)

    private var now: UInt64 { DispatchTime.now().uptimeNanoseconds }

    func finish() -> Profile {
        let entries = costs.map { key, cost in
            Profile.Entry(operation: key.name, phase: key.phase, module: key.module, cost: cost)
        }
        return Profile(
            seconds: Double(now - beginning) * 1e-9, entries: entries.sorted { $0.cost.seconds > $1.cost.seconds },
            events: events, omittedEvents: omittedEvents)
    }

    // MARK: Operations

    func allocated(_ byteCount: Int) {
        if spans.isEmpty {
            if pendingStart == nil { pendingStart = now }
        } else {
            spans[spans.count - 1].allocatedBytes += byteCount
        }
    }

    /// An operation has its results.
    func finished(_ name: StaticString, _ inputs: [Tensor], _ outputs: [NDArray]) {
        let path = modulePath
        let operations = operationCount(name, inputs.map(\.array), outputs)
        lastOrigin = OperationOrigin(modulePath: path, operations: operations)
        guard spans.isEmpty else { return }
        let end = now
        // A view allocates nothing, and moves nothing.
        let start = pendingStart ?? end
        let bytes =
            pendingStart == nil
            ? 0 : inputs.reduce(0) { $0 + $1.array.occupiedBytes } + outputs.reduce(0) { $0 + $1.occupiedBytes }
        pendingStart = nil
        add("\(name)", .forward, path, start, end - start, end - start, bytes, operations)
    }

    // MARK: What lasts

    func begin() { spans.append(Span(start: now)) }

    /// Ends what was begun last.
    ///
    /// - Parameter bytes: read and written, besides what was allocated.
    func end(_ name: String, _ phase: Profile.Phase, module: String = "", bytes: Int = 0, operations: Double = 0) {
        let span = spans.removeLast()
        let total = now - span.start
        if !spans.isEmpty { spans[spans.count - 1].inner += total }
        pendingStart = nil
        add(
            name, phase, module, span.start, total, total - min(span.inner, total), bytes + span.allocatedBytes,
            operations)
    }

    /// Runs `body`, the walk's visit to a node.
    func gradient(of node: Node, _ body: () -> Void) {
        let operation = node as? OperationNode
        let bytes = node.incomingByteCount + (operation?.savedByteCount ?? 0)
        let wanted = node.edges.indices.prefix(2).filter { node.edges[$0].node?.isNeeded ?? false }.count
        let origin = operation?.origin
        begin()
        body()
        // A product's gradient is one more product for each factor that wants one.
        end(
            "\(node.name)", .backward, module: origin?.modulePath ?? "", bytes: bytes,
            operations: (origin?.operations ?? 0) * Double(wanted))
    }

    private func add(
        _ name: String, _ phase: Profile.Phase, _ module: String, _ start: UInt64, _ nanoseconds: UInt64,
        _ ownNanoseconds: UInt64, _ bytes: Int, _ operations: Double
    ) {
        let seconds = Double(ownNanoseconds) * 1e-9
        costs[Key(name: name, phase: phase, module: module), default: Profile.Cost()] += Profile.Cost(
            calls: 1, seconds: seconds, bytes: bytes, operations: operations,
            countedSeconds: operations > 0 ? seconds : 0)
        keep(name, .operation, phase, module, start, nanoseconds, bytes, operations)
    }

    private func keep(
        _ name: String, _ kind: Profile.Event.Kind, _ phase: Profile.Phase, _ module: String, _ start: UInt64,
        _ nanoseconds: UInt64, _ bytes: Int = 0, _ operations: Double = 0
    ) {
        guard events.count < Self.eventLimit else {
            omittedEvents += 1
            return
        }
        events.append(
            Profile.Event(
                name: name, kind: kind, phase: phase, module: module, start: Double(start - beginning) * 1e-9,
                seconds: Double(nanoseconds) * 1e-9, bytes: bytes, operations: operations))
    }

    // MARK: Modules

    /// Runs `body`, the forward pass of a module.
    func running(_ module: Module, _ body: () throws -> Tensor) rethrows -> Tensor {
        let start = now
        if spans.isEmpty { pendingStart = nil }  // What was made before it is none of its operations'.
        let output = try body()
        if spans.isEmpty { keep("\(type(of: module))", .module, .forward, modulePath, start, now - start) }
        return output
    }

    /// The path of the innermost module that is running on this thread.
    private var modulePath: String {
        let modules = ThreadState.current.modules
        guard let innermost = modules.last else { return "" }
        // The outermost module may not list what runs inside it, as a fused model does not.
        for root in modules {
            if let path = paths[ObjectIdentifier(innermost)] { return path }
            roots.append(root)
            for (path, module) in root.namedModules() where paths[ObjectIdentifier(module)] == nil {
                paths[ObjectIdentifier(module)] = path.isEmpty ? "\(type(of: module))" : path
            }
        }
        return paths[ObjectIdentifier(innermost)] ?? ""
    }
}

/// Where an operation ran and what it took: what is told of its gradient.
struct OperationOrigin {
    /// The path of the innermost module that was running.
    let modulePath: String
    /// Floating-point operations of the forward pass; 0 where they are not counted.
    let operations: Double
}

extension NDArray {
    /// The bytes of its elements, each place in memory counted once.
    var occupiedBytes: Int { Swift.min(count * dtype.byteCount, storage.byteCount) }
}
