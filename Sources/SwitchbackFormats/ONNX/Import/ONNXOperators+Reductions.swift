import Switchback

// Many elements to one, and what counts along a dimension.

extension ONNXOperators {
    static let reductions: [String: ONNXOperator] = [
        "ReduceSum": reduced { $0.sum(dims: $1, keepDim: $2).to($0.dtype) },
        "ReduceProd": reduced { $0.prod(dims: $1, keepDim: $2).to($0.dtype) },
        "ReduceMean": reduced { $0.mean(dims: $1, keepDim: $2).to($0.dtype) },
        "ReduceMax": extreme { $0.amax(dims: $1, keepDim: $2) },
        "ReduceMin": extreme { $0.amin(dims: $1, keepDim: $2) },
        "ReduceL1": reduced { $0.abs().sum(dims: $1, keepDim: $2).to($0.dtype) },
        "ReduceL2": reduced { $0.square().sum(dims: $1, keepDim: $2).to($0.dtype).floatingRoot },
        "ReduceSumSquare": reduced { $0.square().sum(dims: $1, keepDim: $2).to($0.dtype) },
        "ReduceLogSum": reduced { $0.sum(dims: $1, keepDim: $2).log().to($0.dtype) },
        "ReduceLogSumExp": reduced { $0.logSumExp(dims: $1, keepDim: $2).to($0.dtype) },
        "ArgMax": position { $0.argmax(dim: $1, keepDim: $2) },
        "ArgMin": position { $0.argmin(dim: $1, keepDim: $2) },
        "TopK": topK,
        "CumSum": { call in
            let x = try call.numbers()
            guard let axis = try call.integers(1), axis.count == 1 else { throw call.problem("its axis is missing") }
            return [try running(call, x, try call.axis(axis[0], of: x.rank), start: 0) { $0.cumsum(dim: $1) }]
        },
        "CumProd": { call in
            let x = try call.numbers()
            guard let axis = try call.integers(1), axis.count == 1 else { throw call.problem("its axis is missing") }
            return [try running(call, x, try call.axis(axis[0], of: x.rank), start: 1) { $0.cumprod(dim: $1) }]
        },
        "NonZero": { call in
            let places = try call.input(0).nonzero()
            return [places.transpose(0, 1).contiguous()]
        },
    ]

    private typealias Reducing = @Sendable (_ x: Tensor, _ dims: [Int]?, _ keepDim: Bool) -> Tensor

    /// The dimensions stand in an attribute or, in later versions, in an operand.
    private static func reduced(_ body: @escaping Reducing) -> ONNXOperator {
        { call in
            let x = try call.numbers()
            guard let dims = try dims(call, x) else { return [x] }
            return [body(x, dims, call.node.flag("keepdims", default: true))]
        }
    }

    private static func extreme(_ body: @escaping Reducing) -> ONNXOperator {
        { call in
            var x = try call.input(0)
            let isBool = x.dtype == .bool
            if isBool { x = x.to(.uint8) }
            guard let dims = try dims(call, x) else { return [x] }
            guard !dims.contains(where: { x.shape[$0] == 0 }) else {
                // Of no elements: the lowest, or the highest, number.
                throw call.problem("a dimension of size 0 has no extreme")
            }
            let result = body(x, dims, call.node.flag("keepdims", default: true))
            return [isBool ? result.ne(0) : result]
        }
    }

    /// Which dimensions are reduced; `nil` if nothing is to be done.
    private static func dims(_ call: ONNXCall, _ x: Tensor) throws -> [Int]? {
        let named = try call.node.ints("axes") ?? call.integers(1) ?? []
        if named.isEmpty {
            guard call.node.flag("noop_with_empty_axes") else { return Array(0..<x.rank) }
            let plain = ["ReduceSum", "ReduceProd", "ReduceMean", "ReduceMax", "ReduceMin"]
            try call.require(plain.contains(call.node.type), "without dimensions it is not supported")
            return nil
        }
        return try call.axes(named, of: x.rank)
    }

    private static func position(_ body: @escaping @Sendable (Tensor, Int, Bool) -> Tensor) -> ONNXOperator {
        { call in
            let x = try call.numbers()
            let axis = try call.axis(x)
            let size = x.shape[axis]
            try call.require(size > 0, "a dimension of size 0 has no extreme")
            let keeps = call.node.flag("keepdims", default: true)
            guard call.node.flag("select_last_index") else { return [body(x, axis, keeps)] }
            return [size - 1 - body(x.flip(axis), axis, keeps)]
        }
    }

    private static let topK: ONNXOperator = { call in
        let x = try call.numbers()
        let axis = try call.axis(x, default: -1)
        guard let count = try call.integers(1) ?? call.node.int("k").map({ [$0] }), count.count == 1,
            count[0] >= 0, count[0] <= x.shape[axis]
        else { throw call.problem("its count is missing, or more than dimension \(axis) of \(x.shape) has") }
        let found = x.topK(count[0], dim: axis, largest: call.node.flag("largest", default: true))
        return [found.values, found.indices]
    }

    /// A running total, perhaps from the end, perhaps without the element itself.
    private static func running(
        _ call: ONNXCall, _ x: Tensor, _ axis: Int, start: Double, _ body: (Tensor, Int) -> Tensor
    ) throws -> Tensor {
        let (reverse, exclusive) = (call.node.flag("reverse"), call.node.flag("exclusive"))
        var line = reverse ? x.flip(axis) : x
        if exclusive && x.shape[axis] > 0 {
            let first = Tensor.full(x.shape.with(1, at: axis), start, dtype: x.dtype)
            line = Tensor.cat([first, line.narrow(dim: axis, start: 0, length: x.shape[axis] - 1)], dim: axis)
        }
        let total = body(line, axis).to(x.dtype)
        return reverse ? total.flip(axis) : total
    }
}

extension Shape {
    /// The shape with another size at one dimension.
    func with(_ size: Int, at dim: Int) -> Shape {
        var result = self
        result[dim] = size
        return result
    }
}

extension Tensor {
    /// The square root in the tensor's own type.
    fileprivate var floatingRoot: Tensor { dtype.isFloatingPoint ? sqrt() : to(.float64).sqrt().to(dtype) }
}
