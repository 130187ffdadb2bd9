import Foundation
import Switchback
import SwiftProtobuf

/// Reads and writes models in the ONNX format (https://onnx.ai).
///
/// ```swift
/// try ONNX.export(model, example: Tensor.zeros([1, 3, 224, 224]), to: "model.onnx")
/// ```
public enum ONNX {
    /// The version of ONNX's operators that exported files use.
    public static let operatorSet = 17
    /// The version of the file format that came with it.
    private static let formatVersion: Int64 = 8
    /// Protocol buffers end here; some room is left for the graph itself.
    private static let sizeLimit = Int(Int32.max) - 1 << 20

    /// Writes what a model computes in inference, for any size of the batch.
    ///
    /// - Parameters:
    ///   - example: an input; its first dimension is the batch, and the size of that does not matter.
    ///   - metadata: text that is kept in the file, such as the names of classes.
    /// - Throws: `InputError` with the layer where the computation cannot be written as a graph, and where the file
    ///   cannot be written.
    public static func export(
        _ model: Module, example: Tensor, to path: String, input: String = "input", output: String = "output",
        metadata: [String: String] = [:]
    ) throws {
        try export(model, inputs: [(input, example)], outputs: [output], to: path, metadata: metadata) {
            [model($0[0])]
        }
    }

    /// Writes what `forward` computes with a model, for several inputs and outputs.
    ///
    /// - Parameters:
    ///   - inputs: names and examples, each with the batch as first dimension.
    ///   - outputs: the names of what `forward` returns.
    public static func export(
        _ model: Module, inputs: [(name: String, example: Tensor)], outputs: [String], to path: String,
        metadata: [String: String] = [:], forward: ([Tensor]) throws -> [Tensor]
    ) throws {
        try export(
            model, inputs: inputs, outputs: outputs, to: path, metadata: metadata, rounding: { _ in TraceRounding() },
            forward: forward)
    }

    /// The same with some of it rounded to 8 bits, in nodes `QuantizeLinear` and `DequantizeLinear`.
    package static func export(
        _ model: Module, inputs: [(name: String, example: Tensor)], outputs: [String], to path: String,
        metadata: [String: String], rounding: (Trace) throws -> TraceRounding, forward: ([Tensor]) throws -> [Tensor]
    ) throws {
        let graph = try graph(model, inputs, outputs, rounding, forward)
        let bytes = graph.initializer.reduce(0) { $0 + $1.rawData.count }
        guard bytes < sizeLimit else {
            throw InputError(
                path, "the weights take \(bytes) bytes, and a file of this format holds less than \(sizeLimit)",
                remedy: "export them as safetensors")
        }
        let file = ONNXModelProto.with {
            $0.irVersion = formatVersion
            $0.producerName = "Switchback"
            $0.opsetImport = [.with { $0.version = Int64(operatorSet) }]
            $0.graph = graph
            $0.metadataProps = metadata.sorted { $0.key < $1.key }.map { key, value in
                .with { ($0.key, $0.value) = (key, value) }
            }
        }
        let contents: Data = try file.serializedBytes()
        try AtomicFile.write(to: path) { output in try contents.withUnsafeBytes { try output.append($0) } }
    }

    private static func graph(
        _ model: Module, _ inputs: [(name: String, example: Tensor)], _ outputs: [String],
        _ rounding: (Trace) throws -> TraceRounding, _ forward: ([Tensor]) throws -> [Tensor]
    ) throws -> ONNXGraphProto {
        for (name, example) in inputs where example.rank == 0 || example.count == 0 {
            throw InputError(
                ONNXExporter.subject, at: "input \(name)", "the example has shape \(example.shape), and no batch")
        }
        let batches = (3, 5)
        let (first, second) = (
            try TracingBackend.trace(model, inputs.map { $0.example.batch(of: batches.0, seed: 1) }, forward),
            try TracingBackend.trace(model, inputs.map { $0.example.batch(of: batches.1, seed: 2) }, forward)
        )
        guard first.outputs.count == outputs.count else {
            throw InputError(
                ONNXExporter.subject, "there are \(outputs.count) names for \(first.outputs.count) outputs")
        }
        var exporter = ONNXExporter(first, second, batches: batches, rounding: try rounding(first))
        return try exporter.graph(inputs: inputs.map(\.name), outputs: outputs)
    }
}

extension Tensor {
    /// Examples like this one's, as many as wanted and none like another: what depends on their values differs then
    /// between batches of different seeds.
    fileprivate func batch(of size: Int, seed: Int) -> Tensor {
        let rows = (0..<size).map { position -> Tensor in
            let row = select(dim: 0, index: (position * seed) % shape[0])
            if !dtype.isFloatingPoint { return row.flatten().roll(position + seed).reshape(row.shape) }
            let noise = Tensor.rand(row.shape, dtype: dtype, generator: Generator(seed: UInt64(seed * 1000 + position)))
            return row * (1 - 0.1 * Double(seed)) + noise * 0.1
        }
        return Tensor.stack(rows)
    }
}
