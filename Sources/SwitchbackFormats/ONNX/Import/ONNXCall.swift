import Switchback

/// A node of an ONNX graph as it is executed: its attributes and input tensors. The requirements of an operator are
/// checked here before the engine sees it; violations throw `InputError` with the node's name.
struct ONNXCall {
    let node: ONNXNode
    let inputs: [Tensor?]
    let run: ONNXRun
    /// What was computed before, for the graphs of the node.
    let outer: [String: Tensor]

    var version: Int { run.version }
    private var elementLimit: Int { run.elementLimit }

    func problem(_ text: String) -> InputError { InputError(node.subject, at: node.place, text) }

    func require(_ condition: Bool, _ text: @autoclosure () -> String) throws {
        if !condition { throw problem(text()) }
    }

    // MARK: Operands

    func optional(_ position: Int) -> Tensor? { position < inputs.count ? inputs[position] : nil }

    func input(_ position: Int) throws -> Tensor {
        guard let tensor = optional(position) else { throw problem("its operand \(position + 1) is missing") }
        return tensor
    }

    /// An operand that holds numbers, not truth values.
    func numbers(_ position: Int = 0) throws -> Tensor {
        let tensor = try input(position)
        try require(tensor.dtype != .bool, "it computes with numbers, and operand \(position + 1) is bool")
        return tensor
    }

    func floats(_ position: Int = 0) throws -> Tensor {
        let tensor = try input(position)
        try require(tensor.dtype.isFloatingPoint, "operand \(position + 1) is \(tensor.dtype), not floating-point")
        return tensor
    }

    func truths(_ position: Int) throws -> Tensor {
        let tensor = try input(position)
        try require(tensor.dtype == .bool, "operand \(position + 1) is \(tensor.dtype), not bool")
        return tensor
    }

    /// The one truth value of an operand.
    func truth(_ position: Int) throws -> Bool { try truth(of: try input(position)) }

    func truth(of tensor: Tensor) throws -> Bool {
        try require(
            tensor.dtype == .bool && tensor.count == 1, "a condition of shape \(tensor.shape) is not a truth value")
        return tensor.item(as: Int.self) != 0
    }

    func graph(_ name: String) throws -> ONNXGraph {
        guard let graph = node.graphs[name] else { throw problem("it has no graph \(name)") }
        return graph
    }

    /// An operand that all of a layer's operands have to agree with in type.
    func floats(_ position: Int, like other: Tensor) throws -> Tensor {
        let tensor = try floats(position)
        try require(tensor.dtype == other.dtype, "its operands are \(other.dtype) and \(tensor.dtype)")
        return tensor
    }

    /// The integers of a short operand: a shape, axes, bounds.
    func integers(_ position: Int) throws -> [Int]? {
        guard let tensor = optional(position) else { return nil }
        try require(
            tensor.dtype.isInteger && tensor.count <= 1024,
            "operand \(position + 1) is not a short list of whole numbers")
        return tensor.toArray(as: Int.self)
    }

    /// Operands of one type that broadcast.
    func broadcasting(_ tensors: [Tensor]) throws -> [Tensor] {
        for tensor in tensors {
            try require(tensor.dtype == tensors[0].dtype, "its operands are \(tensors[0].dtype) and \(tensor.dtype)")
        }
        try requireBroadcast(tensors.map(\.shape))
        return tensors
    }

    /// Throws unless shapes broadcast to each other.
    func requireBroadcast(_ shapes: [Shape]) throws {
        guard var common = shapes.first else { throw problem("it has no operands") }
        for shape in shapes {
            guard let next = Shape.onnxBroadcast(common, shape) else {
                throw problem("the shapes \(common) and \(shape) do not broadcast to each other")
            }
            common = next
        }
        try allow(common)
    }

    /// Throws unless a tensor of this shape may be made.
    func allow(_ shape: Shape) throws {
        let bytes = shape.byteCount(elementSize: 1)
        try require(
            shape.allSatisfy { $0 >= 0 } && bytes.map { $0 <= elementLimit } ?? false,
            "a result of shape \(shape) exceeds the limit of \(elementLimit) elements")
    }

    func allow(_ sizes: [Int]) throws -> Shape {
        try require(sizes.count <= Shape.maximumRank, "a result would have \(sizes.count) dimensions")
        let shape = Shape(sizes)
        try allow(shape)
        return shape
    }

    // MARK: Attributes

    /// A dimension of a tensor, which may count from the end.
    func axis(_ axis: Int, of rank: Int) throws -> Int {
        try require(axis >= -rank && axis < rank, "there is no dimension \(axis) among \(rank)")
        return axis < 0 ? axis + rank : axis
    }

    func axis(_ tensor: Tensor, default value: Int = 0) throws -> Int {
        try axis(node.int("axis") ?? value, of: tensor.rank)
    }

    /// Dimensions, each named once.
    func axes(_ axes: [Int], of rank: Int) throws -> [Int] {
        let dims = try axes.map { try axis($0, of: rank) }
        try require(Set(dims).count == dims.count, "a dimension is named twice in \(axes)")
        return dims
    }
}

extension Shape {
    /// The shape that two shapes broadcast to; `nil` if they do not.
    static func onnxBroadcast(_ a: Shape, _ b: Shape) -> Shape? {
        let rank = Swift.max(a.count, b.count)
        var sizes: [Int] = []
        for dim in 0..<rank {
            let x = dim < rank - a.count ? 1 : a[dim - (rank - a.count)]
            let y = dim < rank - b.count ? 1 : b[dim - (rank - b.count)]
            if x != y && x != 1 && y != 1 { return nil }
            sizes.append(x == 1 ? y : x)
        }
        return Shape(sizes)
    }
}
