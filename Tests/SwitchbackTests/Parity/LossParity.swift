import Switchback
import TestSupport

let lossParity: [String: ParityOperation] = [
    "cross_entropy": { a in
        [
            a[0].crossEntropy(
                a[1], weight: a["weight"], ignoreIndex: a.int("ignore_index") ?? -100,
                labelSmoothing: a.double("label_smoothing") ?? 0, reduction: a.reduction)
        ]
    },
    "nll_loss": { a in
        [a[0].nllLoss(a[1], weight: a["weight"], ignoreIndex: a.int("ignore_index")!, reduction: a.reduction)]
    },
    "bce": { [$0[0].binaryCrossEntropy($0[1], reduction: $0.reduction)] },
    "bce_with_logits": { a in
        [
            a[0].binaryCrossEntropyWithLogits(
                a[1], weight: a["weight"], posWeight: a["pos_weight"], reduction: a.reduction)
        ]
    },
    "mse_loss": { [$0[0].mseLoss($0[1], reduction: $0.reduction)] },
    "l1_loss": { [$0[0].l1Loss($0[1], reduction: $0.reduction)] },
    "smooth_l1_loss": { [$0[0].smoothL1Loss($0[1], beta: $0.double("beta")!)] },
    "huber_loss": { [$0[0].huberLoss($0[1], delta: $0.double("delta")!)] },
    "kl_div": { a in
        let logTarget = a.bool("log_target") ?? false
        if a.string("reduction") == "batchmean" { return [a[0].klDivBatchMean(a[1], logTarget: logTarget)] }
        return [a[0].klDiv(a[1], logTarget: logTarget, reduction: a.reduction)]
    },
    "cosine_embedding_loss": { a in
        [Tensor.cosineEmbeddingLoss(a[0], a[1], target: a[2], margin: a.double("margin")!)]
    },
    "margin_ranking_loss": { [Tensor.marginRankingLoss($0[0], $0[1], target: $0[2], margin: $0.double("margin")!)] },
    "triplet_margin_loss": { a in
        [Tensor.tripletMarginLoss(anchor: a[0], positive: a[1], negative: a[2], margin: a.double("margin")!)]
    },
    "hinge_embedding_loss": { [$0[0].hingeEmbeddingLoss($0[1], margin: $0.double("margin")!)] },
    "gaussian_nll_loss": { [$0[0].gaussianNLLLoss($0[1], variance: $0[2])] },
    "ctc_loss": { a in
        [
            a[0].logSoftmax(dim: -1).ctcLoss(
                targets: a[1], inputLengths: a[2].toArray(as: Int.self), targetLengths: a[3].toArray(as: Int.self),
                blank: a.int("blank")!,
                zeroInfinity: a.bool("zero_infinity")!, reduction: a.reduction)
        ]
    },
    "poisson_nll_loss": { [$0[0].poissonNLLLoss($0[1])] },
]

extension ParityArguments {
    /// The reduction that the case asks for; the mean where it does not.
    var reduction: LossReduction { LossReduction(rawValue: string("reduction") ?? "mean")! }
}
