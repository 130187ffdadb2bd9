import Switchback

// Operators on single elements.

extension ONNXOperators {
    static let functions: [String: ONNXOperator] = [
        "Abs": number { $0.abs() }, "Neg": number { -$0 }, "Sign": number { $0.sign() },
        "Reciprocal": float { $0.reciprocal() }, "Sqrt": float { $0.sqrt() }, "Exp": float { $0.exp() },
        "Log": float { $0.log() }, "Sin": float { $0.sin() }, "Cos": float { $0.cos() }, "Tan": float { $0.tan() },
        "Asin": float { $0.asin() }, "Acos": float { $0.acos() }, "Atan": float { $0.atan() },
        "Sinh": float { $0.sinh() }, "Cosh": float { $0.cosh() }, "Asinh": float { $0.asinh() },
        "Acosh": float { $0.acosh() }, "Atanh": float { $0.atanh() }, "Erf": float { $0.erf() },
        "Floor": float { $0.floor() }, "Ceil": float { $0.ceil() }, "Round": float { $0.round() },
        "Add": pair { $0 + $1 }, "Sub": pair { $0 - $1 }, "Mul": pair { $0 * $1 },
        "Div": { call in
            let operands = try call.broadcasting([call.numbers(0), call.numbers(1)])
            return [operands[0].dtype.isFloatingPoint ? operands[0] / operands[1] : truncatedQuotient(operands)]
        },
        "Pow": { call in
            let (base, exponent) = (try call.numbers(0), try call.numbers(1))
            let operands = try call.broadcasting([base, exponent.to(base.dtype)])
            // Integers to a fraction's power are computed as fractions, and cut off.
            if base.dtype.isInteger && exponent.dtype.isFloatingPoint {
                return [base.to(.float64).pow(exponent.to(.float64)).to(base.dtype)]
            }
            return [operands[0].pow(operands[1])]
        },
        "Mod": { call in
            let operands = try call.broadcasting([call.numbers(0), call.numbers(1)])
            return [call.node.flag("fmod") ? operands[0].fmod(operands[1]) : operands[0].remainder(operands[1])]
        },
        "Max": folded { $0.maximum($1) }, "Min": folded { $0.minimum($1) }, "Sum": folded { $0 + $1 },
        "Mean": { call in
            let operands = try call.broadcasting(call.inputs.indices.map { try call.floats($0) })
            return [operands.dropFirst().reduce(operands[0]) { $0 + $1 } / Double(operands.count)]
        },
        "Clip": clip,
        "Identity": { [try $0.input(0)] },
        "Cast": { call in
            let type = try elementType(call.node.int("to") ?? 0, call)
            return [cast(try call.input(0), to: type)]
        },
        "CastLike": { [cast(try $0.input(0), to: try $0.input(1).dtype)] },
        "Dropout": { call in
            let x = try call.input(0)
            if let training = call.optional(2), training.count == 1, training.item(as: Double.self) != 0 {
                throw call.problem("dropout in training is not supported")
            }
            return [x, Tensor.ones(x.shape, dtype: .bool)]
        },
    ]

    /// Integers are divided toward zero.
    private static func truncatedQuotient(_ operands: [Tensor]) -> Tensor {
        let (a, b) = (operands[0], operands[1])
        let quotient = a.floorDivide(b)
        if a.dtype == .uint8 { return quotient }
        let isRoundedDown = (quotient * b).ne(a) .& (a.lt(0) .^ b.lt(0))
        return quotient + isRoundedDown.to(a.dtype)
    }

    /// An operator of any number of operands, taken two at a time.
    private static func folded(_ body: @escaping @Sendable (Tensor, Tensor) -> Tensor) -> ONNXOperator {
        { call in
            let operands = try call.broadcasting(call.inputs.indices.map { try call.numbers($0) })
            return [operands.dropFirst().reduce(operands[0], body)]
        }
    }

    private static let clip: ONNXOperator = { call in
        var x = try call.numbers()
        var bounds = [call.optional(1), call.optional(2)]
        if call.version < 11 {
            bounds = ["min", "max"].map { call.node.float($0).map { Tensor([$0], shape: [], dtype: x.dtype) } }
        }
        for bound in bounds.compactMap({ $0 }) {
            try call.require(bound.count == 1 && bound.dtype == x.dtype, "its bounds are not numbers of its type")
        }
        if let low = bounds[0] { x = x.maximum(low.reshape([])) }
        if let high = bounds[1] { x = x.minimum(high.reshape([])) }
        return [x]
    }

    static func elementType(_ number: Int, _ call: ONNXCall) throws -> DType {
        guard let type = Int32(exactly: number).flatMap(DType.init(onnxType:)) else {
            throw call.problem("the element type \(number) is not computed with")
        }
        return type
    }

    static func cast(_ x: Tensor, to type: DType) -> Tensor { type == .bool ? x.ne(0) : x.to(type) }

    // MARK: Comparisons

    static let comparisons: [String: ONNXOperator] = [
        "Less": pair { $0.lt($1) }, "LessOrEqual": pair { $0.le($1) }, "Greater": pair { $0.gt($1) },
        "GreaterOrEqual": pair { $0.ge($1) },
        "Equal": { call in
            let operands = try call.broadcasting([call.input(0), call.input(1)])
            return [operands[0].eq(operands[1])]
        },
        "And": logic { $0.logicalAnd($1) }, "Or": logic { $0.logicalOr($1) }, "Xor": logic { $0.logicalXor($1) },
        "Not": { [try $0.truths(0).logicalNot()] },
        "BitwiseAnd": bits { $0.bitwiseAnd($1) }, "BitwiseOr": bits { $0.bitwiseOr($1) },
        "BitwiseXor": bits { $0.bitwiseXor($1) },
        "BitwiseNot": { call in
            let x = try call.numbers()
            try call.require(x.dtype.isInteger, "it works on whole numbers, not on \(x.dtype)")
            return [x.bitwiseNot()]
        },
        "BitShift": { call in
            let isLeft = call.node.text("direction") == "LEFT"
            return try bits { isLeft ? $0.bitwiseLeftShift($1) : $0.bitwiseRightShift($1) }(call)
        },
        "IsNaN": float { $0.isnan() },
        "IsInf": { call in
            let x = try call.floats()
            let (negative, positive) = (
                call.node.flag("detect_negative", default: true), call.node.flag("detect_positive", default: true)
            )
            switch (negative, positive) {
            case (true, true): return [x.isinf()]
            case (true, false): return [x.eq(-Double.infinity)]
            case (false, true): return [x.eq(Double.infinity)]
            default: return [Tensor.zeros(x.shape, dtype: .bool)]
            }
        },
        "Where": { call in
            let operands = try call.broadcasting([call.input(1), call.input(2)])
            let condition = try call.truths(0)
            try call.requireBroadcast([condition.shape] + operands.map(\.shape))
            return [Tensor.where(condition, operands[0], operands[1])]
        },
    ]

    private static func logic(_ body: @escaping @Sendable (Tensor, Tensor) -> Tensor) -> ONNXOperator {
        { call in
            let operands = try call.broadcasting([call.truths(0), call.truths(1)])
            return [body(operands[0], operands[1])]
        }
    }

    private static func bits(_ body: @escaping @Sendable (Tensor, Tensor) -> Tensor) -> ONNXOperator {
        { call in
            let operands = try call.broadcasting([call.numbers(0), call.numbers(1)])
            try call.require(operands[0].dtype.isInteger, "it works on whole numbers, not on \(operands[0].dtype)")
            return [body(operands[0], operands[1])]
        }
    }

    // MARK: Activations

    static let activations: [String: ONNXOperator] = [
        "Sigmoid": float { $0.sigmoid() }, "Relu": number { $0.relu() }, "Tanh": float { $0.tanh() },
        "Softplus": float { $0.softplus(threshold: .infinity) }, "Softsign": float { $0.softsign() },
        "HardSwish": float { $0.hardswish() }, "Mish": float { $0.mish() },
        "Gelu": { [try $0.floats().gelu(approximate: $0.node.text("approximate") == "tanh" ? .tanh : .none)] },
        "Elu": { [try $0.floats().elu(alpha: $0.node.float("alpha") ?? 1)] },
        "Celu": { [try $0.floats().celu(alpha: $0.node.float("alpha") ?? 1)] },
        "LeakyRelu": { [try $0.floats().leakyReLU(negativeSlope: $0.node.float("alpha") ?? 0.01)] },
        "ThresholdedRelu": { [try $0.floats().threshold($0.node.float("alpha") ?? 1, 0)] },
        "Selu": { call in
            let x = try call.floats()
            let alpha = call.node.float("alpha") ?? 1.67326319217681884765625
            return [x.elu(alpha: alpha) * (call.node.float("gamma") ?? 1.05070102214813232421875)]
        },
        "HardSigmoid": { call in
            let scaled = try call.floats() * (call.node.float("alpha") ?? 0.2) + (call.node.float("beta") ?? 0.5)
            return [scaled.clamp(min: 0.0, max: 1.0)]
        },
        "Swish": { call in
            let x = try call.floats()
            return [x * (x * (call.node.float("alpha") ?? 1)).sigmoid()]
        },
        "Shrink": { call in
            let (x, lambda, bias) = (
                try call.floats(), call.node.float("lambd") ?? 0.5, call.node.float("bias") ?? 0
            )
            let raised = Tensor.where(x.lt(-lambda), x + bias, 0.0)
            return [Tensor.where(x.gt(lambda), x - bias, raised)]
        },
        "PRelu": { call in
            let operands = try call.broadcasting([call.floats(0), call.floats(1)])
            return [Tensor.where(operands[0].gt(0), operands[0], operands[0] * operands[1])]
        },
        "Softmax": { call in try softmax(call) { $0.softmax(dim: $1) } },
        "LogSoftmax": { call in try softmax(call) { $0.logSoftmax(dim: $1) } },
        "Hardmax": { call in
            try softmax(call) { x, dim in
                let winners = x.argmax(dim: dim, keepDim: true)
                return Tensor.zeros(x.shape, dtype: x.dtype).scatter(dim: dim, index: winners, value: 1.0)
            }
        },
    ]

    /// Before version 13, all dimensions from the axis on are taken together.
    private static func softmax(_ call: ONNXCall, _ body: (Tensor, Int) -> Tensor) throws -> [Tensor] {
        let x = try call.floats()
        try call.require(x.rank > 0, "a number has no dimension")
        if x.count == 0 { return [x] }
        let axis = try call.axis(x, default: call.version < 13 ? 1 : -1)
        if call.version >= 13 { return [body(x, axis)] }
        let rows = x.reshape([x.shape[..<axis].reduce(1, *), x.shape[axis...].reduce(1, *)])
        return [body(rows, 1).reshape(x.shape)]
    }
}
