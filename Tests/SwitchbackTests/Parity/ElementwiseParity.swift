import Switchback
import TestSupport

/// The functions of single elements, by PyTorch's names.
let elementwiseParity: [String: ParityOperation] = functionParity.merging(arithmeticParity) { a, _ in a }

private let functionParity: [String: ParityOperation] = [
    "neg": { [-$0[0]] },
    "abs": { [$0[0].abs()] },
    "exp": { [$0[0].exp()] },
    "expm1": { [$0[0].expm1()] },
    "exp2": { [$0[0].exp2()] },
    "log": { [$0[0].log()] },
    "log1p": { [$0[0].log1p()] },
    "log2": { [$0[0].log2()] },
    "log10": { [$0[0].log10()] },
    "sqrt": { [$0[0].sqrt()] },
    "rsqrt": { [$0[0].rsqrt()] },
    "square": { [$0[0].square()] },
    "reciprocal": { [$0[0].reciprocal()] },
    "sin": { [$0[0].sin()] },
    "cos": { [$0[0].cos()] },
    "tan": { [$0[0].tan()] },
    "asin": { [$0[0].asin()] },
    "acos": { [$0[0].acos()] },
    "atan": { [$0[0].atan()] },
    "sinh": { [$0[0].sinh()] },
    "cosh": { [$0[0].cosh()] },
    "tanh": { [$0[0].tanh()] },
    "sigmoid": { [$0[0].sigmoid()] },
    "erf": { [$0[0].erf()] },
    "floor": { [$0[0].floor()] },
    "ceil": { [$0[0].ceil()] },
    "trunc": { [$0[0].trunc()] },
    "sign": { [$0[0].sign()] },
    "round": { [$0[0].round()] },
]

private let arithmeticParity: [String: ParityOperation] = [
    "add": { [$0[0] + $0[1]] },
    "sub": { [$0[0] - $0[1]] },
    "mul": { [$0[0] * $0[1]] },
    "div": { [$0[0] / $0[1]] },
    "maximum": { [$0[0].maximum($0[1])] },
    "minimum": { [$0[0].minimum($0[1])] },
    "atan2": { [$0[0].atan2($0[1])] },
    "pow": { arguments in
        [arguments.double("exponent").map { arguments[0].pow($0) } ?? arguments[0].pow(arguments[1])]
    },
    "fmod": { [$0[0].fmod($0.double("other")!)] },
    "remainder": { [$0[0].remainder($0.double("other")!)] },
    "clamp": { [$0[0].clamp(min: $0.double("min"), max: $0.double("max"))] },
    "where": { [Tensor.where($0[0], $0[1], $0[2])] },
    "masked_fill": { [$0[0].maskedFill($0[1], $0.double("value")!)] },
    "lerp": { [$0[0].lerp($0[1], weight: $0[2])] },
    "addcmul": { [$0[0].addcmul($0[1], $0[2], value: $0.double("value")!)] },
    "addcdiv": { [$0[0].addcdiv($0[1], $0[2], value: $0.double("value")!)] },
    "eq": { [$0[0] .== $0[1]] },
    "ne": { [$0[0] .!= $0[1]] },
    "lt": { [$0[0] .< $0[1]] },
    "le": { [$0[0] .<= $0[1]] },
    "gt": { [$0[0] .> $0[1]] },
    "ge": { [$0[0] .>= $0[1]] },
    "logical_and": { [$0[0].logicalAnd($0[1])] },
    "isnan": { [$0[0].isnan()] },
    "cast": { [$0[0].to(.int64)] },
]
