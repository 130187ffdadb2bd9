import Switchback

/// A graph of ONNX's, be it that of a file, a branch of `If` or the body of `Loop`: nodes in the order in which they
/// are carried out.
struct ONNXGraph {
    let nodes: [ONNXNode]
    /// What has a value in the file: parameters, if layers take them as weights, and buffers.
    private let constants: [(name: String, tensor: Tensor)]
    /// The names of the inputs, without those that have a value in the file.
    let inputNames: [String]
    let outputNames: [String]
    /// For each node, what no later one needs: it is let go of as soon as that node has run.
    private let lastUses: [[String]]

    /// Reads a graph, all of which has to be understood.
    ///
    /// - Parameter outer: the names that the graph around this one offers.
    /// - Throws: `InputError` with the node or tensor.
    init(_ message: ONNXGraphProto, subject: String, outer: Set<String> = []) throws {
        if !message.sparseInitializer.isEmpty { throw InputError(subject, "sparse tensors cannot be read") }
        var constants = try message.initializer.map { constant in
            (name: constant.name, tensor: try constant.tensor(subject: subject, place: "initializer \(constant.name)"))
        }
        let initial = Set(constants.map(\.name))
        inputNames = message.input.map(\.name).filter { !initial.contains($0) }
        outputNames = message.output.map(\.name)
        var known = outer.union(initial).union(inputNames)
        var nodes: [ONNXNode] = []
        for (position, entry) in message.node.enumerated() {
            let node = try ONNXNode(entry, position: position, subject: subject, known: known)
            known.formUnion(node.outputs)
            // Some programs write weights as nodes of their own.
            if node.type == "Constant", node.outputs.count == 1, let tensor = try node.tensor("value") {
                constants.append((node.outputs[0], tensor))
            } else {
                nodes.append(node)
            }
        }
        for name in outputNames where !known.contains(name) {
            throw InputError(subject, at: "output \(name)", "nothing computes it")
        }
        self.constants = ONNXWeights(of: nodes).sorted(constants)
        self.nodes = nodes
        lastUses = ONNXGraph.lastUses(of: nodes, keeping: outputNames)
    }

    private static func lastUses(of nodes: [ONNXNode], keeping outputs: [String]) -> [[String]] {
        var seen = Set(outputs)
        return nodes.reversed().map { node in
            node.names.union(node.outputs).filter { seen.insert($0).inserted }
        }.reversed()
    }

    /// Its parameters and buffers, and those of the graphs of its nodes.
    var parts: [(name: String, tensor: Tensor)] {
        constants
            + nodes.enumerated().flatMap { position, node in
                node.graphs.sorted { $0.key < $1.key }.flatMap { attribute, graph in
                    graph.parts.map { ("\(node.type)_\(position).\(attribute).\($0.name)", $0.tensor) }
                }
            }
    }

    /// The names that its nodes take, those of inner graphs among them.
    var names: Set<String> { nodes.reduce(into: Set(outputNames)) { $0.formUnion($1.names) } }

    /// The outputs.
    ///
    /// - Parameter values: the inputs, what replaces constants, and what the graph around this one has computed.
    /// - Throws: `InputError` with the node whose operands do not fit it.
    func run(_ values: [String: Tensor], _ run: ONNXRun) throws -> [Tensor] {
        var values = values
        for (name, tensor) in constants where values[name] == nil { values[name] = tensor }
        for (position, node) in nodes.enumerated() {
            try run.countNode(node)
            let operands = node.inputs.map { $0.isEmpty ? nil : values[$0] }
            let call = ONNXCall(node: node, inputs: operands, run: run, outer: node.graphs.isEmpty ? [:] : values)
            for (name, result) in zip(node.outputs, try node.operation(call)) { values[name] = result }
            for name in lastUses[position] { values[name] = nil }
        }
        return try outputNames.map { name in
            guard let tensor = values[name] else {
                throw InputError(run.subject, at: "output \(name)", "nothing computes it")
            }
            return tensor
        }
    }
}

/// What all nodes of one run of a model have in common.
final class ONNXRun {
    let subject: String
    /// The version of ONNX's operators that the file is written for.
    let version: Int
    /// No tensor may have more elements.
    let elementLimit: Int
    private var nodesLeft = 10_000_000

    init(subject: String, version: Int, elementLimit: Int) {
        self.subject = subject
        self.version = version
        self.elementLimit = elementLimit
    }

    /// Throws where so many nodes have been carried out that a loop must be without end.
    func countNode(_ node: ONNXNode) throws {
        nodesLeft -= 1
        if nodesLeft < 0 {
            throw InputError(subject, at: node.place, "its loops carry out more than ten million nodes")
        }
    }
}
