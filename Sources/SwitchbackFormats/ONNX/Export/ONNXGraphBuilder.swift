import Foundation
import Switchback

/// Builds an ONNX graph, node by node.
struct ONNXGraphBuilder {
    private(set) var graph = ONNXGraphProto()
    /// The layer that nodes are added for; part of their names.
    var module = ""
    private var used: Set<String> = []
    private var constants: [ConstantKey: String] = [:]
    private let options: ONNXOptions
    /// The sizes that are open, in their units, as vectors of one element, by the number of the dimension.
    private var freeSizes: [Int: String] = [:]

    private var conversions: [ConversionKey: String] = [:]

    private struct ConversionKey: Hashable {
        let value: String
        let dtype: DType
    }

    private enum ConstantKey: Hashable {
        case number(Double, DType)
        case integers([Int])
        case shape([GraphSize])
    }

    init(name: String, _ options: ONNXOptions) {
        self.options = options
        graph.name = name
    }

    var operatorSet: Int { options.operatorSet }

    /// A name that is not taken: the one wanted, or with a number behind it.
    private mutating func unique(_ wanted: String) -> String {
        if used.insert(wanted).inserted { return wanted }
        var number = 1
        while !used.insert("\(wanted)_\(number)").inserted { number += 1 }
        return "\(wanted)_\(number)"
    }

    // MARK: Inputs and outputs

    mutating func addInput(_ name: String, _ shape: [GraphSize], _ dtype: DType) {
        used.insert(name)
        graph.input.append(info(name, shape, dtype))
    }

    /// Makes a value an output, with its own name.
    mutating func addOutput(_ name: String, of value: String, _ shape: [GraphSize], _ dtype: DType) {
        used.insert(name)
        graph.node.append(
            .with { ($0.opType, $0.name, $0.input, $0.output) = ("Identity", "output/\(name)", [value], [name]) })
        graph.output.append(info(name, shape, dtype))
    }

    private func info(_ name: String, _ shape: [GraphSize], _ dtype: DType) -> ONNXValueInfoProto {
        .with { info in
            info.name = name
            info.type.tensorType.elemType = dtype.onnxType
            info.type.tensorType.shape.dim = shape.map { size in
                .with {
                    if size.isFixed {
                        $0.dimValue = Int64(size.fixed)
                    } else {
                        $0.dimParam = size.text(options.freeDimensions)
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

    /// A value in another precision.
    mutating func cast(_ value: String, to dtype: DType) -> String {
        let key = ConversionKey(value: value, dtype: dtype)
        if let known = conversions[key] { return known }
        let name = add("Cast", [value], [.int("to", Int(dtype.onnxType))])
        conversions[key] = name
        return name
    }

    /// A node that makes one of the elements along dimensions, which stay with size 1. They are an attribute of older
    /// operators and an input of newer ones.
    mutating func reduced(_ type: String, _ x: String, _ dims: [Int]) -> String {
        let keeping = ONNXAttributeProto.int("keepdims", 1)
        if operatorSet >= 18 || type == "ReduceSum" { return add(type, [x, integers(dims)], [keeping]) }
        return add(type, [x], [.ints("axes", dims), keeping])
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

    /// A vector of sizes, computed from the shape of the first input where they depend on it.
    mutating func shape(_ sizes: [GraphSize]) -> String {
        if sizes.allSatisfy(\.isFixed) { return integers(sizes.map(\.fixed)) }
        return constant(.shape(sizes)) { builder in
            let parts = sizes.map { builder.size($0) }
            return parts.count == 1 ? parts[0] : builder.add("Concat", parts, [.int("axis", 0)])
        }
    }

    /// A size as a vector of one element.
    private mutating func size(_ size: GraphSize) -> String {
        let terms = size.multiples.sorted { $0.key < $1.key }.map { number, multiple in
            var factors = options.freeDimensions.indices.filter { number >> $0 & 1 == 1 }.map { freeSize($0) }
            if multiple != 1 || factors.isEmpty { factors.append(integers([multiple])) }
            return factors.dropFirst().reduce(factors[0]) { add("Mul", [$0, $1]) }
        }
        guard let first = terms.first else { return integers([0]) }
        return terms.dropFirst().reduce(first) { add("Add", [$0, $1]) }
    }

    private mutating func freeSize(_ number: Int) -> String {
        if let known = freeSizes[number] { return known }
        let dimension = options.freeDimensions[number]
        let shape = add("Shape", [graph.input[0].name])
        var size = add("Gather", [shape, integers([dimension.dim])], [.int("axis", 0)])
        if dimension.unit != 1 { size = add("Div", [size, integers([dimension.unit])]) }
        freeSizes[number] = size
        return size
    }
}
