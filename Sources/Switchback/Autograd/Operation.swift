/// How an operation's gradient is computed: from what was saved and the gradient of the output to those of the
/// operands, in their order; `nil` where there is none.
///
/// The rule is `@Sendable` so that the compiler refuses one that captures a tensor: what a rule needs is named in
/// `saving:`, where changes in place are noticed and memory is freed as the walk passes.
public typealias GradientRule = @Sendable (_ saved: Saved, _ gradient: Tensor) -> [Tensor?]

/// The rule of an operation with several results: one gradient, or none, for each.
public typealias MultipleGradientRule = @Sendable (_ saved: Saved, _ gradients: [Tensor?]) -> [Tensor?]

/// What a gradient rule sees of the operation that it belongs to.
public struct Saved {
    fileprivate let node: OperationNode

    /// The tensor saved at a position of `saving:`; `nil` if that was `nil`.
    public subscript(_ position: Int) -> Tensor? { node.savedInput(position) }

    /// A result that was saved with `savingOutputs`.
    public func output(_ index: Int = 0) -> Tensor { node.savedOutput(index) }

    /// Whether the gradient of an operand is wanted.
    public func needs(_ operand: Int) -> Bool { node.edges[operand].node?.isNeeded ?? false }

    /// The tensor saved at a position where one always is.
    public func tensor(_ position: Int) -> Tensor { node.savedInput(position)! }
}

extension Tensor {
    /// Records an operation: wraps its result in a tensor, and, where one of the operands requires a gradient, adds
    /// it to the graph. Every operation of the library, and every one of a user, is made by this call.
    ///
    /// - Parameters:
    ///   - name: what messages call the operation.
    ///   - output: the result that a kernel computed.
    ///   - inputs: the operands. Gradients are summed to their shapes where they were broadcast.
    ///   - saving: what the gradient needs of the operands, `nil` where their gradient will not be asked for; only
    ///     evaluated when the operation is recorded.
    ///   - savingOutput: whether the gradient needs the result.
    ///   - once: says that the rule calls kernels which have no gradient themselves, so that a second differentiation
    ///     stops with a sentence.
    ///   - gradient: the rule.
    public static func record(
        _ name: StaticString, _ output: NDArray, from inputs: [Tensor], saving: @autoclosure () -> [Tensor?] = [],
        savingOutput: Bool = false, once: Bool = false, gradient: @escaping GradientRule
    ) -> Tensor {
        guard let state = recordingState(name, inputs, [output]), output.dtype.isFloatingPoint else {
            return Tensor(output)
        }
        let node = OperationNode(
            name: name, inputs: inputs, saving: saving(), once: once, rule: .single(gradient), state: state)
        if savingOutput { node.save(outputs: [output]) }
        return Tensor(output, node: node)
    }

    /// Records an operation with several results; those that are not floating-point carry no gradient.
    public static func record(
        _ name: StaticString, _ outputs: [NDArray], from inputs: [Tensor], saving: @autoclosure () -> [Tensor?] = [],
        savingOutputs: Bool = false, once: Bool = false, gradients: @escaping MultipleGradientRule
    ) -> [Tensor] {
        guard let state = recordingState(name, inputs, outputs) else { return outputs.map { Tensor($0) } }
        let node = OperationNode(
            name: name, inputs: inputs, saving: saving(), once: once,
            rule: .multiple(gradients, outputCount: outputs.count), state: state)
        if savingOutputs { node.save(outputs: outputs) }
        return outputs.enumerated().map { index, output in
            output.dtype.isFloatingPoint ? Tensor(output, node: node, outputIndex: index) : Tensor(output)
        }
    }

    /// The thread's state if the operation is to be recorded, else `nil`.
    @inline(__always)
    private static func recordingState(
        _ name: StaticString, _ inputs: [Tensor], _ outputs: @autoclosure () -> [NDArray]
    ) -> ThreadState? {
        let state = ThreadState.current
        if state.detectsAnomalies { Anomaly.check(outputs(), of: name, inputs: inputs) }
        guard state.recordsGradients else { return nil }
        for input in inputs where input.node != nil { return state }
        return nil
    }
}

/// The node of an operation.
final class OperationNode: Node {
    enum Rule {
        case single(GradientRule)
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

    private var saved: [SavedTensor?]
    private var outputs: [SavedTensor] = []
    private let rule: Rule
    private let once: Bool
    private var isReleased = false
    /// Where in the model the operation ran; known only while anomalies are looked for.
    let modulePath: String?

    fileprivate init(
        name: StaticString, inputs: [Tensor], saving: [Tensor?], once: Bool, rule: Rule, state: ThreadState
    ) {
        for input in inputs where input.node != nil { input.checkNotChangedElsewhere(name) }
        saved = saving.map { $0.map(SavedTensor.init) }
        self.rule = rule
        self.once = once
        modulePath = state.detectsAnomalies ? Module.runningPath : nil
        super.init(name: name, edges: inputs.map(Edge.init))
    }

    fileprivate func save(outputs arrays: [NDArray]) {
        // Not the tensors that the caller gets: they hold this node, and would never be freed.
        outputs = arrays.map { SavedTensor(Tensor($0)) }
    }

    fileprivate func savedInput(_ position: Int) -> Tensor? { saved[position].map { checked($0) } }

    fileprivate func savedOutput(_ index: Int) -> Tensor {
        let tensor = checked(outputs[index])
        return ThreadState.current.recordsGradients
            ? Tensor(tensor.array, node: self, outputIndex: index) : tensor
    }

    private func checked(_ saved: SavedTensor) -> Tensor {
        let storage = saved.tensor.array.storage
        require(
            storage.version == saved.version, "backward",
            "a tensor of shape \(saved.tensor.shape) that \(name) saved for its gradient was changed in place since, "
                + "by \(storage.lastChange); clone() it before the change")
        return saved.tensor
    }

    override func operandGradients() -> [Tensor?] {
        require(
            !isReleased, "backward",
            "the graph of \(name) was freed by an earlier backward(); pass retainGraph: true there to walk it twice")
        let context = Saved(node: self)
        var gradients: [Tensor?]
        switch rule {
        case .single(let rule): gradients = rule(context, self[incoming: 0]!)
        case .multiple(let rule, let count): gradients = rule(context, (0..<count).map { self[incoming: $0] })
        }
        require(
            gradients.count == edges.count, "\(name)",
            "its gradient rule gave \(gradients.count) gradients for \(edges.count) operands")
        for i in gradients.indices {
            guard let gradient = gradients[i] else { continue }
            gradients[i] = edges[i].node == nil ? nil : Self.fit(gradient, to: edges[i])
        }
        if once && ThreadState.current.recordsGradients { gradients = gradients.map { $0.map(differentiableNoMore) } }
        return gradients
    }

    /// Sums over broadcast dimensions and converts to the operand's type.
    private static func fit(_ gradient: Tensor, to operand: Edge) -> Tensor {
        var result = gradient
        if result.shape != operand.shape { result = result.summed(to: operand.shape) }
        if result.dtype != operand.dtype { result = result.to(operand.dtype) }
        return result
    }

    /// The same gradient, as a result whose own gradient cannot be computed.
    private func differentiableNoMore(_ gradient: Tensor) -> Tensor {
        let operation = name
        let trap = Tensor(gradient.array)
        trap.requiresGrad = true
        return Tensor.record("fused gradient", gradient.array, from: [trap]) { _, _ in
            fail("\(operation)", "its gradient is a fused kernel, which can be differentiated only once")
        }
    }

    override func release() {
        saved = []
        outputs = []
        edges = []
        isReleased = true
    }
}
