/// Watches the structure of a training step: which modules run, what losses compare, and the graph from which each
/// `backward()` begins.
///
/// ```swift
/// let trace = StepTrace(model)
/// model(inputs).crossEntropy(labels).backward()
/// trace.end()
/// print(trace.graphs.first?.unreached ?? [])
/// ```
///
/// Computes nothing that the step sees, so that every bit stays the same.
public final class StepTrace {
    /// What a loss was given.
    public struct Comparison: Sendable {
        /// The loss: `crossEntropy`.
        public let loss: String
        public let prediction, target: Shape
        /// The operation that made the prediction, apart from those that only rearrange elements; `nil` if it is not
        /// recorded.
        public let source: OperationName?
        /// The path of the layer that this operation ran in; empty outside of layers.
        public let layer: String
        /// What the results of `source` lie in, whatever it is applied to: numbers from 0 on of ReLU. `nil` where they
        /// can be any.
        public let range: ClosedRange<Double>?
        /// The share of targets outside of that. 0 for integers.
        public let unreachable: Double
    }

    public let model: Module
    /// In the order in which they were computed.
    public private(set) var comparisons: [Comparison] = []
    /// The graphs of the first calls of `backward()`.
    public private(set) var graphs: [Graph] = []
    private var ran: Set<ObjectIdentifier> = []
    private var paths: [ObjectIdentifier: String] = [:]
    private var watch: Watch?

    /// How many calls of `backward()` are looked at: those of a step that is made of many batches are alike.
    private static let graphLimit = 4

    /// Watches this thread until `end()`.
    public init(_ model: Module) {
        self.model = model
        for (path, module) in model.namedModules() { paths[ObjectIdentifier(module)] = path }
        let watch = Watch(self)
        self.watch = watch
        ThreadState.current.exchange(Watch.self, for: watch)
    }

    /// Ends the watch, on the thread on which it was begun.
    public func end() {
        let state = ThreadState.current
        if state.observer(Watch.self) === watch { state.exchange(Watch.self, for: nil) }
        watch = nil
    }

    deinit { end() }

    /// Whether a module has computed something.
    public func hasRun(_ module: Module) -> Bool { ran.contains(ObjectIdentifier(module)) }

    // MARK: What is watched

    /// The thread's reference to the trace, which does not keep it alive.
    private final class Watch: OperationObserver {
        private weak var trace: StepTrace?

        init(_ trace: StepTrace) { self.trace = trace }

        func computed(_ output: Tensor, by module: any RunningModule) { trace?.ran.insert(ObjectIdentifier(module)) }

        func compares(_ prediction: Tensor, with target: Tensor, in loss: OperationName) {
            if ThreadState.recordsGradients { trace?.note(prediction, target, loss) }
        }

        func began(_ work: ObservedWork) {
            if case .backward(let result) = work { trace?.noteGraph(of: result) }
        }
    }

    private func note(_ prediction: Tensor, _ target: Tensor, _ loss: OperationName) {
        let node = prediction.node.flatMap(Self.source)
        let source = node?.extras?.activation ?? node?.name
        let range = source.flatMap { $0.kind.range ?? ("\($0)" == "clamp" ? prediction.clampedRange : nil) }
        comparisons.append(
            Comparison(
                loss: "\(loss)", prediction: prediction.shape, target: target.shape, source: source,
                layer: node?.place?.innermost.flatMap { paths[ObjectIdentifier($0)] } ?? "",
                range: range, unreachable: range.map { target.share(outside: $0) } ?? 0))
    }

    private func noteGraph(of result: Tensor) {
        if graphs.count < Self.graphLimit {
            graphs.append(Graph(of: result, model: model, limit: 20_000, withGradients: false))
        }
    }

    /// The operation that made the elements of a node's result.
    private static func source(of node: Node) -> OperationNode? {
        var next: Node? = node
        while let operation = next as? OperationNode, operation.name.kind == .arrangement {
            next = operation.edges[0].node
        }
        return next as? OperationNode
    }
}

extension OperationName.Kind {
    /// What the results of an activation lie in; `nil` if it is unbounded, or no activation.
    public var range: ClosedRange<Double>? {
        switch self {
        case .relu: 0...Double.infinity
        case .relu6: 0...6
        case .sigmoid, .softmax: 0...1
        case .tanh: -1...1
        case .logSoftmax: -Double.infinity...0
        default: nil
        }
    }
}

extension Tensor {
    /// What `clamp` keeps numbers in, as far as its results show: a bound is what many of them are. `nil` without one.
    fileprivate var clampedRange: ClosedRange<Double>? {
        guard dtype.isFloatingPoint, count > 3 else { return nil }
        return noGrad {
            let values = detach()
            let (low, high) = (values.min().item(), values.max().item())
            func isBound(_ number: Double) -> Bool { values.eq(number).to(.float32).mean().item() >= 0.25 }
            let (hasLow, hasHigh) = (isBound(low), isBound(high))
            guard low.isFinite, high.isFinite, hasLow || hasHigh else { return nil }
            return (hasLow ? low : -Double.infinity)...(hasHigh ? high : Double.infinity)
        }
    }

    /// The share of elements outside of a range, by more than rounding.
    fileprivate func share(outside range: ClosedRange<Double>) -> Double {
        guard dtype.isFloatingPoint, count > 0 else { return 0 }
        return noGrad {
            let slack = 1e-3
            return (lt(range.lowerBound - slack) .| gt(range.upperBound + slack)).to(.float32).mean().item()
        }
    }
}
