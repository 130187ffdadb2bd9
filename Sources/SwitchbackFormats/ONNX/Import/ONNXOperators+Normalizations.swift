import Switchback

// Normalizations, as in inference.

extension ONNXOperators {
    static let normalizations: [String: ONNXOperator] = [
        "BatchNormalization": { call in
            let x = try call.floats()
            try call.require(x.rank >= 2, "its operand has shape \(x.shape), not [N, C, …]")
            try call.require(!call.node.flag("training_mode"), "batch normalization in training is not supported")
            let operands = try (1...4).map { try call.floats($0, like: x) }
            for operand in operands {
                try call.require(
                    operand.shape == [x.shape[1]], "an operand of shape \(operand.shape) does not fit \(x.shape)")
            }
            return [
                x.batchNorm(
                    runningMean: operands[2], runningVar: operands[3], weight: operands[0], bias: operands[1],
                    training: false, eps: call.node.float("epsilon") ?? 1e-5)
            ]
        },
        "InstanceNormalization": { call in
            let x = try call.floats()
            try call.require(x.rank >= 3 && x.count > 0, "its operand has shape \(x.shape), not [N, C, …]")
            let (weight, bias) = (try perChannel(call, 1, x), try perChannel(call, 2, x))
            return [x.instanceNorm(weight: weight, bias: bias, eps: call.node.float("epsilon") ?? 1e-5)]
        },
        "GroupNormalization": { call in
            let x = try call.floats()
            let groups = call.node.int("num_groups") ?? 0
            try call.require(
                x.rank >= 2 && x.count > 0 && groups > 0 && x.shape[1] % groups == 0 && call.version >= 21,
                "\(x.shape) cannot be divided into \(groups) groups of channels, or the file is of a version before 21")
            let (weight, bias) = (try perChannel(call, 1, x), try perChannel(call, 2, x))
            return [x.groupNorm(groups: groups, weight: weight, bias: bias, eps: call.node.float("epsilon") ?? 1e-5)]
        },
        "LayerNormalization": { call in
            let x = try call.floats()
            let axis = try call.axis(x, default: -1)
            let form = Shape(x.shape[axis...])
            let (weight, bias) = (try last(call, 1, x, form), try last(call, 2, x, form))
            let epsilon = call.node.float("epsilon") ?? 1e-5
            let y = x.layerNorm(form, weight: weight, bias: bias, eps: epsilon)
            if call.node.outputs.count == 1 { return [y] }
            let dims = Array(axis..<x.rank)
            let variance = x.var(dims: dims, correction: 0, keepDim: true)
            return [y, x.mean(dims: dims, keepDim: true), (variance + epsilon).rsqrt()]
        },
        "RMSNormalization": { call in
            let x = try call.floats()
            let axis = try call.axis(x, default: -1)
            let form = Shape(x.shape[axis...])
            return [x.rmsNorm(form, weight: try last(call, 1, x, form), eps: call.node.float("epsilon") ?? 1e-5)]
        },
        "LpNormalization": { call in
            let x = try call.floats()
            let axis = try call.axis(x, default: -1)
            let norm = x.norm(p: Double(call.node.int("p") ?? 2), dim: axis, keepDim: true)
            return [Tensor.where(norm.eq(0), 0.0, x / norm)]
        },
        "LRN": { call in
            let x = try call.floats()
            guard let size = call.node.int("size"), size > 0, size % 2 == 1, x.rank >= 3, size < 1 << 16 else {
                throw call.problem("its neighborhood is missing or even, or its operand is not an image")
            }
            _ = try call.allow(Array(x.shape) + [size])
            return [
                x.localResponseNorm(
                    size: size, alpha: call.node.float("alpha") ?? 1e-4, beta: call.node.float("beta") ?? 0.75,
                    k: call.node.float("bias") ?? 1)
            ]
        },
        "MeanVarianceNormalization": { call in
            let x = try call.floats()
            let dims = try call.axes(call.node.ints("axes") ?? [0, 2, 3], of: x.rank)
            let centered = x - x.mean(dims: dims, keepDim: true)
            return [centered / (centered.square().mean(dims: dims, keepDim: true).sqrt() + 1e-9)]
        },
    ]

    private static func perChannel(_ call: ONNXCall, _ position: Int, _ x: Tensor) throws -> Tensor {
        let tensor = try call.floats(position, like: x)
        try call.require(tensor.shape == [x.shape[1]], "an operand of shape \(tensor.shape) does not fit \(x.shape)")
        return tensor
    }

    private static func last(_ call: ONNXCall, _ position: Int, _ x: Tensor, _ form: Shape) throws -> Tensor? {
        guard call.optional(position) != nil else { return nil }
        let tensor = try call.floats(position, like: x)
        try call.require(tensor.shape == form, "an operand of shape \(tensor.shape) does not fit \(form)")
        return tensor
    }
}
