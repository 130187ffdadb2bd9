import Switchback

/// An operator of two operands, either of which may be a number.
private func binary(
    _ tensors: @escaping @Sendable (Tensor, Tensor) -> Tensor,
    _ number: (@Sendable (Tensor, any Scalar) -> Tensor)? = nil,
    _ reversed: (@Sendable (any Scalar, Tensor) -> Tensor)? = nil
) -> TorchOperator {
    { call in
        try call.refuse("rounding_mode")
        if let value = call.number(1, "other") ?? call.number(nil, "exponent"), let number {
            return [number(try call.tensor(0), value)]
        }
        if let value = call.number(0), let reversed { return [reversed(value, try call.tensor(1))] }
        return [tensors(try call.tensor(0), try call.tensor(1, "other"))]
    }
}

/// `a + alpha * b` or `a - alpha * b`.
private func sum(sign: Double) -> TorchOperator {
    { call in
        let x = try call.tensor(0)
        if let value = call.number(1, "other") {
            try call.refuse("alpha")
            return [sign > 0 ? x + value : x - value]
        }
        let other = try call.tensor(1, "other")
        if let alpha = call.double(nil, "alpha") { return [x.add(other, alpha: sign * alpha)] }
        return [sign > 0 ? x + other : x - other]
    }
}

/// Arithmetic of two or three operands.
let torchArithmetic: [String: TorchOperator] = [
    "add": sum(sign: 1), "sub": sum(sign: -1),
    "rsub": { call in
        if let alpha = call.double(nil, "alpha") {
            if let value = call.number(1, "other") { return [value - (try call.tensor(0)) * alpha] }
            return [try call.tensor(1).add(call.tensor(0), alpha: -alpha)]
        }
        if let value = call.number(1, "other") { return [value - (try call.tensor(0))] }
        return [try call.tensor(1) - call.tensor(0)]
    },
    "mul": binary({ $0 * $1 }, { $0 * $1 }, { $0 * $1 }), "true_divide": binary({ $0 / $1 }, { $0 / $1 }, { $0 / $1 }),
    "div/no_rounding_mode": binary({ $0 / $1 }, { $0 / $1 }, { $0 / $1 }),
    "div/floor_rounding": { [try $0.tensor(0).floorDivide($0.tensor(1, "other"))] },
    "floor_divide": binary({ $0.floorDivide($1) }, { $0.floorDivide($1) }),
    "fmod": binary({ $0.fmod($1) }, { $0.fmod($1) }),
    "remainder": binary({ $0.remainder($1) }, { $0.remainder($1) }),
    "pow": binary({ $0.pow($1) }, { $0.pow($1) }, { Tensor.pow($0, $1) }),
    "maximum": binary { $0.maximum($1) }, "minimum": binary { $0.minimum($1) }, "max/binary": binary { $0.maximum($1) },
    "min/binary": binary { $0.minimum($1) }, "atan2": binary { $0.atan2($1) }, "hypot": binary { $0.hypot($1) },
    "copysign": binary { $0.copysign($1) }, "logaddexp": binary { $0.logaddexp($1) },
    "__radd__": binary({ $1 + $0 }, { $1 + $0 }), "__rmul__": binary({ $1 * $0 }, { $1 * $0 }),
    "__rdiv__": binary({ $0.reciprocal() * $1 }, { $1 / $0 }), "__rsub__": binary({ $1 - $0 }, { $1 - $0 }),
    "__rpow__": binary({ $1.pow($0) }, { Tensor.pow($1, $0) }), "__rmatmul__": binary { $1.matmul($0) },
    "addcmul": { [try $0.tensor(0).addcmul($0.tensor(1), $0.tensor(2), value: $0.double(nil, "value") ?? 1)] },
    "addcdiv": { [try $0.tensor(0).addcdiv($0.tensor(1), $0.tensor(2), value: $0.double(nil, "value") ?? 1)] },
    "lerp": { call in
        if let weight = call.double(2, "weight") { return [try call.tensor(0).lerp(call.tensor(1), weight: weight)] }
        return [try call.tensor(0).lerp(call.tensor(1), weight: call.tensor(2, "weight"))]
    },
    "clamp": { call in
        if let low = try? call.optionalTensor(1, "min"), let high = try? call.optionalTensor(2, "max") {
            return [try call.tensor(0).clamp(min: low, max: high)]
        }
        if let low = try? call.optionalTensor(1, "min") { return [try call.tensor(0).clamp(min: low)] }
        if let high = try? call.optionalTensor(2, "max") { return [try call.tensor(0).clamp(max: high)] }
        return [try clamped(call.tensor(0), call.number(1, "min"), call.number(2, "max"))]
    },
    "clamp_min": { call in
        if let low = call.number(1, "min") { return [try clamped(call.tensor(0), low, nil)] }
        return [try call.tensor(0).clamp(min: call.tensor(1, "min"))]
    },
    "clamp_max": { call in
        if let high = call.number(1, "max") { return [try clamped(call.tensor(0), nil, high)] }
        return [try call.tensor(0).clamp(max: call.tensor(1, "max"))]
    },
    "where": { call in
        // PyTorch's samples call where as a method of the first choice.
        [Tensor.where(try call.tensor(1), try call.tensor(0), try call.tensor(2, "other"))]
    },
    "float_power": { _ in throw OperatorCall.Missing(description: "") },
]

private func clamped(_ x: Tensor, _ low: (any Scalar)?, _ high: (any Scalar)?) -> Tensor {
    if [low, high].compactMap({ $0 }).allSatisfy({ $0 is Int }) { return x.clamp(min: low as? Int, max: high as? Int) }
    return x.clamp(min: low?.doubleValue, max: high?.doubleValue)
}

/// Comparisons, logic and bits.
let torchComparisons: [String: TorchOperator] = [
    "eq": binary({ $0.eq($1) }, { $0.eq($1) }), "ne": binary({ $0.ne($1) }, { $0.ne($1) }),
    "lt": binary({ $0.lt($1) }, { $0.lt($1) }), "le": binary({ $0.le($1) }, { $0.le($1) }),
    "gt": binary({ $0.gt($1) }, { $0.gt($1) }), "ge": binary({ $0.ge($1) }, { $0.ge($1) }),
    "logical_and": binary { $0.logicalAnd($1) }, "logical_or": binary { $0.logicalOr($1) },
    "logical_xor": binary { $0.logicalXor($1) }, "bitwise_and": binary { $0.bitwiseAnd($1) },
    "bitwise_or": binary { $0.bitwiseOr($1) }, "bitwise_xor": binary { $0.bitwiseXor($1) },
    "__rand__": binary { $1.bitwiseAnd($0) }, "__ror__": binary { $1.bitwiseOr($0) },
    "__rxor__": binary { $1.bitwiseXor($0) },
    "bitwise_left_shift": binary { $0.bitwiseLeftShift($1) },
    "bitwise_right_shift": binary { $0.bitwiseRightShift($1) },
    "isclose": { call in
        [
            try call.tensor(0).isclose(
                call.tensor(1), rtol: call.double(2, "rtol") ?? 1e-5, atol: call.double(3, "atol") ?? 1e-8,
                equalNaN: call.bool(4, "equal_nan") ?? false)
        ]
    },
    "equal": { [Tensor(try $0.tensor(0).equal($0.tensor(1)))] },
    "allclose": { call in
        [
            Tensor(
                try call.tensor(0).allClose(
                    call.tensor(1), rtol: call.double(2, "rtol") ?? 1e-5, atol: call.double(3, "atol") ?? 1e-8,
                    equalNaN: call.bool(4, "equal_nan") ?? false))
        ]
    },
]
