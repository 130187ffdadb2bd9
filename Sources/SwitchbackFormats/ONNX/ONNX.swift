import Foundation
import Switchback
import SwiftProtobuf

/// Reads and writes models in the ONNX format (https://onnx.ai).
///
/// ```swift
/// try ONNX.export(model, example: Tensor.zeros([1, 3, 224, 224]), to: "model.onnx")
/// ```
public enum ONNX {
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
        options: ONNXOptions = ONNXOptions(), metadata: [String: String] = [:]
    ) throws {
        try export(
            model, inputs: [(input, example)], outputs: [output], to: path, options: options, metadata: metadata
        ) { [model($0[0])] }
    }

    /// Writes what `forward` computes with a model, for several inputs and outputs.
    ///
    /// - Parameters:
    ///   - inputs: names and examples, each with the batch as first dimension.
    ///   - outputs: the names of what `forward` returns.
    public static func export(
        _ model: Module, inputs: [(name: String, example: Tensor)], outputs: [String], to path: String,
        options: ONNXOptions = ONNXOptions(), metadata: [String: String] = [:],
        forward: ([Tensor]) throws -> [Tensor]
    ) throws {
        try export(
            model, inputs: inputs, outputs: outputs, to: path, options: options, metadata: metadata,
            rounding: { _ in TraceRounding() }, forward: forward)
    }

    /// The same with some of it rounded to 8 bits, in nodes `QuantizeLinear` and `DequantizeLinear`.
    package static func export(
        _ model: Module, inputs: [(name: String, example: Tensor)], outputs: [String], to path: String,
        options: ONNXOptions = ONNXOptions(), metadata: [String: String], rounding: (Trace) throws -> TraceRounding,
        forward: ([Tensor]) throws -> [Tensor]
    ) throws {
        try options.check()
        let graph = try graph(model, inputs, outputs, options, rounding, forward)
        let bytes = graph.initializer.reduce(0) { $0 + $1.rawData.count }
        guard bytes < sizeLimit else {
            throw InputError(
                path, "the weights take \(bytes) bytes, and a file of this format holds less than \(sizeLimit)",
                remedy: "export them as safetensors")
        }
        let file = ONNXModelProto.with {
            $0.irVersion = options.formatVersion
            $0.producerName = "Switchback"
            $0.opsetImport = [.with { $0.version = Int64(options.operatorSet) }]
            $0.graph = graph
            $0.metadataProps = metadata.sorted { $0.key < $1.key }.map { key, value in
                .with { ($0.key, $0.value) = (key, value) }
            }
        }
        let contents: Data = try file.serializedBytes()
        try AtomicFile.write(to: path) { output in try contents.withUnsafeBytes { try output.append($0) } }
    }

    private static func graph(
        _ model: Module, _ inputs: [(name: String, example: Tensor)], _ outputs: [String], _ options: ONNXOptions,
        _ rounding: (Trace) throws -> TraceRounding, _ forward: ([Tensor]) throws -> [Tensor]
    ) throws -> ONNXGraphProto {
        for (name, example) in inputs where example.rank == 0 || example.count == 0 {
            throw InputError(
                ONNXExporter.subject, at: "input \(name)", "the example has shape \(example.shape), and no batch")
        }
        let free = options.freeDimensions
        // One trace for every choice of the first or the second sample for each open size; where none is open, a second one
        // of other values: what depends on those other than through tensors differs between the two.
        let traces = try (0..<max(2, 1 << free.count)).map { number in
            let sizes = free.enumerated().map { position, dimension in
                let isSecond = number >> position & 1 == 1
                let samples = FreeDimension.samples
                return (dimension.dim, (isSecond ? samples.1 : samples.0) * dimension.unit)
            }
            let examples = inputs.map { $0.example.sample(sizes, seed: number + 1) }
            return try TracingBackend.trace(model, examples, forward)
        }
        if let module = traces.lazy.flatMap(\.readings).first {
            throw InputError(
                ONNXExporter.subject, at: module.isEmpty ? nil : module,
                "numbers that depend on the input are read, as item() and toArray() do, and a graph cannot hold what the "
                    + "program does with them", remedy: "compute with tensors alone: where(), clamp(), topK()")
        }
        guard traces[0].outputs.count == outputs.count else {
            throw InputError(
                ONNXExporter.subject, "there are \(outputs.count) names for \(traces[0].outputs.count) outputs")
        }
        var exporter = ONNXExporter(traces, options, rounding: try rounding(traces[0]))
        return try exporter.graph(inputs: inputs.map(\.name), outputs: outputs)
    }
}

extension Tensor {
    /// An example like this one with other sizes, and none like another: what depends on values differs then between
    /// examples of different seeds, and between the members of a batch.
    fileprivate func sample(_ sizes: [(dim: Int, size: Int)], seed: Int) -> Tensor {
        let whole = sizes.filter { $0.dim < rank }.reduce(self) { tensor, change in
            let positions = (0..<change.size).map { $0 * (change.dim == 0 ? seed : 1) % tensor.shape[change.dim] }
            return tensor.indexSelect(dim: change.dim, index: Tensor(positions, shape: [change.size]))
        }
        let rows = (0..<whole.shape[0]).map { position -> Tensor in
            let row = whole.select(dim: 0, index: position)
            if !dtype.isFloatingPoint { return row.flatten().roll(position + seed).reshape(row.shape) }
            let noise = Tensor.rand(row.shape, dtype: dtype, generator: Generator(seed: UInt64(seed * 1000 + position)))
            return row * (1 - 0.1 * Double(seed)) + noise * 0.1
        }
        return Tensor.stack(rows)
    }
}
