import Switchback
import TestSupport

/// Normalizations and softmax.
let normalizationParity: [String: ParityOperation] = [
    "batch_norm": { a in
        guard let mean = a["running_mean"], let variance = a["running_var"] else {
            return [a[0].batchNorm(training: true, eps: a.double("eps")!)]
        }
        // The case with a momentum is training.
        let momentum = a.double("momentum")
        let result = a[0].batchNorm(
            runningMean: mean, runningVar: variance, weight: a["weight"], bias: a["bias"], training: momentum != nil,
            momentum: momentum ?? 0, eps: a.double("eps")!)
        return momentum == nil ? [result] : [result, mean, variance]
    },
    "layer_norm": { a in
        let shape = Shape(a.ints("normalized_shape")!)
        return [a[0].layerNorm(shape, weight: a["weight"], bias: a["bias"], eps: a.double("eps")!)]
    },
    "rms_norm": { a in
        [a[0].rmsNorm(Shape(a.ints("normalized_shape")!), weight: a["weight"], eps: a.double("eps"))]
    },
    "group_norm": { a in
        [a[0].groupNorm(groups: a.int("num_groups")!, weight: a["weight"], bias: a["bias"], eps: a.double("eps")!)]
    },
    "instance_norm": { [$0[0].instanceNorm(weight: $0["weight"], bias: $0["bias"], eps: $0.double("eps")!)] },
    "local_response_norm": { a in
        [
            a[0].localResponseNorm(
                size: a.int("size")!, alpha: a.double("alpha")!, beta: a.double("beta")!, k: a.double("k")!)
        ]
    },
    "normalize": { [$0[0].normalize(p: $0.double("p")!, dim: $0.int("dim")!, eps: $0.double("eps")!)] },
    "cosine_similarity": { [$0[0].cosineSimilarity($0[1], dim: $0.int("dim")!, eps: $0.double("eps")!)] },
    "softmax": { [$0[0].softmax(dim: $0.int("dim")!)] },
    "log_softmax": { [$0[0].logSoftmax(dim: $0.int("dim")!)] },
    "softmin": { [$0[0].softmin(dim: $0.int("dim")!)] },
]
