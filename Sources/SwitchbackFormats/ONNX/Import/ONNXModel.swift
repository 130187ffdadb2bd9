import Foundation
import Switchback

/// A model from an ONNX file, to be run and to be trained further.
///
/// ```swift
/// let model = try ONNXModel("model.onnx")
/// let output = model(input)
/// ```
///
/// The weights are parameters under the names that they have in the file; other constants are buffers. The operators are
/// carried out by the engine's operations, so gradients flow through them. Batch normalization and dropout behave as in
/// inference.
public final class ONNXModel: Module {
    /// The names of the graph's inputs, without those that have a value in the file.
    public let inputNames: [String]
    public let outputNames: [String]
    /// Text that was saved with the model.
    public let metadata: [String: String]

    private let path: String
    private let nodes: [ONNXNode]
    private let constants: [(name: String, tensor: Tensor)]
    private let version: Int
    private let elementLimit: Int

    /// Reads a file, all of which has to be understood: an operator that is unknown is refused by its name.
    ///
    /// - Parameter elementLimit: no tensor that the model computes may have more elements.
    public init(_ path: String, elementLimit: Int = 1 << 31) throws {
        let file = try Self.message(path)
        self.path = path
        self.elementLimit = elementLimit
        version = Int(file.opsetImport.last { $0.domain.isEmpty || $0.domain == "ai.onnx" }?.version ?? 1)
        metadata = Dictionary(file.metadataProps.map { ($0.key, $0.value) }) { $1 }
        let graph = file.graph
        nodes = try Self.nodes(of: file, path)
        let trained = Self.trainedNames(nodes)
        constants = try graph.initializer.map { message in
            let tensor = try message.tensor(subject: path, place: "initializer \(message.name)")
            let isTrained =
                tensor.dtype.isFloatingPoint
                && (trained.weights.contains(message.name)
                    || (tensor.rank == 1 && trained.biases.contains(message.name)))
            return (message.name, isTrained ? Parameter(tensor) : Buffer(tensor))
        }
        let known = Set(constants.map(\.name))
        inputNames = graph.input.map(\.name).filter { !known.contains($0) }
        outputNames = graph.output.map(\.name)
        for input in graph.input where DType(onnxType: input.type.tensorType.elemType) == nil {
            throw InputError(
                path, at: "input \(input.name)", "it is no tensor, or of an element type that is unknown here")
        }
        super.init()
        try checkOrder()
    }

    public override func namedParts() -> [(name: String, part: Part)] {
        constants.map { name, tensor in
            if let parameter = tensor as? Parameter { return (name, .parameter(parameter)) }
            return (name, .buffer(tensor as? Buffer ?? Buffer(tensor)))
        }
    }

    // MARK: Running

    /// The outputs by name. Throws `InputError` with the node whose operands do not fit it.
    public func run(_ inputs: [String: Tensor]) throws -> [String: Tensor] {
        var values: [String: Tensor] = [:]
        for (name, tensor) in constants { values[name] = tensor }
        for name in inputNames {
            guard let tensor = inputs[name] else {
                throw InputError(path, at: "input \(name)", "no tensor is given for it")
            }
            values[name] = tensor
        }
        for (position, node) in nodes.enumerated() {
            let operands = node.inputs.map { $0.isEmpty ? nil : values[$0] }
            let call = ONNXCall(node: node, inputs: operands, version: version, elementLimit: elementLimit)
            let results = try Self.operator(node)(call)
            for (name, result) in zip(node.outputs, results) { values[name] = result }
            for name in lastUses[position] { values[name] = nil }
        }
        return try outputs(values)
    }

    private func outputs(_ values: [String: Tensor]) throws -> [String: Tensor] {
        var outputs: [String: Tensor] = [:]
        for name in outputNames {
            guard let tensor = values[name] else { throw InputError(path, at: "output \(name)", "nothing computes it") }
            outputs[name] = tensor
        }
        return outputs
    }

    /// The output of a model with one input and one output. Stops where an operand does not fit its node.
    public override func forward(_ input: Tensor) -> Tensor {
        guard inputNames.count == 1, outputNames.count == 1 else {
            fail("ONNXModel", "\(path) has \(inputNames.count) inputs and \(outputNames.count) outputs; use run(_:)")
        }
        do {
            guard let output = try run([inputNames[0]: input])[outputNames[0]] else { fail("ONNXModel", "no output") }
            return output
        } catch { fail("ONNXModel", "\(error)") }
    }

    /// For each node, what no later one needs: it is let go of as soon as that node has run.
    private lazy var lastUses: [[String]] = {
        var seen = Set(outputNames)
        return nodes.reversed().map { node in
            Set(node.inputs + node.outputs).filter { seen.insert($0).inserted }
        }.reversed()
    }()

    // MARK: Reading

    private static func message(_ path: String) throws -> ONNXModelProto {
        var bytes = try byteSource(path).rest()
        defer { bytes = [] }
        guard let message = try? ONNXModelProto(serializedBytes: bytes), message.hasGraph else {
            throw InputError(path, "is no ONNX model, or is damaged")
        }
        return message
    }

    private static func nodes(of file: ONNXModelProto, _ path: String) throws -> [ONNXNode] {
        if let function = file.functions.first {
            throw InputError(path, at: "function \(function.name)", "functions of the model's own are not carried out")
        }
        if !file.graph.sparseInitializer.isEmpty { throw InputError(path, "sparse tensors cannot be read") }
        return try file.graph.node.enumerated().map { position, message in
            guard message.domain.isEmpty || message.domain == "ai.onnx" else {
                throw InputError(
                    path, at: "node \(message.name)", "the operator \(message.opType) of \(message.domain) is unknown")
            }
            let node = ONNXNode(message, position: position, subject: path)
            _ = try self.operator(node)
            return node
        }
    }

    private static func `operator`(_ node: ONNXNode) throws -> ONNXOperator {
        guard let found = ONNXOperators.all[node.type] else {
            let hint = node.type.nearest(in: ONNXOperators.all.keys).map { "; the nearest one is \($0)" } ?? ""
            throw InputError(node.subject, at: node.place, "the operator \(node.type) is not carried out here\(hint)")
        }
        return found
    }

    /// Every operand has to be an input, a constant, or the result of a node before.
    private func checkOrder() throws {
        var known = Set(constants.map(\.name)).union(inputNames)
        for node in nodes {
            for name in node.inputs where !name.isEmpty && !known.contains(name) {
                throw InputError(path, at: node.place, "its operand \(name) is neither an input nor computed before")
            }
            known.formUnion(node.outputs)
        }
        for name in outputNames where !known.contains(name) {
            throw InputError(path, at: "output \(name)", "nothing computes it")
        }
    }

    /// Which operands of layers are their weights.
    private static let weights: [String: [Int]] = [
        "Conv": [1, 2], "ConvTranspose": [1, 2], "Gemm": [1, 2], "MatMul": [0, 1], "BatchNormalization": [1, 2],
        "InstanceNormalization": [1, 2], "LayerNormalization": [1, 2], "GroupNormalization": [1, 2],
        "RMSNormalization": [1], "PRelu": [1], "Gather": [0],
    ]

    /// The names of weights, and of what is added, which is a bias where it is a vector.
    private static func trainedNames(_ nodes: [ONNXNode]) -> (weights: Set<String>, biases: Set<String>) {
        let names = nodes.flatMap { node in
            (weights[node.type] ?? []).filter { $0 < node.inputs.count }.map { node.inputs[$0] }
        }
        return (Set(names), Set(nodes.filter { $0.type == "Add" }.flatMap(\.inputs)))
    }
}
