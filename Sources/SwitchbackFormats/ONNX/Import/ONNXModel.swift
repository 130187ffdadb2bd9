import Foundation
import Switchback

/// A model from an ONNX file, for inference and further training.
///
/// ```swift
/// let model = try ONNXModel("model.onnx")
/// let output = model(input)
/// ```
///
/// The weights are parameters under the names that they have in the file, those of branches and loops after the node
/// (`If_3.then_branch.weight`); other constants are buffers. The operators
/// are carried out by the engine's operations, so gradients flow through them. Batch normalization and dropout behave
/// as in inference.
public final class ONNXModel: Module {
    /// The names of the graph's inputs, without those that have a value in the file.
    public let inputNames: [String]
    public let outputNames: [String]
    /// Text that was saved with the model.
    public let metadata: [String: String]

    private let path: String
    private let graph: ONNXGraph
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
        if let function = file.functions.first {
            throw InputError(path, at: "function \(function.name)", "model-local functions are not supported")
        }
        for input in file.graph.input where DType(onnxType: input.type.tensorType.elemType) == nil {
            throw InputError(
                path, at: "input \(input.name)", "it is not a tensor, or of an element type that is unknown here")
        }
        graph = try ONNXGraph(file.graph, subject: path)
        (inputNames, outputNames) = (graph.inputNames, graph.outputNames)
        super.init()
    }

    public override func namedParts() -> [(name: String, part: Part)] {
        graph.parts.map { name, tensor in
            if let parameter = tensor as? Parameter { return (name, .parameter(parameter)) }
            return (name, .buffer(tensor as? Buffer ?? Buffer(tensor)))
        }
    }

    /// The version of ONNX's operators that the file is written for.
    public var operatorSet: Int { version }

    /// How many nodes there are of each operator, without those in branches and loops.
    public var operatorCounts: [String: Int] { graph.nodes.reduce(into: [:]) { $0[$1.type, default: 0] += 1 } }

    // MARK: Running

    /// The outputs by name. Throws `InputError` with the node whose operands do not fit it.
    public func run(_ inputs: [String: Tensor]) throws -> [String: Tensor] {
        var values: [String: Tensor] = [:]
        for name in inputNames {
            guard let tensor = inputs[name] else {
                throw InputError(path, at: "input \(name)", "no tensor is given for it")
            }
            values[name] = tensor
        }
        let run = ONNXRun(subject: path, version: version, elementLimit: elementLimit)
        return Dictionary(zip(outputNames, try graph.run(values, run))) { first, _ in first }
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

    // MARK: Reading

    private static func message(_ path: String) throws -> ONNXModelProto {
        var bytes = try byteSource(path).rest()
        defer { bytes = [] }
        guard let message = try? ONNXModelProto(serializedBytes: bytes), message.hasGraph else {
            throw InputError(path, "is not an ONNX model, or is damaged")
        }
        return message
    }
}
