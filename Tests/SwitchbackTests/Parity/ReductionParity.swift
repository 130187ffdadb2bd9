import Switchback
import TestSupport

/// The reductions and running totals, by PyTorch's names.
let reductionParity: [String: ParityOperation] = [
    "sum": { [$0[0].sum(dims: $0.ints("dim"), keepDim: $0.keepDim)] },
    "mean": { [$0[0].mean(dims: $0.ints("dim"), keepDim: $0.keepDim)] },
    "prod": { [$0[0].prod(dims: $0.ints("dim"), keepDim: $0.keepDim)] },
    "amax": { [$0[0].amax(dims: $0.ints("dim"), keepDim: $0.keepDim)] },
    "amin": { [$0[0].amin(dims: $0.ints("dim"), keepDim: $0.keepDim)] },
    "logsumexp": { [$0[0].logSumExp(dims: $0.ints("dim"), keepDim: $0.keepDim)] },
    "var": {
        [$0[0].var(dims: $0.ints("dim"), correction: $0.double("correction") ?? 1, keepDim: $0.keepDim)]
    },
    "std": {
        [$0[0].std(dims: $0.ints("dim"), correction: $0.double("correction") ?? 1, keepDim: $0.keepDim)]
    },
    "max": { arguments in
        guard let dim = arguments.int("dim") else { return [arguments[0].max()] }
        let (values, indices) = arguments[0].max(dim: dim, keepDim: arguments.keepDim)
        return [values, indices]
    },
    "min": { arguments in
        guard let dim = arguments.int("dim") else { return [arguments[0].min()] }
        let (values, indices) = arguments[0].min(dim: dim, keepDim: arguments.keepDim)
        return [values, indices]
    },
    "argmax": { [$0[0].argmax(dim: $0.int("dim"), keepDim: $0.keepDim)] },
    "argmin": { [$0[0].argmin(dim: $0.int("dim"), keepDim: $0.keepDim)] },
    "norm": { [$0[0].norm(p: $0.double("p") ?? 2, dims: $0.ints("dim"), keepDim: $0.keepDim)] },
    "cumsum": { [$0[0].cumsum(dim: $0.int("dim")!)] },
    "cumprod": { [$0[0].cumprod(dim: $0.int("dim")!)] },
    "any": { [$0[0].any(dims: $0.ints("dim"), keepDim: $0.keepDim)] },
    "all": { [$0[0].all(dims: $0.ints("dim"), keepDim: $0.keepDim)] },
    "count_nonzero": { [$0[0].countNonzero(dims: $0.ints("dim"))] },
]

extension ParityArguments {
    fileprivate var keepDim: Bool { bool("keepdim") ?? false }
}
