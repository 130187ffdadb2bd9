import Switchback
import TestSupport

/// The activations, by PyTorch's names.
let activationParity: [String: ParityOperation] = [
    "relu": { [$0[0].relu()] },
    "relu6": { [$0[0].relu6()] },
    "silu": { [$0[0].silu()] },
    "mish": { [$0[0].mish()] },
    "hardswish": { [$0[0].hardswish()] },
    "hardsigmoid": { [$0[0].hardsigmoid()] },
    "softsign": { [$0[0].softsign()] },
    "selu": { [$0[0].selu()] },
    "logsigmoid": { [$0[0].logSigmoid()] },
    "tanhshrink": { [$0[0].tanhshrink()] },
    "gelu": { [$0[0].gelu(approximate: $0.string("approximate") == "tanh" ? .tanh : .none)] },
    "leaky_relu": { [$0[0].leakyReLU(negativeSlope: $0.double("negative_slope")!)] },
    "elu": { [$0[0].elu(alpha: $0.double("alpha")!)] },
    "celu": { [$0[0].celu(alpha: $0.double("alpha")!)] },
    "softplus": { [$0[0].softplus(beta: $0.double("beta")!, threshold: $0.double("threshold")!)] },
    "softshrink": { [$0[0].softshrink(lambda: $0.double("lambd")!)] },
    "hardtanh": { [$0[0].hardtanh(min: $0.double("min_val")!, max: $0.double("max_val")!)] },
    "threshold": { [$0[0].threshold($0.double("threshold")!, $0.double("value")!)] },
    "prelu": { [$0[0].prelu($0[1])] },
    "glu": { [$0[0].glu(dim: $0.int("dim")!)] },
]
