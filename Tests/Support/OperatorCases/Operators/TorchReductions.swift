import Switchback

/// A reduction over some dimensions, or all, with `keepdim`.
private func reduction(
    _ run: @escaping @Sendable (Tensor, [Int]?, Bool) -> Tensor
) -> TorchOperator {
    { call in
        let x = try call.dtype(nil).map { try call.tensor(0).to($0) } ?? call.tensor(0)
        return [run(x, call.ints(1, "dim"), call.bool(2, "keepdim") ?? false)]
    }
}

/// A variance or deviation: with `unbiased` or a correction.
private func spread(_ run: @escaping @Sendable (Tensor, [Int]?, Double, Bool) -> Tensor) -> TorchOperator {
    { call in
        let isShort = call.bool(1) != nil  // var(unbiased)
        let unbiased = call.bool(1) ?? call.bool(2, "unbiased")
        let correction = call.double(nil, "correction") ?? (unbiased == false ? 0 : 1)
        let dims = isShort ? nil : call.ints(1, "dim")
        return [run(try call.tensor(0), dims, correction, call.bool(3, "keepdim") ?? false)]
    }
}

/// Chosen values, and where they were.
private func choice(
    _ run: @escaping @Sendable (Tensor, Int, Bool) -> (values: Tensor, indices: Tensor),
    ofAll: (@Sendable (Tensor) -> Tensor)? = nil
) -> TorchOperator {
    { call in
        guard let dim = call.int(1, "dim") else {
            guard let ofAll else { throw OperatorCall.Missing(description: "without a dimension") }
            return [ofAll(try call.tensor(0))]
        }
        let (values, indices) = run(try call.tensor(0), dim, call.bool(2, "keepdim") ?? false)
        return [values, indices]
    }
}

/// A running total: the dimension, and the type to compute in.
private func running(_ run: @escaping @Sendable (Tensor, Int) -> Tensor) -> TorchOperator {
    { call in
        let x = try call.dtype(nil).map { try call.tensor(0).to($0) } ?? call.tensor(0)
        let total = run(x, try call.required(1, "dim"))
        return [call.dtype(nil).map { total.to($0) } ?? total]
    }
}

/// Many elements to one, and running totals.
let torchReductions: [String: TorchOperator] = [
    "sum": reduction { $0.sum(dims: $1, keepDim: $2) }, "mean": reduction { $0.mean(dims: $1, keepDim: $2) },
    "prod": reduction { $0.prod(dims: $1, keepDim: $2) }, "amax": reduction { $0.amax(dims: $1, keepDim: $2) },
    "amin": reduction { $0.amin(dims: $1, keepDim: $2) }, "any": reduction { $0.any(dims: $1, keepDim: $2) },
    "all": reduction { $0.all(dims: $1, keepDim: $2) }, "logsumexp": reduction { $0.logSumExp(dims: $1, keepDim: $2) },
    "count_nonzero": reduction { x, dims, _ in x.countNonzero(dims: dims) },
    "argmax": { [try $0.tensor(0).argmax(dim: $0.int(1, "dim"), keepDim: $0.bool(2, "keepdim") ?? false)] },
    "argmin": { [try $0.tensor(0).argmin(dim: $0.int(1, "dim"), keepDim: $0.bool(2, "keepdim") ?? false)] },
    "max/reduction_no_dim": unary { $0.max() }, "min/reduction_no_dim": unary { $0.min() },
    "max/reduction_with_dim": choice { $0.max(dim: $1, keepDim: $2) },
    "min/reduction_with_dim": choice { $0.min(dim: $1, keepDim: $2) },
    "median": choice({ $0.median(dim: $1, keepDim: $2) }, ofAll: { $0.median() }),
    "nanmedian": choice({ $0.nanmedian(dim: $1, keepDim: $2) }, ofAll: { $0.nanmedian() }),
    "var": spread { $0.var(dims: $1, correction: $2, keepDim: $3) },
    "var/unbiased": spread { $0.var(dims: $1, correction: $2, keepDim: $3) },
    "std": spread { $0.std(dims: $1, correction: $2, keepDim: $3) },
    "std/unbiased": spread { $0.std(dims: $1, correction: $2, keepDim: $3) },
    "norm": norm, "norm/inf": norm, "linalg.vector_norm": norm,
    "cumsum": running { $0.cumsum(dim: $1) }, "cumprod": running { $0.cumprod(dim: $1) },
    "logcumsumexp": running { $0.logCumSumExp(dim: $1) },
    "cummax": { call in
        let (values, indices) = try call.tensor(0).cummax(dim: call.required(1, "dim"))
        return [values, indices]
    },
    "cummin": { call in
        let (values, indices) = try call.tensor(0).cummin(dim: call.required(1, "dim"))
        return [values, indices]
    },
    "trace": unary { $0.trace() },
    "nansum": reduction { $0.nansum(dims: $1, keepDim: $2) },
    "nanmean": reduction { $0.nanmean(dims: $1, keepDim: $2) },
    "mode": { call in
        let (values, indices) = try call.tensor(0).mode(
            dim: call.int(1, "dim") ?? -1, keepDim: call.bool(2, "keepdim") ?? false)
        return [values, indices]
    },
    "kthvalue": { call in
        let (values, indices) = try call.tensor(0).kthvalue(
            call.required(1, "k"), dim: call.int(2, "dim") ?? -1, keepDim: call.bool(3, "keepdim") ?? false)
        return [values, indices]
    },
    "quantile": quantile { $0.quantile($1, dim: $2, keepDim: $3, interpolation: $4) },
    "nanquantile": quantile { $0.nanquantile($1, dim: $2, keepDim: $3, interpolation: $4) },
]

private func quantile(
    _ run: @escaping @Sendable (Tensor, Tensor, Int?, Bool, QuantileInterpolation) -> Tensor
) -> TorchOperator {
    { call in
        let x = try call.tensor(0)
        let q = try call.double(1, "q").map { Tensor($0, dtype: x.dtype) } ?? call.tensor(1, "q")
        let interpolation = QuantileInterpolation(rawValue: call.string(nil, "interpolation") ?? "linear")!
        return [run(x, q, call.int(2, "dim"), call.bool(3, "keepdim") ?? false, interpolation)]
    }
}

private let norm: TorchOperator = { call in
    if call.string(1, "p") != nil { throw OperatorCall.Missing(description: "norms of matrices") }
    let x = try call.dtype(nil).map { try call.tensor(0).to($0) } ?? call.tensor(0)
    return [
        x.norm(
            p: call.double(1, "p") ?? call.double(nil, "ord") ?? 2, dims: call.ints(2, "dim"),
            keepDim: call.bool(3, "keepdim") ?? false)
    ]
}

extension OperatorCall {
    /// What positions are asked for as.
    fileprivate var positionType: DType { bool(nil, "out_int32") == true ? .int32 : .int64 }
}

/// Orders and counts.
let torchOrderings: [String: TorchOperator] = [
    "sort": { call in
        let (values, indices) = try call.tensor(0).sort(
            dim: call.int(1, "dim") ?? -1, descending: call.bool(2, "descending") ?? false)
        return [values, indices]
    },
    "msort": { [try $0.tensor(0).sort(dim: 0).values] },
    "argsort": { call in
        [try call.tensor(0).argsort(dim: call.int(1, "dim") ?? -1, descending: call.bool(2, "descending") ?? false)]
    },
    "topk": { call in
        let (values, indices) = try call.tensor(0).topK(
            call.required(1, "k"), dim: call.int(2, "dim") ?? -1, largest: call.bool(3, "largest") ?? true)
        return [values, indices]
    },
    "bincount": { call in
        [
            try call.tensor(0).bincount(
                weights: call.optionalTensor(1, "weights"), minLength: call.int(2, "minlength") ?? 0)
        ]
    },
    "histc": { call in
        guard let low = call.double(2, "min"), let high = call.double(3, "max"), low < high else {
            throw OperatorCall.Missing(description: "bounds of the data")
        }
        return [try call.tensor(0).histc(bins: call.int(1, "bins") ?? 100, min: low, max: high)]
    },
    "searchsorted": { call in
        let right = call.bool(nil, "right") ?? (call.string(nil, "side") == "right")
        let values = try call.double(1).map { Tensor($0, dtype: try call.tensor(0).dtype) } ?? call.tensor(1)
        let found = try call.tensor(0).searchsorted(values, right: right, sorter: call.optionalTensor(nil, "sorter"))
        return [found.to(call.positionType)]
    },
    "bucketize": { call in
        let found = try call.tensor(0).bucketize(call.tensor(1), right: call.bool(nil, "right") ?? false)
        return [found.to(call.positionType)]
    },
    "unique": { call in
        let x = try call.tensor(0)
        let (values, inverse, counts) = call.int(nil, "dim").map { x.unique(dim: $0) } ?? x.unique()
        return [values] + (call.bool(nil, "return_inverse") == true ? [inverse] : [])
            + (call.bool(nil, "return_counts") == true ? [counts] : [])
    },
]
