import Switchback

/// Reading and writing at positions.
let torchIndexings: [String: TorchOperator] = [
    "gather": { call in
        try call.refuse("sparse_grad")
        return [try call.tensor(0).gather(dim: call.int(1, "dim")!, index: call.tensor(2, "index"))]
    },
    "index_select": { [try $0.tensor(0).indexSelect(dim: $0.int(1, "dim")!, index: $0.tensor(2, "index"))] },
    "take_along_dim": { [try $0.tensor(0).takeAlongDim($0.tensor(1), dim: $0.int(2, "dim"))] },
    "take": { [try $0.tensor(0).take($0.tensor(1))] },
    "masked_select": { [try $0.tensor(0).maskedSelect($0.tensor(1))] },
    "nonzero": { call in
        let places = try call.tensor(0).nonzero()
        return call.bool(nil, "as_tuple") == true ? places.unbind(dim: 1) : [places]
    },
    "argwhere": unary { $0.argwhere() },
    "__getitem__": { call in
        let (x, i) = (try call.tensor(0), try call.indices(1))
        switch i.count {
        case 1: return [x[i[0]]]
        case 2: return [x[i[0], i[1]]]
        case 3: return [x[i[0], i[1], i[2]]]
        case 4: return [x[i[0], i[1], i[2], i[3]]]
        default: throw OperatorCall.Missing(description: "more than four indices")
        }
    },
    "index_put": { call in
        [
            try call.tensor(0).indexPut(
                call.optionalTensors(1), call.tensor(2), accumulate: call.bool(3, "accumulate") ?? false)
        ]
    },
    "masked_fill": { call in
        if let value = call.number(2) { return [try call.tensor(0).maskedFill(call.tensor(1), value)] }
        return [try call.tensor(0).maskedFill(call.tensor(1), call.tensor(2))]
    },
    "masked_scatter": { [try $0.tensor(0).maskedScatter($0.tensor(1), $0.tensor(2))] },
    "index_add": { call in
        [
            try call.tensor(0).indexAdd(
                dim: call.int(1)!, index: call.tensor(2), source: call.tensor(3), alpha: call.double(nil, "alpha") ?? 1)
        ]
    },
    "index_copy": { [try $0.tensor(0).indexCopy(dim: $0.int(1)!, index: $0.tensor(2), source: $0.tensor(3))] },
    "index_fill": { call in
        let (x, dim, index) = (try call.tensor(0), call.int(1)!, try call.tensor(2))
        if let value = call.number(3) { return [x.indexFill(dim: dim, index: index, value)] }
        return [x.indexFill(dim: dim, index: index, try call.tensor(3))]
    },
    "scatter": { call in
        let (x, dim, index) = (try call.tensor(0), call.int(1)!, try call.tensor(2))
        if let name = call.string(nil, "reduce") {
            guard let source = try? call.tensor(3), name == "add" else {
                throw OperatorCall.Missing(description: "the reduction \(name)")
            }
            return [x.scatterAdd(dim: dim, index: index, source: source)]
        }
        if let value = call.number(3) { return [x.scatter(dim: dim, index: index, value: value)] }
        return [x.scatter(dim: dim, index: index, source: try call.tensor(3))]
    },
    "scatter_add": { [try $0.tensor(0).scatterAdd(dim: $0.int(1)!, index: $0.tensor(2), source: $0.tensor(3))] },
    "scatter_reduce/sum": scatterReduce, "scatter_reduce/prod": scatterReduce, "scatter_reduce/mean": scatterReduce,
    "scatter_reduce/amin": scatterReduce, "scatter_reduce/amax": scatterReduce,
    "nn.functional.embedding": { call in
        try call.refuse("max_norm", "sparse", "scale_grad_by_freq")
        return [try call.tensor(1).embedding(weight: call.tensor(0), paddingIndex: call.int(2, "padding_idx"))]
    },
    "nn.functional.one_hot": { call in
        let classes = call.int(1, "num_classes")
        return [try call.tensor(0).oneHot(classes: classes == -1 ? nil : classes)]
    },
]

private let scatterReduce: TorchOperator = { call in
    let reductions: [String: ScatterReduce] = [
        "sum": .sum, "prod": .product, "mean": .mean, "amax": .amax, "amin": .amin,
    ]
    return [
        try call.tensor(0).scatterReduce(
            dim: call.int(1)!, index: call.tensor(2), source: call.tensor(3), reductions[call.string(4, "reduce")!]!,
            includeSelf: call.bool(nil, "include_self") ?? true)
    ]
}
