import Switchback
import SwitchbackFormats

extension Trace {
    /// The same computation in which channels are joined and cut out of images [N, C, H, W] as such.
    ///
    /// In a batch of one image the dimension of the batch takes no part in how memory is laid out, so that a trace has such
    /// operations on [C, H, W] or flatter shapes, between reshapes.
    func withImages() -> Trace {
        let nodes = neededNodes
        var rewriter = ImageRewriter(originals: nodes.flatMap(\.inputs) + outputs)
        for node in nodes { rewriter.add(node) }
        return Trace(inputs: inputs, outputs: outputs.map { rewriter.value($0) }, nodes: rewriter.nodes)
    }
}

/// Copies a trace node by node.
private struct ImageRewriter {
    private(set) var nodes: [TraceNode] = []
    private let originals: [TraceValue.Key: TraceValue]
    /// What stands for the values of the original.
    private var values: [TraceValue.Key: TraceValue] = [:]

    init(originals: [TraceValue]) {
        self.originals = Dictionary(originals.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// What stands for a value of the original.
    func value(_ original: TraceValue) -> TraceValue { values[original.key] ?? original }

    mutating func add(_ node: TraceNode) {
        let inputs = node.inputs.map { value($0) }
        if let original = originals[TraceValue.Key(of: node, output: 0)],
            let moved = moved(node, inputs, to: original.shape)
        {
            values[original.key] = reshaped(moved, to: original.shape)
            return
        }
        let copy = TraceNode(node.operation, inputs, sizes: node.sizes, module: node.module)
        nodes.append(copy)
        for output in 0..<2 {
            guard let original = originals[TraceValue.Key(of: node, output: output)] else { continue }
            values[original.key] = TraceValue(.node(copy, output: output), original.shape, original.dtype)
        }
    }

    /// What has the elements of the node's result in their order, if it comes from images that are joined or cut, or from
    /// another shape.
    private mutating func moved(_ node: TraceNode, _ inputs: [TraceValue], to shape: Shape) -> TraceValue? {
        switch node.operation {
        case .reshape: return inputs[0].inOrder
        case .transpose(let order):
            let kept = order.filter { inputs[0].shape[$0] != 1 }
            return kept == kept.sorted() ? inputs[0].inOrder : nil
        case .concatenate(let dim): return joined(inputs, shape, dim)
        case .slice(let steps): return cut(inputs[0], steps, node.sizes, shape)
        default: return nil
        }
    }

    /// Images joined one behind the other, which for a batch of one is channel behind channel.
    private mutating func joined(_ inputs: [TraceValue], _ shape: Shape, _ dim: Int) -> TraceValue? {
        let images = inputs.map(\.inOrder)
        guard let first = images.first?.shape, shape.prefix(dim).allSatisfy({ $0 == 1 }),
            images.allSatisfy({ $0.isSingleImage && $0.shape[2] == first[2] && $0.shape[3] == first[3] })
        else { return nil }
        let channels = images.reduce(0) { $0 + $1.shape[1] }
        return result(.concatenate(dim: 1), images, [], [1, channels, first[2], first[3]])
    }

    /// Elements one behind the other that are whole channels of an image.
    private mutating func cut(_ input: TraceValue, _ steps: [Int], _ sizes: [Int], _ shape: Shape) -> TraceValue? {
        let image = input.inOrder
        guard image.isSingleImage, steps.allSatisfy({ $0 == 1 }),
            let dim = shape.indices.first(where: { sizes[2 * $0 + 1] != input.shape[$0] }),
            input.shape.prefix(dim).allSatisfy({ $0 == 1 }),
            shape.indices.dropFirst(dim + 1).allSatisfy({ sizes[2 * $0 + 1] == input.shape[$0] })
        else { return nil }
        let inner = input.shape.dropFirst(dim + 1).reduce(1, *)
        let (height, width) = (image.shape[2], image.shape[3])
        let (start, length) = (sizes[2 * dim] * inner, sizes[2 * dim + 1] * inner)
        guard height * width > 0, start % (height * width) == 0, length % (height * width) == 0 else { return nil }
        let (channel, count) = (start / (height * width), length / (height * width))
        return result(
            .slice(steps: [1, 1, 1, 1]), [image], [0, 1, channel, count, 0, height, 0, width],
            [1, count, height, width])
    }

    private mutating func reshaped(_ value: TraceValue, to shape: Shape) -> TraceValue {
        value.shape == shape ? value : result(.reshape, [value], Array(shape), shape)
    }

    private mutating func result(
        _ operation: TraceOperation, _ inputs: [TraceValue], _ sizes: [Int], _ shape: Shape
    ) -> TraceValue {
        let node = TraceNode(operation, inputs, sizes: sizes, module: "")
        nodes.append(node)
        return TraceValue(.node(node, output: 0), shape, inputs[0].dtype)
    }
}

extension TraceValue {
    /// The value whose elements these are, in the same order: without reshapes.
    fileprivate var inOrder: TraceValue {
        guard case .node(let node, _) = source, case .reshape = node.operation else { return self }
        return node.inputs[0].inOrder
    }

    fileprivate var isSingleImage: Bool { shape.count == 4 && shape[0] == 1 && dtype == .float32 && !isConstant }
}
