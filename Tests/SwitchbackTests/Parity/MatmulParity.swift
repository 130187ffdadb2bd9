import Switchback
import TestSupport

/// The products, by PyTorch's names.
let matmulParity: [String: ParityOperation] = [
    "matmul": { arguments in
        // The cases that transpose an operand call them a and b.
        guard let a = arguments["a"], let b = arguments["b"] else { return [arguments[0].matmul(arguments[1])] }
        return [a.shape[0] == b.shape[0] ? a.mT.matmul(b) : a.matmul(b.mT)]
    },
    "bmm": { [$0[0].bmm($0[1])] },
    "addmm": { [$0[0].addmm($0[1], $0[2], beta: $0.double("beta")!, alpha: $0.double("alpha")!)] },
    "baddbmm": { [$0[0].baddbmm($0[1], $0[2], beta: $0.double("beta")!, alpha: $0.double("alpha")!)] },
    "outer": { [$0[0].outer($0[1])] },
    "linear": { [$0[0].linear(weight: $0[1], bias: $0["bias"])] },
    "bilinear": { [$0[0].bilinear($0[1], weight: $0[2], bias: $0["bias"])] },
    "einsum": { [Tensor.einsum($0.string("equation")!, $0.inputs.map(\.tensor))] },
    "cdist": { [$0[0].cdist($0[1])] },
]
