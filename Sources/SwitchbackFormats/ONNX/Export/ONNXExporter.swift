import Foundation
import Switchback

/// Turns two traces of a program, with different batch sizes, into an ONNX graph for any batch size.
///
/// What differs between the traces and is proportional to the batch is computed from it in the graph. Anything else
/// that differs could not be written down as a graph, and is refused.
struct ONNXExporter {
    private let traces: (first: Trace, second: Trace)
    private let batches: (Int, Int)
    /// What is rounded to 8 bits, of the first trace.
    private let rounding: TraceRounding
    private var builder = ONNXGraphBuilder(name: "switchback")
    private var names: [Key: String] = [:]

    private struct Key: Hashable {
        let object: ObjectIdentifier
        let output: Int
    }

    init(_ first: Trace, _ second: Trace, batches: (Int, Int), rounding: TraceRounding = TraceRounding()) {
        traces = (first, second)
        self.batches = batches
        self.rounding = rounding
    }

    static let subject = "export to ONNX"

    /// The graph, with the names given to inputs and outputs.
    mutating func graph(inputs: [String], outputs: [String]) throws -> ONNXGraphProto {
        for (name, pair) in zip(inputs, zip(traces.first.inputs, traces.second.inputs)) {
            builder.addInput(name, try shape(pair), pair.0.dtype)
        }
        for (position, name) in inputs.enumerated() {
            let value = traces.first.inputs[position]
            names[Key(object: ObjectIdentifier(value), output: 0)] = rounded(name, value.key)
        }
        let nodes = (traces.first.neededNodes, traces.second.neededNodes)
        guard nodes.0.count == nodes.1.count else { throw differs(nodes.0.last?.module ?? "") }
        for (first, second) in zip(nodes.0, nodes.1) { try add(first, second) }
        builder.module = ""
        for (name, pair) in zip(outputs, zip(traces.first.outputs, traces.second.outputs)) {
            builder.addOutput(name, of: try operand(pair), try shape(pair), pair.0.dtype)
        }
        return builder.graph
    }

    private func differs(_ module: String) -> InputError {
        InputError(
            Self.subject, at: module.isEmpty ? nil : module,
            "what is computed depends on the size of the batch or on the values of the input, which a graph cannot hold"
        )
    }

    // MARK: Values

    private func shape(_ pair: (TraceValue, TraceValue)) throws -> [BatchNumber] {
        guard pair.0.shape.count == pair.1.shape.count else { throw differs(builder.module) }
        return try sizes(Array(pair.0.shape), Array(pair.1.shape))
    }

    private func sizes(_ first: [Int], _ second: [Int]) throws -> [BatchNumber] {
        guard first.count == second.count else { throw differs(builder.module) }
        return try zip(first, second).map {
            guard let size = BatchNumber($0, $1, batches: batches) else { throw differs(builder.module) }
            return size
        }
    }

    /// The name of a value in the graph.
    private mutating func operand(_ pair: (TraceValue, TraceValue)) throws -> String {
        switch (pair.0.source, pair.1.source) {
        case (.input(let a), .input(let b)) where a == b:
            return names[Key(object: ObjectIdentifier(traces.first.inputs[a]), output: 0)]!
        case (.node(let node, let output), .node(_, let other)) where output == other:
            return names[Key(object: ObjectIdentifier(node), output: output)]!
        case (.constant(let first, let name), .constant(let second, _)):
            let key = Key(object: ObjectIdentifier(pair.0), output: 0)
            if let known = names[key] { return known }
            let added = try constant(first, second, name, try shape(pair))
            names[key] = added
            return added
        default: throw differs(builder.module)
        }
    }

    /// A constant that both traces agree on, repeated along dimensions that grow with the batch.
    private mutating func constant(
        _ first: NDArray, _ second: NDArray, _ name: String?, _ shape: [BatchNumber]
    ) throws -> String {
        if let name { return builder.constant(first, name: name) }
        let kept = Shape(shape.map { $0.isFixed ? $0.fixed : 1 })
        let core = first.seen(kept, strides: first.strides)
        for array in [first, second] {
            let repeated = core.seen(
                array.shape, strides: Shape(zip(shape, core.strides).map { $0.isFixed ? $1 : 0 }))
            guard Tensor(repeated).hasBits(of: Tensor(array)) else {
                throw InputError(
                    Self.subject, at: builder.module,
                    "a tensor of shape \(first.shape) depends on the input in a way that cannot be traced",
                    remedy: "keep constant tensors of a module as Buffer, and compute with tensors, not with item()")
            }
        }
        let added = builder.constant(core, name: "constant")
        return shape.allSatisfy(\.isFixed) ? added : builder.add("Expand", [added, builder.shape(shape)])
    }

    // MARK: Nodes

    private mutating func add(_ first: TraceNode, _ second: TraceNode) throws {
        builder.module = first.module
        guard first.operation == second.operation, first.inputs.count == second.inputs.count else {
            throw differs(first.module)
        }
        let pairs = Array(zip(first.inputs, second.inputs))
        let inputs = try operands(of: first, pairs)
        let node = ONNXOperation(
            inputs: inputs, shapes: try pairs.map { try shape($0) }, dtypes: first.inputs.map(\.dtype),
            sizes: try sizes(first.sizes, second.sizes), module: first.module)
        for (output, name) in try node.emit(first.operation, into: &builder).enumerated() {
            names[Key(object: ObjectIdentifier(first), output: output)] = rounded(
                name, TraceValue.Key(of: first, output: output))
        }
    }

    private mutating func operands(of node: TraceNode, _ pairs: [(TraceValue, TraceValue)]) throws -> [String] {
        try pairs.enumerated().map { position, pair in
            guard position == 1, let layer = rounding.filters[ObjectIdentifier(node)] else { return try operand(pair) }
            guard case .constant(_, let name?) = pair.0.source else { throw differs(node.module) }
            return builder.filters(layer, name: name)
        }
    }

    private mutating func rounded(_ name: String, _ key: TraceValue.Key) -> String {
        rounding.values[key].map { builder.rounded(name, to: $0) } ?? name
    }
}

extension Tensor {
    /// Whether another tensor has the same shape and elements, NaN included.
    fileprivate func hasBits(of other: Tensor) -> Bool {
        guard shape == other.shape, dtype == other.dtype else { return false }
        return array.onProcessor.withHostBytes { bytes in
            other.array.onProcessor.withHostBytes { bytes.elementsEqual($0) }
        }
    }
}
