import Dispatch

/// Collects the time of a thread's operations while `Profiler.record` runs.
///
/// An operation is reported when it is done. It began when it first allocated memory after the end of the one before:
/// what a program does between operations is not theirs. What an operation runs inside itself (the steps of a gradient
/// rule or of an optimizer) counts as part of it.
final class ProfileRecorder: OperationObserver {
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
        /// Read and written.
        var bytes = 0
        /// Floating-point operations.
        var operations = 0.0
    }

    /// Longer recordings keep their sums, but not the time of each event.
    private static let eventLimit = 100_000

    private let beginning = DispatchTime.now().uptimeNanoseconds
    private var costs: [Key: Profile.Cost] = [:]
    private var events: [Profile.Event] = []
    private var omittedEvents = 0
    private var spans: [Span] = []
    /// When the modules began that are running.
    private var moduleStarts: [UInt64] = []
    /// When memory was first allocated since the last operation ended.
    private var pendingStart: UInt64?
    /// The path of every module of the models that have run.
    private var paths: [ObjectIdentifier: String] = [:]
    /// Keeps the modules alive, so that no other takes the identity of one.
    private var roots: [Module] = []
    /// Where the operation that was reported last ran, and what it took: for its gradient.
    private(set) var origin: OperationOrigin? = OperationOrigin(modulePath: "", operations: 0)

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
            spans[spans.count - 1].bytes += byteCount
        }
    }

    /// An operation has its results.
    func computed(_ outputs: [NDArray], by operation: OperationName, from inputs: [Tensor]) {
        let path = modulePath
        let operations = operation.kind.floatingPointOperations(from: inputs.map(\.array), to: outputs)
        origin = OperationOrigin(modulePath: path, operations: operations)
        guard spans.isEmpty else { return }
        let end = now
        // A view allocates nothing, and moves nothing.
        let start = pendingStart ?? end
        let bytes =
            pendingStart == nil
            ? 0 : inputs.reduce(0) { $0 + $1.array.occupiedBytes } + outputs.reduce(0) { $0 + $1.occupiedBytes }
        pendingStart = nil
        add("\(operation)", .forward, path, start, end - start, end - start, bytes, operations)
    }

    // MARK: What lasts

    func began(_ work: ObservedWork) {
        switch work {
        case .forward:
            if spans.isEmpty { pendingStart = nil }  // What was made before it is none of its operations'.
            moduleStarts.append(now)
        case .gradient(let node):
            let wanted = node.edges.indices.prefix(2).count { node.edges[$0].node?.isNeeded ?? false }
            let saved = (node as? OperationNode)?.savedByteCount ?? 0
            // A product's gradient is one more product for each factor that wants one.
            let operations = (node.extras?.origin?.operations ?? 0) * Double(wanted)
            spans.append(Span(start: now, bytes: node.incomingByteCount + saved, operations: operations))
        case .backward: break
        case .optimizerStep, .batch, .clipping:
            spans.append(Span(start: now))
        }
    }

    func ended(_ work: ObservedWork) {
        switch work {
        case .forward(let module):
            let start = moduleStarts.removeLast()
            if spans.isEmpty { keep("\(type(of: module))", .module, .forward, modulePath, start, now - start) }
        case .gradient(let node):
            endSpan("\(node.name)", .backward, module: node.extras?.origin?.modulePath ?? "")
        case .backward: break
        case .clipping:
            endSpan("clip gradients", .optimizer)
        case .optimizerStep(let optimizer):
            endSpan("\(type(of: optimizer)) step", .optimizer, bytes: optimizer.movedByteCount)
        case .batch:
            endSpan("next batch", .data)
        }
    }

    /// Ends the innermost open item.
    ///
    /// - Parameter bytes: read and written, besides what is known of it.
    private func endSpan(_ name: String, _ phase: Profile.Phase, module: String = "", bytes: Int = 0) {
        let span = spans.removeLast()
        let total = now - span.start
        if !spans.isEmpty { spans[spans.count - 1].inner += total }
        pendingStart = nil
        add(
            name, phase, module, span.start, total, total - min(span.inner, total), bytes + span.bytes,
            span.operations)
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

    /// The path of the innermost module that is running on this thread.
    private var modulePath: String {
        let modules = ThreadState.current.settings.modules.compactMap { $0 as? Module }
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
