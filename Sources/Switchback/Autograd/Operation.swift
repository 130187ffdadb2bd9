/// How an operation's gradient is computed: from what was saved and the gradient of the output to those of the
/// operands, in their order; `nil` if there is none.
///
/// A rule is `@Sendable` so that the compiler refuses one that captures a tensor: what a rule needs is named in
/// `saving:`, where changes in place are noticed and memory is freed as the walk passes.
public typealias GradientRule = @Sendable (_ saved: Saved, _ gradient: Tensor) -> [Tensor?]

/// The rule of an operation with several results: one gradient, or none, for each.
public typealias MultipleGradientRule = @Sendable (_ saved: Saved, _ gradients: [Tensor?]) -> [Tensor?]

/// The rule of an operation of one operand.
typealias UnaryGradientRule = @Sendable (_ saved: Saved, _ gradient: Tensor) -> Tensor

/// The rule of an operation of two operands.
typealias BinaryGradientRule = @Sendable (_ saved: Saved, _ gradient: Tensor) -> (Tensor?, Tensor?)

/// The tensors that an operation saved for its gradient rule.
public struct Saved {
    fileprivate let node: OperationNode
    /// Whether nobody else sees the gradient or its memory, so that a rule may leave its result there; known to the
    /// rules that `record(_:_:from:saving:savingOutput:once:gradient:)` takes.
    fileprivate(set) var ownsGradient = false

    /// The tensor saved at a position of `saving:`; `nil` if that was `nil`.
    public subscript(_ position: Int) -> Tensor? { node.savedInput(position) }

    /// The tensor saved at a position where one always is.
    public func tensor(_ position: Int) -> Tensor { node.savedInput(position)! }

    /// A result that was saved with `savingOutput`.
    public func output(_ index: Int = 0) -> Tensor { node.savedOutput(index) }

    /// Hands the gradient of single rows to an operand that is a leaf; returns whether that could be done, or else the
    /// rule has to give the whole gradient.
    ///
    /// - Parameter staying: whether it is to stay one of rows, or be made whole when that is requested.
    func deliver(rows: Tensor, values: Tensor, padding: Int?, staying: Bool, toOperand operand: Int) -> Bool {
        guard !ThreadState.recordsGradients, let leaf = node.edges[operand].node as? GradientAccumulator else {
            return false
        }
        // Where only other gradients are requested, nobody would come for it.
        if !leaf.isNeeded { return true }
        var gradient = RowGradient(rows: rows, values: values, shape: leaf.firstForm.layout.shape)
        if let padding { gradient = gradient.without(row: padding) }
        gradient.staysInRows = staying
        leaf.receive(gradient)
        return true
    }

    /// Whether the gradient of an operand is wanted.
    public func needs(_ operand: Int) -> Bool { node.edges[operand].node?.isNeeded ?? false }
}

extension Tensor {
    /// Records an operation: wraps its result in a tensor, and, where one of the operands requires a gradient, adds
    /// it to the graph. Every operation of the library, and every one of a user, is made by this call.
    ///
    /// - Parameters:
    ///   - name: what messages call the operation.
    ///   - output: the result that a kernel computed.
    ///   - inputs: the operands. Gradients are summed to their shapes where they were broadcast.
    ///   - saving: what the gradient needs of the operands, `nil` if their gradient will not be asked for; only
    ///     evaluated when the operation is recorded.
    ///   - savingOutput: whether the gradient needs the result.
    ///   - once: says that the rule calls kernels which have no gradient themselves, so that a second differentiation
    ///     stops with a sentence.
    ///   - gradient: the rule.
    public static func record(
        _ name: OperationName, _ output: NDArray, from inputs: [Tensor], saving: @autoclosure () -> [Tensor?] = [],
        savingOutput: Bool = false, once: Bool = false, gradient: @escaping GradientRule
    ) -> Tensor {
        guard isRecording(name, inputs, [output]), inputs.contains(where: { $0.node != nil }),
            output.dtype.isFloatingPoint
        else { return Tensor(output) }
        for input in inputs { input.checkNotChangedElsewhere(name) }
        let node = OperationNode(
            name, .general(gradient), edges: ShortList(inputs.map(Edge.init)), saving: ShortList(saving()), once: once,
            output: output)
        if savingOutput { node.save(outputs: [output]) }
        return Tensor(output, node: node)
    }

    /// Records an operation with several results; those that are not floating-point carry no gradient.
    public static func record(
        _ name: OperationName, _ outputs: [NDArray], from inputs: [Tensor], saving: @autoclosure () -> [Tensor?] = [],
        savingOutputs: Bool = false, once: Bool = false, gradients: @escaping MultipleGradientRule
    ) -> [Tensor] {
        guard !outputs.isEmpty, isRecording(name, inputs, outputs), inputs.contains(where: { $0.node != nil }) else {
            return outputs.map { Tensor($0) }
        }
        for input in inputs { input.checkNotChangedElsewhere(name) }
        let node = OperationNode(
            name, .multiple(gradients, outputCount: outputs.count), edges: ShortList(inputs.map(Edge.init)),
            saving: ShortList(saving()), once: once, output: outputs[0], otherOutputs: outputs.dropFirst())
        if savingOutputs { node.save(outputs: outputs) }
        return outputs.enumerated().map { index, output in
            output.dtype.isFloatingPoint ? Tensor(output, node: node, outputIndex: index) : Tensor(output)
        }
    }

    /// As `record`, for an operation of one operand: without the allocations of lists, for what scalars go through.
    static func record(
        _ name: OperationName, _ output: __owned NDArray, of input: Tensor, saving: @autoclosure () -> Tensor? = nil,
        savingOutput: Bool = false, gradient: @escaping UnaryGradientRule
    ) -> Tensor {
        guard isRecording(name, [input], [output]), input.node != nil, output.dtype.isFloatingPoint else {
            return Tensor(output)
        }
        input.checkNotChangedElsewhere(name)
        let node = OperationNode(
            name, .unary(gradient), edges: ShortList(Edge(to: input)), saving: ShortList(saving()), once: false,
            output: output)
        if savingOutput { node.save(outputs: [output]) }
        return Tensor(output, node: node)
    }

    /// As `record`, for an operation of two operands.
    static func record(
        _ name: OperationName, _ output: __owned NDArray, of a: Tensor, _ b: Tensor,
        saving: @autoclosure () -> (Tensor?, Tensor?) = (nil, nil), gradient: @escaping BinaryGradientRule
    ) -> Tensor {
        guard isRecording(name, [a, b], [output]), a.node != nil || b.node != nil, output.dtype.isFloatingPoint else {
            return Tensor(output)
        }
        a.checkNotChangedElsewhere(name)
        b.checkNotChangedElsewhere(name)
        let (first, second) = saving()
        let node = OperationNode(
            name, .binary(gradient), edges: ShortList(Edge(to: a), Edge(to: b)), saving: ShortList(first, second),
            once: false, output: output)
        return Tensor(output, node: node)
    }

    /// Shows an operation to whoever observes the thread, and returns whether the thread records operations. The lists
    /// are made for observers alone.
    @inline(__always)
    private static func isRecording(
        _ name: OperationName, _ inputs: @autoclosure () -> [Tensor], _ outputs: @autoclosure () -> [NDArray]
    ) -> Bool {
        let (records, isObserved) = ThreadState.modes
        if isObserved {
            let (inputs, outputs) = (inputs(), outputs())
            ThreadState.current.observe { $0.computed(outputs, by: name, from: inputs) }
        }
        return records
    }
}

/// The node of an operation.
final class OperationNode: Node {
    enum Rule {
        case unary(UnaryGradientRule)
        case binary(BinaryGradientRule)
        case general(GradientRule)
        case multiple(MultipleGradientRule, outputCount: Int)
    }

    private struct SavedTensor {
        let tensor: Tensor
        let version: Int

        init(_ tensor: Tensor) {
            self.tensor = tensor
            version = tensor.array.storage.version
        }
    }

    @exclusivity(unchecked) private var saved: ShortList<Tensor?>
    @exclusivity(unchecked) private var savedVersions: ShortList<Int>
    @exclusivity(unchecked) private var outputs: [SavedTensor]?
    private let rule: Rule
    private let once: Bool
    /// What the products of the gradient compute with: the same as the operation's.
    private let precision: Precision
    /// Whether what was saved is gone, because a walk has passed.
    @exclusivity(unchecked) private(set) var isReleased = false
    /// The first result, if it is small.
    let values: SmallValues
    let place: ModulePlace?

    fileprivate init(
        _ name: OperationName, _ rule: Rule, edges: ShortList<Edge>, saving: ShortList<Tensor?>, once: Bool,
        output: NDArray, otherOutputs: ArraySlice<NDArray> = []
    ) {
        self.rule = rule
        self.once = once
        saved = saving
        savedVersions = saving.map { $0?.array.storage.version ?? 0 }
        values = SmallValues(output)
        place = ThreadState.place
        precision = ThreadState.precision
        super.init(name: name, edges: edges, output: output, otherOutputs: otherOutputs)
        if ThreadState.isObserved, let origin = ThreadState.current.observedOrigin { ensureExtras().origin = origin }
    }

    fileprivate func save(outputs arrays: [NDArray]) {
        // Not the tensors that the caller gets: they hold this node, and would never be freed.
        outputs = arrays.map { SavedTensor(Tensor($0)) }
    }

    fileprivate func savedInput(_ position: Int) -> Tensor? {
        guard let tensor = saved[position] else { return nil }
        checkUnchanged(tensor, since: savedVersions[position])
        return tensor
    }

    fileprivate func savedOutput(_ index: Int) -> Tensor {
        let output = outputs![index]
        checkUnchanged(output.tensor, since: output.version)
        return ThreadState.recordsGradients
            ? Tensor(output.tensor.array, node: self, outputIndex: index) : output.tensor
    }

    /// The operands that the gradient needs.
    var savedInputs: [Tensor] { saved.indices.compactMap { saved[$0] } }

    /// Whether a walk can pass: nothing that was saved is gone or was changed in place since.
    var isWalkable: Bool {
        !isReleased && saved.indices.allSatisfy { (saved[$0]?.array.storage.version ?? 0) == savedVersions[$0] }
            && (outputs ?? []).allSatisfy { $0.tensor.array.storage.version == $0.version }
    }

    private func checkUnchanged(_ tensor: Tensor, since version: Int) {
        require(
            tensor.array.storage.version == version, "backward",
            "a tensor of shape \(tensor.shape) that \(name) saved for its gradient was changed in place since, by "
                + "\(tensor.array.storage.lastChange); clone() it before the change")
    }

    override func propagate() {
        require(
            !isReleased, "backward",
            "the graph of \(name) was freed by an earlier backward(); pass retainGraph: true there to walk it twice")
        if ThreadState.precision == precision { deliverGradients() } else { withPrecision(precision, deliverGradients) }
    }

    private func deliverGradients() {
        var context = Saved(node: self)
        // Anomalies are looked for in what a rule gives, under the name of its operation, and not in its steps.
        let search = Anomaly.pause()
        switch rule {
        case .unary(let rule):
            let gradient = rule(context, takeFirstIncoming()!)
            search?.resume()
            deliver(gradient, toOperand: 0)
        case .binary(let rule):
            let (first, second) = rule(context, takeFirstIncoming()!)
            search?.resume()
            if let first { deliver(first, toOperand: 0) }
            if let second { deliver(second, toOperand: 1) }
        case .general(let rule):
            var gradient = takeFirstIncoming()!
            context.ownsGradient = !ThreadState.recordsGradients && Self.isUnshared(&gradient)
            let gradients = rule(context, gradient)
            search?.resume()
            deliver(gradients)
        case .multiple(let rule, let count):
            let gradients = rule(context, (0..<count).map { self[incoming: $0] })
            search?.resume()
            deliver(gradients)
        }
    }

    private func deliver(_ gradients: [Tensor?]) {
        require(
            gradients.count == edges.count, "\(name)",
            "its gradient rule gave \(gradients.count) gradients for \(edges.count) operands")
        for i in gradients.indices where edges[i].node != nil {
            guard let gradient = gradients[i] else { continue }
            deliver(once && ThreadState.recordsGradients ? differentiableNoMore(gradient) : gradient, toOperand: i)
        }
    }

    /// The bytes of what the operation saved.
    var savedByteCount: Int {
        saved.indices.reduce((outputs ?? []).reduce(0) { $0 + $1.tensor.array.occupiedBytes }) { sum, position in
            sum + (saved[position]?.array.occupiedBytes ?? 0)
        }
    }

    /// The same gradient, as a result whose own gradient cannot be computed.
    private func differentiableNoMore(_ gradient: Tensor) -> Tensor {
        let operation = name
        let trap = Tensor(gradient.array)
        trap.requiresGrad = true
        return Tensor.record("fused gradient", gradient.array, of: trap) { _, _ in
            fail("\(operation)", "its gradient is a fused kernel, which can be differentiated only once")
        }
    }

    /// Before the edges are taken apart: what is saved may hold the nodes that they lead to.
    deinit {
        if !isReleased { release(keepingEdges: true) }
    }

    override func release(keepingEdges: Bool) {
        saved = ShortList()
        outputs = nil
        isReleased = true
        if !keepingEdges { edges = ShortList() }
    }
}
