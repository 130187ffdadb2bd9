import Switchback

// Attention, and what tells it where tokens stand.

extension ONNXOperators {
    static let attention: [String: ONNXOperator] = [
        "Attention": { try ONNXAttention($0).run() },
        "RotaryEmbedding": { call in
            let x = try call.floats()
            let heads = call.node.int("num_heads") ?? 0
            try call.require(
                x.count > 0 && (x.rank == 4 || (x.rank == 3 && heads > 0 && x.shape[2] % heads == 0)),
                "its operand of \(x.shape) has no heads")
            let split = x.rank == 4 ? x : x.splitHeads(heads)
            let width = call.node.int("rotary_embedding_dim").flatMap { $0 > 0 ? $0 : nil } ?? split.shape[3]
            try call.require(width % 2 == 0 && width <= split.shape[3], "\(width) numbers cannot be turned in pairs")
            let tables = try [1, 2].map { try rotaryTable(call, $0, split, width / 2) }
            let turned = split.narrow(dim: 3, start: 0, length: width)
                .rotated(cos: tables[0], sin: tables[1], interleaved: call.node.flag("interleaved"))
            let rest = split.narrow(dim: 3, start: width, length: split.shape[3] - width)
            let y = width == split.shape[3] ? turned : Tensor.cat([turned, rest], dim: 3)
            return [x.rank == 4 ? y : y.joinedHeads]
        },
    ]

    /// A table of cosines or sines at the positions of the tokens, [N, 1, T, width].
    private static func rotaryTable(_ call: ONNXCall, _ operand: Int, _ x: Tensor, _ width: Int) throws -> Tensor {
        let table = try call.floats(operand, like: x)
        let (batch, length) = (x.shape[0], x.shape[2])
        guard call.optional(3) != nil else {
            try call.require(
                table.shape == [batch, length, width], "a table of \(table.shape) does not fit \(x.shape)")
            return table.unsqueeze(1)
        }
        let positions = try call.numbers(3)
        try call.require(
            positions.dtype.isInteger && positions.shape == [batch, length] && table.rank == 2
                && table.shape[1] == width, "a table of \(table.shape) does not fit \(x.shape)")
        let rows = 0..<table.shape[0]
        try call.require(
            positions.toArray(as: Int.self).allSatisfy { rows.contains($0) }, "a position is beyond the table")
        return table.indexSelect(dim: 0, index: positions.reshape([batch * length]).to(.int64))
            .reshape([batch, 1, length, width])
    }
}

extension Tensor {
    /// [N, T, heads · width] → [N, heads, T, width].
    fileprivate func splitHeads(_ heads: Int) -> Tensor {
        reshape([shape[0], shape[1], heads, shape[2] / heads]).transpose(1, 2)
    }

    /// [N, heads, T, width] → [N, T, heads · width].
    fileprivate var joinedHeads: Tensor { transpose(1, 2).reshape([shape[0], shape[2], shape[1] * shape[3]]) }

    /// Turns pairs of numbers of the last dimension: neighbors, or those half the dimension apart.
    fileprivate func rotated(cos: Tensor, sin: Tensor, interleaved: Bool) -> Tensor {
        let half = shape[3] / 2
        let pairs = interleaved ? reshape([shape[0], shape[1], shape[2], half, 2]) : self
        let parts = interleaved ? pairs.unbind(dim: 4) : chunk(2, dim: 3)
        let first = parts[0] * cos - parts[1] * sin
        let second = parts[0] * sin + parts[1] * cos
        if !interleaved { return Tensor.cat([first, second], dim: 3) }
        return Tensor.stack([first, second], dim: 4).reshape(shape)
    }
}

/// Scaled dot-product attention with all that ONNX has of it: https://onnx.ai/onnx/operators/onnx__Attention.html.
private struct ONNXAttention {
    private let call: ONNXCall
    /// [N, heads, T, width], keys and values with what is past.
    private let query, key, value: Tensor
    private let pastLength: Int
    private let isJoined: Bool

    init(_ call: ONNXCall) throws {
        self.call = call
        let q = try call.floats()
        let (k, v) = (try call.floats(1, like: q), try call.floats(2, like: q))
        isJoined = q.rank == 3
        let heads = [call.node.int("q_num_heads"), call.node.int("kv_num_heads"), call.node.int("kv_num_heads")]
        let split = try zip([q, k, v], heads).map { tensor, heads in
            if tensor.rank == 4 && q.rank == 4 { return tensor }
            guard let heads, heads > 0, tensor.rank == 3, tensor.shape[2] % heads == 0 else {
                throw call.problem("an operand of \(tensor.shape) has no heads")
            }
            return tensor.splitHeads(heads)
        }
        query = split[0]
        let past = try [4, 5].map { call.optional($0) == nil ? nil : try call.floats($0, like: q) }
        for (now, past) in zip(split.dropFirst(), past) {
            try call.require(
                past.map { $0.rank == 4 && $0.shape.replacing(2, with: 0) == now.shape.replacing(2, with: 0) } ?? true,
                "what is past does not fit \(now.shape)")
        }
        key = past[0].map { Tensor.cat([$0, split[1]], dim: 2) } ?? split[1]
        value = past[1].map { Tensor.cat([$0, split[2]], dim: 2) } ?? split[2]
        pastLength = past[0]?.shape[2] ?? 0
        try call.require(
            query.count > 0 && key.count > 0 && query.shape[0] == key.shape[0] && query.shape[3] == key.shape[3]
                && query.shape[1] % key.shape[1] == 0 && key.shape[0] == value.shape[0]
                && key.shape[1] == value.shape[1] && key.shape[2] == value.shape[2],
            "queries of \(query.shape), keys of \(key.shape) and values of \(value.shape) do not fit each other")
        try call.require(
            call.optional(6) == nil && call.node.int("softmax_precision") == nil,
            "lengths without padding and another precision of the softmax are not supported")
    }

    func run() throws -> [Tensor] {
        let groups = query.shape[1] / key.shape[1]
        let keys = groups == 1 ? key : key.repeatInterleave(groups, dim: 1)
        let values = groups == 1 ? value : value.repeatInterleave(groups, dim: 1)
        _ = try call.allow([query.shape[0], query.shape[1], query.shape[2], key.shape[2]])
        let scale = call.node.float("scale") ?? 1 / Double(query.shape[3]).squareRoot()
        let root = abs(scale).squareRoot()
        let products = (query * (scale < 0 ? -root : root)).matmul((keys * root).transpose(2, 3))
        let cap = call.node.float("softcap") ?? 0
        let capped = cap > 0 ? (products / cap).tanh() * cap : products
        let masked = try bias(like: products).map { capped + $0 } ?? capped
        // A token that may look at none gets zeros.
        let isBlind = masked.amax(dims: [3], keepDim: true).eq(-Double.infinity)
        let shares = masked.softmax(dim: 3).maskedFill(isBlind, 0)
        let y = shares.matmul(values)
        var results = [isJoined ? y.joinedHeads : y]
        if call.node.outputs.count > 1 { results += [key, value] }
        if call.node.outputs.count > 3 {
            let stages = [products, capped, masked, shares]
            let stage = call.node.int("qk_matmul_output_mode") ?? 0
            try call.require(stages.indices.contains(stage), "there is no output mode \(stage)")
            results.append(stages[stage])
        }
        return results
    }

    /// The additive mask of the scores: the mask, and -∞ for invisible tokens.
    private func bias(like products: Tensor) throws -> Tensor? {
        let infinity = Tensor.full([], -Double.infinity, dtype: products.dtype)
        let zero = Tensor.zeros([], dtype: products.dtype)
        let sight = try inSight(products.shape).map { Tensor.where($0, zero, infinity) }
        guard call.optional(3) != nil else { return sight }
        let mask = try call.input(3)
        try call.require(
            (mask.dtype == .bool || mask.dtype == products.dtype)
                && Shape.onnxBroadcast(mask.shape, products.shape) == products.shape,
            "a mask \(mask.dtype) \(mask.shape) does not fit products of \(products.shape)")
        let bias = mask.dtype == .bool ? Tensor.where(mask, zero, infinity) : mask
        return sight.map { bias + $0 } ?? bias
    }

    /// Which keys each query may look at by their distance; `nil` for all.
    private func inSight(_ products: Shape) throws -> Tensor? {
        func window(_ name: String) throws -> Int? {
            let size = call.node.int(name) ?? -1
            try call.require(size < 1 << 31, "\(name) is \(size)")
            return size < 0 ? nil : size
        }
        let distance =
            Tensor.arange(products[3]).unsqueeze(0) - (Tensor.arange(products[2]).unsqueeze(1) + pastLength)
        let right = call.node.flag("is_causal") ? 0 : try window("right_window_size")
        let ahead = right.map { distance.le($0) }
        let behind = try window("left_window_size").map { distance.ge(-$0) }
        guard let ahead, let behind else { return ahead ?? behind }
        return ahead.logicalAnd(behind)
    }
}
