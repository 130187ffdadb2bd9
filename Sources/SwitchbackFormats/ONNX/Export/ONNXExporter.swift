import Foundation
import Switchback

/// Turns traces of a program, with different sizes of what is left open, into an ONNX graph for any such sizes.
///
/// What differs between the traces as the open sizes or products of them do is computed from those in the graph.
/// Anything else that differs could not be written down as a graph, and is refused.
struct ONNXExporter {
    /// For every choice of the first or the second sample for each open size, as `GraphSize` numbers them; of two inputs where
    /// no size is open.
    private let traces: [Trace]
    private let options: ONNXOptions
    /// What is rounded to 8 bits, of the first trace.
    private let rounding: TraceRounding
    private var builder: ONNXGraphBuilder
    private var names: [Key: Name] = [:]

    private struct Key: Hashable {
        let object: ObjectIdentifier
        let output: Int
    }

    /// A value in the graph.
    private struct Name: Hashable {
        let text: String
        /// Whether numbers that the trace has in float32 are in float16 there.
        let isHalf: Bool
    }

    init(_ traces: [Trace], _ options: ONNXOptions, rounding: TraceRounding = TraceRounding()) {
        self.traces = traces
        self.options = options
        self.rounding = rounding
        builder = ONNXGraphBuilder(name: "switchback", options)
    }

    static let subject = "export to ONNX"

    /// The graph, with the names given to inputs and outputs.
    mutating func graph(inputs: [String], outputs: [String]) throws -> ONNXGraphProto {
        for (position, name) in inputs.enumerated() {
            let values = traces.map { $0.inputs[position] }
            builder.addInput(name, try shape(values), values[0].dtype)
            names[Key(object: ObjectIdentifier(values[0]), output: 0)] = Name(
                text: rounded(name, values[0].key), isHalf: false)
        }
        let nodes = traces.map(\.neededNodes)
        guard nodes.allSatisfy({ $0.count == nodes[0].count }) else { throw differs(nodes[0].last?.module ?? "") }
        for position in nodes[0].indices { try add(nodes.map { $0[position] }) }
        builder.module = ""
        for (position, name) in outputs.enumerated() {
            let values = traces.map { $0.outputs[position] }
            builder.addOutput(name, of: try operand(values), try shape(values), values[0].dtype)
        }
        return builder.graph
    }

    private func differs(_ module: String) -> InputError {
        let open = options.freeDimensions.map(\.name).joined(separator: ", ")
        let sizes = open.isEmpty ? "" : "open sizes (\(open)) or "
        return InputError(
            Self.subject, at: module.isEmpty ? nil : module,
            "what is computed depends on \(sizes)the values of the input in a way that a graph cannot hold")
    }

    // MARK: Values

    private func shape(_ values: [TraceValue]) throws -> [GraphSize] { try sizes(values.map { Array($0.shape) }) }

    /// - Parameter numbers: of each trace.
    private func sizes(_ numbers: [[Int]]) throws -> [GraphSize] {
        guard numbers.allSatisfy({ $0.count == numbers[0].count }) else { throw differs(builder.module) }
        return try numbers[0].indices.map { position in
            let size = GraphSize(numbers.map { $0[position] })
            guard let size, size.isFixed || !options.freeDimensions.isEmpty else { throw differs(builder.module) }
            return size
        }
    }

    /// The name of a value in the graph, in the precision that is asked for.
    private mutating func operand(_ values: [TraceValue], isHalf: Bool = false) throws -> String {
        let isHalf = isHalf && values[0].dtype == .float32
        let name = try known(values, isHalf: isHalf)
        if name.isHalf == isHalf || values[0].dtype != .float32 { return name.text }
        return builder.cast(name.text, to: isHalf ? .float16 : .float32)
    }

    private mutating func known(_ values: [TraceValue], isHalf: Bool) throws -> Name {
        func agree(_ matches: (TraceValue.Source) -> Bool) throws {
            guard values.allSatisfy({ matches($0.source) }) else { throw differs(builder.module) }
        }
        switch values[0].source {
        case .input(let position):
            try agree { if case .input(position) = $0 { true } else { false } }
            return names[Key(object: ObjectIdentifier(traces[0].inputs[position]), output: 0)]!
        case .node(let node, let output):
            try agree { if case .node(_, output) = $0 { true } else { false } }
            return names[Key(object: ObjectIdentifier(node), output: output)]!
        case .constant(_, let name):
            // Constants are written in the precision that the first who uses them needs.
            let key = Key(object: ObjectIdentifier(values[0]), output: 0)
            if let known = names[key] { return known }
            let arrays = try values.map { value -> NDArray in
                guard case .constant(let array, _) = value.source else { throw differs(builder.module) }
                return array
            }
            let added = Name(text: try constant(arrays, name, try shape(values), isHalf: isHalf), isHalf: isHalf)
            names[key] = added
            return added
        }
    }

    /// A constant that all traces agree on, repeated along dimensions that grow with what is open.
    private mutating func constant(
        _ arrays: [NDArray], _ name: String?, _ shape: [GraphSize], isHalf: Bool
    ) throws -> String {
        func stored(_ array: NDArray) -> NDArray { isHalf ? Tensor(array).to(.float16).array : array }
        let first = arrays[0]
        if let name { return builder.constant(stored(first), name: name) }
        let kept = Shape(shape.map { $0.isFixed ? $0.fixed : 1 })
        let core = first.seen(kept, strides: first.strides)
        for array in arrays {
            let repeated = core.seen(
                array.shape, strides: Shape(zip(shape, core.strides).map { $0.isFixed ? $1 : 0 }))
            guard Tensor(repeated).hasBits(of: Tensor(array)) else {
                throw InputError(
                    Self.subject, at: builder.module,
                    "a tensor of shape \(first.shape) depends on the input in a way that cannot be traced",
                    remedy: "keep constant tensors of a module as Buffer, and compute with tensors, not with item()")
            }
        }
        let added = builder.constant(stored(core), name: "constant")
        return shape.allSatisfy(\.isFixed) ? added : builder.add("Expand", [added, builder.shape(shape)])
    }

    // MARK: Nodes

    /// - Parameter nodes: the same of each trace.
    private mutating func add(_ nodes: [TraceNode]) throws {
        let first = nodes[0]
        builder.module = first.module
        guard nodes.allSatisfy({ $0.operation == first.operation && $0.inputs.count == first.inputs.count }) else {
            throw differs(first.module)
        }
        let isHalf = options.isHalf && !first.module.isEmpty
        let values = first.inputs.indices.map { position in nodes.map { $0.inputs[position] } }
        let inputs = try operands(of: first, values, isHalf: isHalf)
        let node = ONNXOperation(
            inputs: inputs, shapes: try values.map { try shape($0) },
            dtypes: first.inputs.map { isHalf && $0.dtype == .float32 ? .float16 : $0.dtype },
            sizes: try sizes(nodes.map(\.sizes)), module: first.module, precision: isHalf ? .float16 : .float32)
        for (output, name) in try node.emit(first.operation, into: &builder).enumerated() {
            let text = rounded(name, TraceValue.Key(of: first, output: output))
            names[Key(object: ObjectIdentifier(first), output: output)] = Name(text: text, isHalf: isHalf)
        }
    }

    private mutating func operands(of node: TraceNode, _ values: [[TraceValue]], isHalf: Bool) throws -> [String] {
        try values.enumerated().map { position, values in
            guard position == 1, let layer = rounding.filters[ObjectIdentifier(node)] else {
                return try operand(values, isHalf: isHalf)
            }
            guard case .constant(_, let name?) = values[0].source else { throw differs(node.module) }
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
