import Switchback

// The same elements under another shape, and tensors made from shapes.

extension ONNXOperators {
    static let shapes: [String: ONNXOperator] = [
        "Reshape": reshape,
        "Flatten": { call in
            let x = try call.input(0)
            let axis = call.node.int("axis") ?? 1
            try call.require(axis >= -x.rank && axis <= x.rank, "there is no dimension \(axis) in \(x.shape)")
            let cut = axis < 0 ? axis + x.rank : axis
            return [x.reshape([x.shape[..<cut].reduce(1, *), x.shape[cut...].reduce(1, *)])]
        },
        "Squeeze": { call in
            let x = try call.input(0)
            let named = try call.node.ints("axes") ?? call.integers(1)
            let dims = try named.map { try call.axes($0, of: x.rank) } ?? (0..<x.rank).filter { x.shape[$0] == 1 }
            try call.require(dims.allSatisfy { x.shape[$0] == 1 }, "\(dims) of \(x.shape) are not all of size 1")
            return [x.reshape(Shape((0..<x.rank).filter { !dims.contains($0) }.map { x.shape[$0] }))]
        },
        "Unsqueeze": { call in
            let x = try call.input(0)
            let named = try call.node.ints("axes") ?? call.integers(1) ?? []
            let rank = x.rank + named.count
            try call.require(rank <= Shape.maximumRank, "the result would have \(rank) dimensions")
            let dims = try call.axes(named, of: rank)
            var rest = x.shape.makeIterator()
            return [x.reshape(Shape((0..<rank).map { dims.contains($0) ? 1 : rest.next() ?? 1 }))]
        },
        "Transpose": { call in
            let x = try call.input(0)
            let order = try call.axes(call.node.ints("perm") ?? Array((0..<x.rank).reversed()), of: x.rank)
            try call.require(order.count == x.rank, "\(order) does not name the \(x.rank) dimensions")
            return [x.permute(Shape(order))]
        },
        "Expand": { call in
            let x = try call.input(0)
            guard let sizes = try call.integers(1) else { throw call.problem("its shape is missing") }
            let wanted = try call.allow(sizes)
            guard let shape = Shape.onnxBroadcast(x.shape, wanted) else {
                throw call.problem("\(x.shape) cannot be expanded to \(sizes)")
            }
            try call.allow(shape)
            return [x.expand(to: shape)]
        },
        "Tile": { call in
            let x = try call.input(0)
            guard let counts = try call.integers(1), counts.count == x.rank, counts.allSatisfy({ $0 >= 0 }),
                x.rank < Shape.maximumRank
            else {
                throw call.problem("its repeats are not one for each dimension of \(x.shape)")
            }
            _ = try call.allow(product(x.shape, counts, call))
            return [x.repeat(counts)]
        },
        "Shape": { call in
            let x = try call.input(0)
            func bound(_ value: Int) -> Int { min(max(value < 0 ? value + x.rank : value, 0), x.rank) }
            let (start, end) = (bound(call.node.int("start") ?? 0), bound(call.node.int("end") ?? x.rank))
            let sizes = start < end ? Array(x.shape[start..<end]) : []
            return [Tensor(sizes, shape: [sizes.count], dtype: .int64)]
        },
        "Size": { [Tensor([try $0.input(0).count], shape: [], dtype: .int64)] },
        "Constant": constant,
        "ConstantOfShape": { call in
            guard let sizes = try call.integers(0) else { throw call.problem("its shape is missing") }
            let shape = try call.allow(sizes)
            let value = try call.node.tensor("value") ?? Tensor([0.0], dtype: .float32)
            try call.require(value.count == 1, "its value has \(value.count) elements, not one")
            return [value.reshape([]).expand(to: shape).contiguous()]
        },
        "Range": { call in
            let bounds = try (0..<3).map { position -> Double in
                let bound = try call.numbers(position)
                try call.require(bound.count == 1, "its bounds are numbers, not of shape \(bound.shape)")
                return bound.item(as: Double.self)
            }
            let steps = ((bounds[1] - bounds[0]) / bounds[2]).rounded(.up)
            try call.require(bounds[2] != 0 && steps.isFinite, "its step does not lead to its end")
            let shape = try call.allow([max(0, Int(min(steps, 1e15)))])
            return [(Tensor.arange(shape[0]).to(.float64) * bounds[2] + bounds[0]).to(try call.input(0).dtype)]
        },
        "EyeLike": { call in
            let x = try call.input(0)
            try call.require(x.rank == 2, "its operand has shape \(x.shape), not that of a matrix")
            let type = try call.node.int("dtype").map { try elementType($0, call) } ?? x.dtype
            let rows = Tensor.arange(x.shape[0]).unsqueeze(1) + (call.node.int("k") ?? 0)
            return [rows.eq(Tensor.arange(x.shape[1]).unsqueeze(0)).to(type)]
        },
    ]

    private static func product(_ shape: Shape, _ counts: [Int], _ call: ONNXCall) throws -> [Int] {
        try zip(shape, counts).map {
            let (value, overflow) = $0.multipliedReportingOverflow(by: $1)
            try call.require(!overflow, "a result of \($0) · \($1) is too large")
            return value
        }
    }

    private static let reshape: ONNXOperator = { call in
        let x = try call.input(0)
        guard var sizes = try call.node.ints("shape") ?? call.integers(1) else {
            throw call.problem("its shape is missing")
        }
        let problem = call.problem("\(x.shape) cannot be seen as \(sizes)")
        for (dim, size) in sizes.enumerated() where size == 0 && !call.node.flag("allowzero") {
            guard dim < x.rank else { throw problem }
            sizes[dim] = x.shape[dim]
        }
        let known = sizes.filter { $0 != -1 }
        guard known.allSatisfy({ $0 >= 0 }), sizes.count - known.count <= 1 else { throw problem }
        let (count, overflow) = known.reduce((1, false)) {
            let (value, overflow) = $0.0.multipliedReportingOverflow(by: $1)
            return (value, $0.1 || overflow)
        }
        guard !overflow else { throw problem }
        if let missing = sizes.firstIndex(of: -1) {
            guard count > 0, x.count % count == 0 else { throw problem }
            sizes[missing] = x.count / count
        } else if count != x.count {
            throw problem
        }
        return [x.reshape(try call.allow(sizes))]
    }

    private static let constant: ONNXOperator = { call in
        if let tensor = try call.node.tensor("value") { return [tensor] }
        if let value = call.node.float("value_float") { return [Tensor([value], shape: [], dtype: .float32)] }
        if let value = call.node.int("value_int") { return [Tensor([value], shape: [], dtype: .int64)] }
        if let values = call.node.floats("value_floats") {
            return [Tensor(values, shape: [values.count], dtype: .float32)]
        }
        if let values = call.node.ints("value_ints") { return [Tensor(values, shape: [values.count], dtype: .int64)] }
        throw call.problem("it has no value that can be read")
    }
}
