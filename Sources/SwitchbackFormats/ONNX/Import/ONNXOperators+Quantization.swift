import Switchback

// Integers that stand for others by a scale and a zero point (https://onnx.ai/onnx/operators, QuantizeLinear). Those of
// 8 bits with a sign are kept as int32: tensors have no such elements.

extension ONNXOperators {
    static let quantization: [String: ONNXOperator] = [
        "DynamicQuantizeLinear": { call in
            let x = try call.floats()
            try call.require(x.count > 0, "its operand is empty")
            let (codes, scale, zero) = x.byteCodes()
            return [
                codes.to(.uint8), Tensor([scale], shape: [], dtype: .float32),
                Tensor([Int(zero)], shape: [], dtype: .uint8),
            ]
        },
        "QuantizeLinear": { call in
            let x = try call.floats()
            try call.require(
                [nil, 0, 2].contains(call.node.int("output_dtype")) && (call.node.int("block_size") ?? 0) == 0,
                "only 8 bits are quantized to, by scales of whole dimensions")
            let zero = call.optional(2)
            let bounds = zero?.dtype == .int32 ? (-128.0, 127.0) : (0.0, 255.0)
            let scale = try alongAxis(call.floats(1), like: x, call)
            let shift = try zero.map { try alongAxis($0.to(.float32), like: x, call) } ?? Tensor.zeros([])
            let codes = ((x / scale).round() + shift).clamp(min: bounds.0, max: bounds.1)
            return [codes.to(zero?.dtype ?? .uint8)]
        },
        "DequantizeLinear": { call in
            let codes = try call.numbers().to(.float32)
            let scale = try alongAxis(call.floats(1).to(.float32), like: codes, call)
            guard let zero = call.optional(2) else { return [codes * scale] }
            return [(codes - (try alongAxis(zero.to(.float32), like: codes, call))) * scale]
        },
        "MatMulInteger": { call in
            let (a, b) = (try call.numbers(0), try call.numbers(1))
            try call.require(
                a.rank > 1 && b.rank > 1 && a.shape[a.rank - 1] == b.shape[b.rank - 2],
                "\(a.shape) × \(b.shape) is not a product")
            let batches = [a, b].map { Shape($0.shape.dropLast(2)) }
            try call.requireBroadcast(batches)
            _ = try call.allow(
                (Shape.onnxBroadcast(batches[0], batches[1]) ?? []) + [a.shape[a.rank - 2], b.shape[b.rank - 1]])
            var (rows, columns) = (a.to(.float64), b.to(.float64))
            if let zero = call.optional(2) {
                rows = try difference(rows, zero.rank == 1 && zero.count > 1 ? zero.unsqueeze(1) : zero, call)
            }
            if let zero = call.optional(3) { columns = try difference(columns, zero, call) }
            // Products of 8-bit numbers are exact in float64, and so are their sums.
            return [rows.matmul(columns).to(.int32)]
        },
        "ConvInteger": { call in
            var image = try call.numbers(0).to(.float64)
            var filters = try call.numbers(1).to(.float64)
            if let zero = call.optional(2) { image = try difference(image, zero, call) }
            if let zero = call.optional(3) {
                let perFilter =
                    zero.count > 1 ? zero.reshape(Shape([zero.count] + filters.shape.dropFirst().map { _ in 1 })) : zero
                filters = try difference(filters, perFilter, call)
            }
            let floats = ONNXCall(node: call.node, inputs: [image, filters], run: call.run, outer: [:])
            return try convolution(floats).map { $0.to(.int32) }
        },
    ]

    /// Without the zero point, which broadcasts to it.
    private static func difference(_ x: Tensor, _ zero: Tensor, _ call: ONNXCall) throws -> Tensor {
        try call.require(
            Shape.onnxBroadcast(x.shape, zero.shape) == x.shape, "a zero point of \(zero.shape) does not fit \(x.shape)"
        )
        return x - zero.to(x.dtype)
    }

    /// One number for all elements, or one for each position of the axis.
    private static func alongAxis(_ values: Tensor, like x: Tensor, _ call: ONNXCall) throws -> Tensor {
        if values.count == 1 { return values.reshape([]) }
        let axis = try call.axis(call.node.int("axis") ?? 1, of: x.rank)
        try call.require(
            values.rank == 1 && values.count == x.shape[axis],
            "\(values.shape) is neither one number nor one for each position of dimension \(axis) of \(x.shape)")
        return values.reshape(Shape((0..<x.rank).map { $0 == axis ? values.count : 1 }))
    }
}

extension Tensor {
    /// The numbers as 0 to 255 of a scale of their own, which has 0 (DynamicQuantizeLinear); not of an empty tensor.
    fileprivate func byteCodes() -> (codes: Tensor, scale: Float, zero: Float) {
        let lowest = Swift.min(amin().item(as: Float.self), 0)
        let highest = Swift.max(amax().item(as: Float.self), 0)
        let scale = highest > lowest ? (highest - lowest) / 255 : 1
        let zero = Swift.min(Swift.max((-lowest / scale).rounded(.toNearestOrEven), 0), 255)
        let codes = ((self / Double(scale)).round() + Double(zero)).clamp(min: 0.0, max: 255.0)
        return (codes, scale, zero)
    }

    /// The numbers as such codes stand for them.
    func roundedToBytes() -> Tensor {
        let (codes, scale, zero) = byteCodes()
        return (codes - Double(zero)) * Double(scale)
    }
}
