import Foundation
import Switchback

/// Builds an ONNX graph, node by node.
struct ONNXGraphBuilder {
    private(set) var graph = ONNXGraphProto()
    /// The layer that nodes are added for; part of their names.
    var module = ""
    private var used: Set<String> = []
    private var constants: [ConstantKey: String] = [:]
    private var batchName: String?

    private enum ConstantKey: Hashable {
        case number(Double, DType)
        case integers([Int])
        case shape([BatchNumber])
    }

    init(name: String) { graph.name = name }

    /// A name that is not taken: the one wanted, or with a number behind it.
    private mutating func unique(_ wanted: String) -> String {
        if used.insert(wanted).inserted { return wanted }
        var number = 1
        while !used.insert("\(wanted)_\(number)").inserted { number += 1 }
        return "\(wanted)_\(number)"
    }

    // MARK: Inputs and outputs

    mutating func addInput(_ name: String, _ shape: [BatchNumber], _ dtype: DType) {
        used.insert(name)
        graph.input.append(Self.info(name, shape, dtype))
    }

    /// Makes a value an output, with its own name.
    mutating func addOutput(_ name: String, of value: String, _ shape: [BatchNumber], _ dtype: DType) {
        used.insert(name)
        graph.node.append(
            .with { ($0.opType, $0.name, $0.input, $0.output) = ("Identity", "output/\(name)", [value], [name]) })
        graph.output.append(Self.info(name, shape, dtype))
    }

    private static func info(_ name: String, _ shape: [BatchNumber], _ dtype: DType) -> ONNXValueInfoProto {
        .with { info in
            info.name = name
            info.type.tensorType.elemType = dtype.onnxType
            info.type.tensorType.shape.dim = shape.map { size in
                .with {
                    if size.isFixed {
                        $0.dimValue = Int64(size.fixed)
                    } else {
                        let multiple = size.perSample == 1 ? "batch" : "\(size.perSample) * batch"
                        $0.dimParam = size.fixed == 0 ? multiple : "\(multiple) + \(size.fixed)"
                    }
                }
            }
        }
    }

    // MARK: Nodes

    /// Adds a node with one result; returns the result's name.
    mutating func add(_ type: String, _ inputs: [String], _ attributes: [ONNXAttributeProto] = []) -> String {
        add(type, inputs, attributes, outputs: 1)[0]
    }

    mutating func add(
        _ type: String, _ inputs: [String], _ attributes: [ONNXAttributeProto] = [], outputs: Int
    ) -> [String] {
        let path = module.isEmpty ? type : "\(module.replacing(".", with: "/"))/\(type)"
        let name = unique(path)
        let results = outputs == 1 ? [name] : (0..<outputs).map { unique("\(name):\($0)") }
        graph.node.append(
            .with {
                ($0.opType, $0.name, $0.input, $0.output) = (type, name, inputs, results)
                $0.attribute = attributes
            })
        return results
    }

    // MARK: Constants

    mutating func constant(_ array: NDArray, name: String) -> String {
        let name = unique(name)
        graph.initializer.append(ONNXTensorProto(array, name: name))
        return name
    }

    mutating func number(_ value: Double, _ dtype: DType) -> String {
        constant(.number(value, dtype)) { $0.constant(Tensor([value], shape: [], dtype: dtype).array, name: "number") }
    }

    /// A constant of a type that tensors do not have.
    mutating func constant(_ tensor: ONNXTensorProto) -> String {
        let name = unique(tensor.name)
        graph.initializer.append(
            .with {
                $0 = tensor; $0.name = name
            })
        return name
    }

    mutating func integers(_ values: [Int]) -> String {
        constant(.integers(values)) { $0.constant(Tensor(values, shape: [values.count]).array, name: "integers") }
    }

    private mutating func constant(_ key: ConstantKey, _ make: (inout Self) -> String) -> String {
        if let known = constants[key] { return known }
        let name = make(&self)
        constants[key] = name
        return name
    }

    /// A vector of sizes, computed from the size of the first input's batch where they depend on it.
    mutating func shape(_ sizes: [BatchNumber]) -> String {
        if sizes.allSatisfy(\.isFixed) { return integers(sizes.map(\.fixed)) }
        return constant(.shape(sizes)) { builder in
            let parts = sizes.map { size -> String in
                if size.isFixed { return builder.integers([size.fixed]) }
                var part = builder.batchSize()
                if size.perSample != 1 { part = builder.add("Mul", [part, builder.integers([size.perSample])]) }
                return size.fixed == 0 ? part : builder.add("Add", [part, builder.integers([size.fixed])])
            }
            return parts.count == 1 ? parts[0] : builder.add("Concat", parts, [.int("axis", 0)])
        }
    }

    /// The size of the first input's batch, as a vector of one element.
    private mutating func batchSize() -> String {
        if let batchName { return batchName }
        let shape = add("Shape", [graph.input[0].name])
        let name = add("Gather", [shape, integers([0])], [.int("axis", 0)])
        batchName = name
        return name
    }
}
