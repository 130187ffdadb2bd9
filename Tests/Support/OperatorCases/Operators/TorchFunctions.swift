import Switchback

/// Functions of single elements.
let torchFunctions: [String: TorchOperator] = [
    "abs": unary { $0.abs() }, "acos": unary { $0.acos() }, "acosh": unary { $0.acosh() }, "asin": unary { $0.asin() },
    "asinh": unary { $0.asinh() }, "atan": unary { $0.atan() }, "atanh": unary { $0.atanh() },
    "ceil": unary { $0.ceil() }, "cos": unary { $0.cos() }, "cosh": unary { $0.cosh() }, "exp": unary { $0.exp() },
    "exp2": unary { $0.exp2() }, "expm1": unary { $0.expm1() }, "floor": unary { $0.floor() },
    "frac": unary { $0.frac() }, "log": unary { $0.log() }, "log10": unary { $0.log10() },
    "log1p": unary { $0.log1p() }, "log2": unary { $0.log2() }, "neg": unary { -$0 },
    "reciprocal": unary { $0.reciprocal() }, "round": unary { $0.round() }, "rsqrt": unary { $0.rsqrt() },
    "sigmoid": unary { $0.sigmoid() }, "sign": unary { $0.sign() }, "sgn": unary { $0.sign() },
    "sin": unary { $0.sin() }, "sinh": unary { $0.sinh() }, "sqrt": unary { $0.sqrt() },
    "square": unary { $0.square() },
    "tan": unary { $0.tan() }, "tanh": unary { $0.tanh() }, "trunc": unary { $0.trunc() }, "erf": unary { $0.erf() },
    "erfc": unary { $0.erfc() }, "erfinv": unary { $0.erfinv() }, "lgamma": unary { $0.lgamma() },
    "isnan": unary { $0.isnan() }, "isinf": unary { $0.isinf() }, "isfinite": unary { $0.isfinite() },
    "logical_not": unary { $0.logicalNot() }, "bitwise_not": unary { $0.bitwiseNot() },
    "round/decimals_0": { [try $0.tensor(0).round(decimals: $0.int(1, "decimals")!)] },
    "round/decimals_3": { [try $0.tensor(0).round(decimals: $0.int(1, "decimals")!)] },
    "round/decimals_neg_3": { [try $0.tensor(0).round(decimals: $0.int(1, "decimals")!)] },
    "logit": { [try $0.tensor(0).logit(eps: $0.double(1, "eps"))] },
    "nan_to_num": { call in
        [
            try call.tensor(0).nanToNum(
                nan: call.double(1, "nan") ?? 0, posinf: call.double(2, "posinf"), neginf: call.double(3, "neginf"))
        ]
    },
    "digamma": unary { $0.digamma() },
]

/// Activations.
let torchActivations: [String: TorchOperator] = [
    "nn.functional.relu": unary { $0.relu() }, "nn.functional.relu6": unary { $0.relu6() },
    "nn.functional.selu": unary { $0.selu() }, "nn.functional.silu": unary { $0.silu() },
    "nn.functional.mish": unary { $0.mish() }, "nn.functional.hardswish": unary { $0.hardswish() },
    "nn.functional.hardsigmoid": unary { $0.hardsigmoid() }, "nn.functional.logsigmoid": unary { $0.logSigmoid() },
    "nn.functional.softsign": unary { $0.softsign() }, "nn.functional.tanhshrink": unary { $0.tanhshrink() },
    "nn.functional.gelu": { call in
        [try call.tensor(0).gelu(approximate: call.string(1, "approximate") == "tanh" ? .tanh : .none)]
    },
    "nn.functional.elu": { call in
        try call.refuse("scale", "input_scale")
        return [try call.tensor(0).elu(alpha: call.double(1, "alpha") ?? 1)]
    },
    "nn.functional.celu": { [try $0.tensor(0).celu(alpha: $0.double(1, "alpha") ?? 1)] },
    "nn.functional.leaky_relu": { call in
        [try call.tensor(0).leakyReLU(negativeSlope: call.double(1, "negative_slope") ?? 0.01)]
    },
    "nn.functional.prelu": { [try $0.tensor(0).prelu($0.tensor(1, "weight"))] },
    "nn.functional.glu": { [try $0.tensor(0).glu(dim: $0.int(1, "dim") ?? -1)] },
    "nn.functional.softplus": { call in
        [try call.tensor(0).softplus(beta: call.double(1, "beta") ?? 1, threshold: call.double(2, "threshold") ?? 20)]
    },
    "nn.functional.softshrink": { [try $0.tensor(0).softshrink(lambda: $0.double(1, "lambd") ?? 0.5)] },
    "nn.functional.hardshrink": { [try $0.tensor(0).hardshrink(lambda: $0.double(1, "lambd") ?? 0.5)] },
    "nn.functional.hardtanh": { call in
        [try call.tensor(0).hardtanh(min: call.double(1, "min_val") ?? -1, max: call.double(2, "max_val") ?? 1)]
    },
    "nn.functional.threshold": { call in
        [try call.tensor(0).threshold(call.double(1, "threshold")!, call.double(2, "value")!)]
    },
]
