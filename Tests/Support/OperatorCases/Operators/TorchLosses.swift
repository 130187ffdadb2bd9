import Switchback

extension OperatorCall {
    /// The reduction that the case asks for; the mean where it does not.
    fileprivate func reduction() throws -> LossReduction {
        guard let reduction = LossReduction(rawValue: string(nil, "reduction") ?? "mean") else {
            throw Missing(description: "another reduction")
        }
        return reduction
    }
}

/// A loss of two tensors and a reduction.
private func loss(_ run: @escaping @Sendable (Tensor, Tensor, LossReduction) -> Tensor) -> TorchOperator {
    { call in [run(try call.tensor(0), try call.tensor(1, "target"), try call.reduction())] }
}

/// Losses.
let torchLosses: [String: TorchOperator] = [
    "nn.functional.mse_loss": loss { $0.mseLoss($1, reduction: $2) },
    "nn.functional.l1_loss": loss { $0.l1Loss($1, reduction: $2) },
    "nn.functional.smooth_l1_loss": { call in
        [
            try call.tensor(0).smoothL1Loss(
                call.tensor(1), beta: call.double(nil, "beta") ?? 1, reduction: call.reduction())
        ]
    },
    "nn.functional.huber_loss": { call in
        try call.refuse("weight")
        return [
            try call.tensor(0).huberLoss(
                call.tensor(1), delta: call.double(nil, "delta") ?? 1, reduction: call.reduction())
        ]
    },
    "nn.functional.binary_cross_entropy": { call in
        [
            try call.tensor(0).binaryCrossEntropy(
                call.tensor(1), weight: call.optionalTensor(2, "weight"), reduction: call.reduction())
        ]
    },
    "nn.functional.binary_cross_entropy_with_logits": { call in
        [
            try call.tensor(0).binaryCrossEntropyWithLogits(
                call.tensor(1), weight: call.optionalTensor(2, "weight"),
                posWeight: call.optionalTensor(nil, "pos_weight"), reduction: call.reduction())
        ]
    },
    "nn.functional.cross_entropy": { call in
        [
            try call.tensor(0).crossEntropy(
                call.tensor(1), weight: call.optionalTensor(2, "weight"),
                ignoreIndex: call.int(nil, "ignore_index") ?? -100,
                labelSmoothing: call.double(nil, "label_smoothing") ?? 0, reduction: call.reduction())
        ]
    },
    "nn.functional.nll_loss": { call in
        [
            try call.tensor(0).nllLoss(
                call.tensor(1), weight: call.optionalTensor(2, "weight"),
                ignoreIndex: call.int(nil, "ignore_index") ?? -100, reduction: call.reduction())
        ]
    },
    "nn.functional.kl_div": { call in
        let logTarget = call.bool(nil, "log_target") ?? false
        if call.string(nil, "reduction") == "batchmean" {
            return [try call.tensor(0).klDivBatchMean(call.tensor(1), logTarget: logTarget)]
        }
        return [try call.tensor(0).klDiv(call.tensor(1), logTarget: logTarget, reduction: call.reduction())]
    },
    "nn.functional.gaussian_nll_loss": { call in
        [
            try call.tensor(0).gaussianNLLLoss(
                call.tensor(1), variance: call.tensor(2, "var"), full: call.bool(nil, "full") ?? false,
                eps: call.double(nil, "eps") ?? 1e-6, reduction: call.reduction())
        ]
    },
    "nn.functional.poisson_nll_loss": { call in
        [
            try call.tensor(0).poissonNLLLoss(
                call.tensor(1), logInput: call.bool(nil, "log_input") ?? true, full: call.bool(nil, "full") ?? false,
                eps: call.double(nil, "eps") ?? 1e-8, reduction: call.reduction())
        ]
    },
    "nn.functional.cosine_embedding_loss": { call in
        [
            Tensor.cosineEmbeddingLoss(
                try call.tensor(0), try call.tensor(1), target: try call.tensor(2),
                margin: call.double(nil, "margin") ?? 0, reduction: try call.reduction())
        ]
    },
    "nn.functional.margin_ranking_loss": { call in
        [
            Tensor.marginRankingLoss(
                try call.tensor(0), try call.tensor(1), target: try call.tensor(2),
                margin: call.double(nil, "margin") ?? 0, reduction: try call.reduction())
        ]
    },
    "nn.functional.triplet_margin_loss": { call in
        [
            Tensor.tripletMarginLoss(
                anchor: try call.tensor(0), positive: try call.tensor(1), negative: try call.tensor(2),
                margin: call.double(nil, "margin") ?? 1, p: call.double(nil, "p") ?? 2,
                eps: call.double(nil, "eps") ?? 1e-6, swap: call.bool(nil, "swap") ?? false,
                reduction: try call.reduction())
        ]
    },
    "nn.functional.hinge_embedding_loss": { call in
        [
            try call.tensor(0).hingeEmbeddingLoss(
                call.tensor(1), margin: call.double(nil, "margin") ?? 1, reduction: call.reduction())
        ]
    },
    "nn.functional.ctc_loss": { call in
        [
            try call.tensor(0).ctcLoss(
                targets: call.tensor(1), inputLengths: call.ints(2)!, targetLengths: call.ints(3)!,
                blank: call.int(nil, "blank") ?? 0,
                zeroInfinity: call.bool(nil, "zero_infinity") ?? false, reduction: call.reduction())
        ]
    },
]
