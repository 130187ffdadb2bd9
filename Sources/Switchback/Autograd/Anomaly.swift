/// Finds the operation that first produced NaN or infinity.
public enum Anomaly {
    /// Runs `body` and stops, with a sentence, at the first operation whose result or gradient holds NaN or infinity
    /// though its operands held none: the sentence names the operation and the layer. Slow: every result is read.
    ///
    /// - Parameter enabled: `false` ends the search for the time of `body`.
    public static func detect<Result>(_ enabled: Bool = true, _ body: () throws -> Result) rethrows -> Result {
        let state = ThreadState.current
        let outer = state.observer(AnomalySearch.self)
        guard enabled || outer != nil else { return try body() }
        return try state.observed(by: AnomalySearch(isPaused: !enabled, notes: outer?.notes), body)
    }

    /// Where a number that is none came into being.
    public struct Birth: Codable, Equatable, Sendable {
        public enum Value: String, Codable, Sendable {
            case nan = "NaN"
            case infinity
        }

        public let value: Value
        /// As messages name it: `log`.
        public let operation: String
        /// The path of the innermost module that was running; "" outside of any.
        public let module: String
        /// Whether it was on the way back, in the operation's gradient.
        public let isBackward: Bool
        /// What was computed from what, as a sentence without its beginning and end.
        public let detail: String
        /// On the way forward, the shape of the result, and the positions along its first dimension that hold such
        /// numbers where others do not: of a batch, the examples to blame. Empty where all do.
        public let shape: [Int]
        public let rows: [Int]
    }

    /// NaN or infinity that no operation made: it was in data or in a parameter.
    public struct Entry: Codable, Equatable, Sendable {
        public let value: Birth.Value
        /// The first operation that was given it, and the path of the module that was running.
        public let operation: String
        public let module: String
        /// The shape of the operand, and the place of the first such element in it.
        public let shape: [Int]
        public let place: [Int]
        /// Whether the operand is a leaf that requires a gradient: a parameter.
        public let isParameter: Bool
    }

    /// Runs `body` to its end, and tells where NaN or infinity was first computed from numbers that were finite. `nil` if all stayed finite, or what was not came in from outside: in parameters or data.
    public static func birth(in body: () throws -> Void) rethrows -> Birth? { try origin(in: body).birth }

    /// As `birth(in:)`; and tells where what came in from outside was first used.
    public static func origin(in body: () throws -> Void) rethrows -> (birth: Birth?, entry: Entry?) {
        let notes = AnomalyNotes()
        try ThreadState.current.observed(by: AnomalySearch(notes: notes), body)
        return (notes.entry == nil ? notes.birth : nil, notes.entry)
    }
}

extension Anomaly.Birth {
    /// What earlier versions wrote does not say which examples are to blame.
    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            value: try fields.decode(Value.self, forKey: .value),
            operation: try fields.decode(String.self, forKey: .operation),
            module: try fields.decode(String.self, forKey: .module),
            isBackward: try fields.decode(Bool.self, forKey: .isBackward),
            detail: try fields.decode(String.self, forKey: .detail),
            shape: try fields.decodeIfPresent([Int].self, forKey: .shape) ?? [],
            rows: try fields.decodeIfPresent([Int].self, forKey: .rows) ?? [])
    }
}

extension Anomaly {
    /// Ends this thread's search, which is returned if there is one, until its `resume()`. No scope with a closure:
    /// every gradient rule runs in such a pause, and its captures would cost more than the arithmetic of a scalar.
    @inline(__always)
    static func pause() -> AnomalySearch? { ThreadState.isObserved ? AnomalySearch.pause() : nil }
}

/// Checks every result and gradient.
final class AnomalySearch: OperationObserver {
    /// Whether nothing is looked into for now.
    private let isPaused: Bool
    /// Where what is found is noted, instead of stopping the program.
    fileprivate let notes: AnomalyNotes?
    /// Whether the operation that was computed last was given finite numbers and gave such.
    private var isLatestFinite = true
    /// Whether gradients hold what was there before the walk back.
    private var hasInherited = false

    fileprivate init(isPaused: Bool = false, notes: AnomalyNotes?) {
        self.isPaused = isPaused
        self.notes = notes
    }

    fileprivate static func pause() -> AnomalySearch? {
        let state = ThreadState.current
        guard let search = state.observer(AnomalySearch.self) else { return nil }
        state.exchange(AnomalySearch.self, for: AnomalySearch(isPaused: true, notes: search.notes))
        return search
    }

    func resume() { ThreadState.current.exchange(AnomalySearch.self, for: self) }

    var origin: OperationOrigin? {
        isPaused
            ? nil
            : OperationOrigin(
                modulePath: ThreadState.current.runningPath, operations: 0, isFinite: isLatestFinite)
    }

    func computed(_ outputs: [NDArray], by operation: OperationName, from inputs: [Tensor]) {
        if isPaused { return }
        let damaged = inputs.first { !$0.array.isFinite }
        let culprit = outputs.first { !$0.isFinite }
        isLatestFinite = damaged == nil && culprit == nil
        if let damaged, notes?.isEmpty ?? false { notes?.entry = entry(of: damaged, into: operation) }
        guard let culprit else { return }
        let value = culprit.firstAnomaly
        // Infinity that is written into a tensor is meant, as in a mask.
        if value == .infinity && operation.kind == .filling { return }
        if let damaged, value == .infinity || inputs.contains(where: \.array.holdsNaN) || damaged.array.holdsNaN {
            return
        }
        let operands = inputs.map { $0.shape.description }.joined(separator: ", ")
        report(
            Anomaly.Birth(
                value: value, operation: "\(operation)", module: ThreadState.current.runningPath, isBackward: false,
                detail: "its result of shape \(culprit.shape) holds \(value.rawValue), and its operands \(operands) "
                    + (damaged == nil ? "were finite" : "held infinity"), shape: Array(culprit.shape),
                rows: culprit.anomalousRows))
    }

    /// What came in from outside with an operand. Minus infinity that is added, as masks are, is meant to be there.
    private func entry(of operand: Tensor, into operation: OperationName) -> Anomaly.Entry? {
        let array = operand.array
        let isProduct = [.product, .convolution].contains(operation.kind)
        guard operation.kind != .filling, isProduct || array.holdsNaN || array.holdsPositiveInfinity else {
            return nil
        }
        return Anomaly.Entry(
            value: array.firstAnomaly, operation: "\(operation)", module: ThreadState.current.runningPath,
            shape: Array(operand.shape), place: operand.firstAnomalousPlace,
            isParameter: operand.isLeaf && operand.requiresGrad)
    }

    func computed(_ gradient: Tensor, byRuleOf node: Node) {
        if isPaused || hasInherited || gradient.array.isFinite { return }
        // What was not finite on the way there spoils the gradient, which is not born here.
        guard node.extras?.origin?.isFinite ?? true else {
            hasInherited = true
            return
        }
        let (culprit, value) = (gradient.array, gradient.array.firstAnomaly)
        report(
            Anomaly.Birth(
                value: value, operation: "\(node.name)", module: node.extras?.origin?.modulePath ?? "",
                isBackward: true,
                detail: "a gradient of shape \(culprit.shape) holds \(value.rawValue)", shape: Array(culprit.shape),
                rows: []))
    }

    /// Notes what was found where a search wants that, and else stops with a sentence.
    private func report(_ birth: Anomaly.Birth) {
        if let notes { return notes.add(birth) }
        guard birth.isBackward else { fail(birth.operation, birth.detail) }
        let place = birth.module.isEmpty ? "" : " in \(birth.module)"
        fail("backward of \(birth.operation)\(place)", birth.detail)
    }
}

/// The results of a search so far.
private final class AnomalyNotes {
    /// The first one.
    private(set) var birth: Anomaly.Birth?
    /// What came in from outside, before anything was born.
    var entry: Anomaly.Entry?

    /// Whether nothing was found yet.
    var isEmpty: Bool { birth == nil && entry == nil }

    func add(_ birth: Anomaly.Birth) { self.birth = self.birth ?? birth }
}

extension NDArray {
    /// Whether every element is finite; true for types that hold nothing else.
    fileprivate var isFinite: Bool { !dtype.isFloatingPoint || holds(.isFinite, for: .all) }

    fileprivate var holdsNaN: Bool { dtype.isFloatingPoint && holds(.isNaN, for: .any) }

    fileprivate var holdsPositiveInfinity: Bool {
        guard dtype.isFloatingPoint, !isFinite else { return false }
        return noGrad { Tensor(self).eq(Double.infinity).any().item(as: Bool.self) }
    }

    fileprivate var firstAnomaly: Anomaly.Birth.Value { holdsNaN ? .nan : .infinity }

    /// The positions along the first dimension that hold NaN or infinity; empty where all do.
    fileprivate var anomalousRows: [Int] {
        guard rank > 0, shape[0] > 1, count > 0 else { return [] }
        let marks = noGrad {
            Tensor(self).isfinite().logicalNot().reshape([shape[0], count / shape[0]]).to(.uint8).amax(dim: 1)
        }.toArray(as: UInt8.self)
        let rows = marks.indices.filter { marks[$0] != 0 }
        return rows.count == marks.count ? [] : rows
    }

    /// Whether a predicate holds for all or for any of the elements.
    private func holds(_ predicate: UnaryFunction, for quantifier: Reduction) -> Bool {
        let answer = NDArray(empty: Shape(repeating: 1, count: rank), dtype: .bool, backend: backend)
        backend.reduce(quantifier, unary(predicate), into: answer)
        return answer.integer(at: 0) != 0
    }
}

extension Tensor {
    /// The place of the first element that is NaN or infinite.
    fileprivate final var firstAnomalousPlace: [Int] {
        let place = noGrad {
            detach().isfinite().logicalNot().reshape([count]).to(.uint8).argmax(dim: 0).item(as: Int.self)
        }
        var (rest, places) = (place, [Int](repeating: 0, count: rank))
        for dim in shape.indices.reversed() {
            places[dim] = rest % Swift.max(1, shape[dim])
            rest /= Swift.max(1, shape[dim])
        }
        return places
    }
}
