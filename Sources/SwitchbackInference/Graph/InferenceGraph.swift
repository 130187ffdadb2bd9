import Switchback
import SwitchbackFormats

/// The computation of a network for inputs of one shape: convolutions with what follows each, and everything else as it was
/// traced.
struct InferenceGraph {
    enum Step {
        case convolution(GraphConvolution)
        case operation(TraceNode)
    }

    let inputs, outputs: [TraceValue]
    /// Each after those whose results it needs.
    let steps: [Step]
    /// The values by node, also those that nothing reads.
    private let values: [TraceValue.Key: TraceValue]

    /// - Parameter copied: whether the steps may be copies of the trace's nodes, as they have to be for a batch of one image:
    ///   see `Trace.withImages`.
    init(_ trace: Trace, copied: Bool = true) {
        let trace = copied ? trace.withImages() : trace
        (inputs, outputs) = (trace.inputs, trace.outputs)
        let nodes = trace.neededNodes
        var values: [TraceValue.Key: TraceValue] = [:]
        var readers: [TraceValue.Key: [TraceNode]] = [:]
        for node in nodes {
            for input in node.inputs {
                values[input.key] = input
                readers[input.key, default: []].append(node)
            }
        }
        for output in outputs { values[output.key] = output }
        let kept = Set(outputs.map(\.key))
        self.values = values

        // A convolution stands where the last operation that it absorbs stood: what that reads has been computed by then.
        var absorbed: Set<ObjectIdentifier> = []
        var chains: [ObjectIdentifier: GraphConvolution] = [:]
        for node in nodes {
            guard let own = values[TraceValue.Key(of: node, output: 0)],
                var convolution = GraphConvolution(node, output: own)
            else { continue }
            var last = node
            while !kept.contains(convolution.output.key), let next = readers[convolution.output.key], next.count == 1,
                !absorbed.contains(ObjectIdentifier(next[0])), chains[ObjectIdentifier(next[0])] == nil,
                let value = values[TraceValue.Key(of: next[0], output: 0)], convolution.absorb(next[0], giving: value)
            {
                absorbed.insert(ObjectIdentifier(last))
                last = next[0]
            }
            chains[ObjectIdentifier(last)] = convolution
        }
        steps = nodes.compactMap { node in
            if absorbed.contains(ObjectIdentifier(node)) { return nil }
            return chains[ObjectIdentifier(node)].map(Step.convolution) ?? .operation(node)
        }
    }

    var convolutions: [GraphConvolution] {
        steps.compactMap { if case .convolution(let convolution) = $0 { convolution } else { nil } }
    }

    /// The value that an operation gives; `nil` where nothing reads it.
    func output(of node: TraceNode, _ position: Int = 0) -> TraceValue? {
        values[TraceValue.Key(of: node, output: position)]
    }
}

extension TraceNode {
    /// Whether the operation moves elements of images without changing them, so that bytes can stand for them as well.
    var movesBytes: Bool {
        guard let input = inputs.first, input.shape.count == 4, input.dtype == .float32 else { return false }
        switch operation {
        case .concatenate(let dim): return dim == 1 && !inputs.contains(where: \.isConstant)
        case .maxPool: return true
        case .resize(let form):
            return form.mode == .nearest && sizes[0] % max(input.shape[2], 1) == 0
                && sizes[1] % max(input.shape[3], 1) == 0
        case .slice(let steps):
            return steps == [1, 1, 1, 1]
                && [0, 2, 3].allSatisfy { sizes[2 * $0] == 0 && sizes[2 * $0 + 1] == input.shape[$0] }
        default: return false
        }
    }

    /// Whether it adds two images of one shape.
    var addsImages: Bool {
        guard case .binary(let sum) = operation, sum.function == .add else { return false }
        return inputs.allSatisfy { $0.shape.count == 4 && $0.dtype == .float32 && !$0.isConstant }
            && inputs[0].shape == inputs[1].shape
    }
}
