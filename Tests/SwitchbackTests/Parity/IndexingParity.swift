import Switchback
import TestSupport

/// Reading, writing and ordering by position, by PyTorch's names.
let indexingParity: [String: ParityOperation] = readingParity.merging(writingParity) { a, _ in a }

private let readingParity: [String: ParityOperation] = [
    "gather": { [$0[0].gather(dim: $0.int("dim")!, index: $0[1])] },
    "index_select": { [$0[0].indexSelect(dim: $0.int("dim")!, index: $0[1])] },
    "advanced_index": { [$0["mask"] == nil ? $0[0][$0[1], $0[2]] : $0[0][$0[1]]] },
    "take_along_dim": { [$0[0].takeAlongDim($0[1], dim: $0.int("dim")!)] },
    "nonzero": { [$0[0].nonzero()] },
    "one_hot": { [$0[0].oneHot(classes: $0.int("num_classes")!)] },
    "embedding": { [$0[0].embedding(weight: $0[1], paddingIndex: $0.int("padding_idx"))] },
    "searchsorted": { [$0[0].searchsorted($0[1], right: $0.bool("right")!)] },
    "sort": { arguments in
        let (values, indices) = arguments[0].sort(
            dim: arguments.int("dim") ?? -1, descending: arguments.bool("descending") ?? false)
        return [values, indices]
    },
    "argsort": { [$0[0].argsort(dim: $0.int("dim")!)] },
    "topk": { arguments in
        let (values, indices) = arguments[0].topK(
            arguments.int("k")!, dim: arguments.int("dim")!, largest: arguments.bool("largest") ?? true)
        return [values, indices]
    },
]

private let writingParity: [String: ParityOperation] = [
    "scatter": { arguments in
        let dim = arguments.int("dim")!
        guard let source = arguments["src"] else {
            return [arguments[0].scatter(dim: dim, index: arguments[1], value: arguments.double("value")!)]
        }
        return [arguments[0].scatter(dim: dim, index: arguments[1], source: source)]
    },
    "scatter_add": { [$0[0].scatterAdd(dim: $0.int("dim")!, index: $0[1], source: $0[2])] },
    "scatter_reduce": { arguments in
        let reductions: [String: ScatterReduce] = ["amax": .amax, "mean": .mean, "prod": .product]
        let reduction = reductions[arguments.string("reduce")!]!
        return [
            arguments[0].scatterReduce(dim: arguments.int("dim")!, index: arguments[1], source: arguments[2], reduction)
        ]
    },
    "index_add": {
        [$0[0].indexAdd(dim: $0.int("dim")!, index: $0[1], source: $0[2], alpha: $0.double("alpha")!)]
    },
    "index_put": { [$0[0].indexPut([$0[1], $0[2]], $0[3], accumulate: $0.bool("accumulate")!)] },
]
