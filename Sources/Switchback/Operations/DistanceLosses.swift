// Losses that compare samples with each other: what belongs together should be near, the rest apart by a margin.

extension Tensor {
    /// 1 − cos for pairs of vectors, [N, D] or [D], whose `target` is 1, and max(0, cos − margin) where it is −1.
    public static func cosineEmbeddingLoss(
        _ input1: Tensor, _ input2: Tensor, target: Tensor, margin: Double = 0, reduction: LossReduction = .mean
    ) -> Tensor {
        require(
            input1.shape == input2.shape && target.rank == input1.rank - 1, "cosineEmbeddingLoss",
            "the inputs have shapes \(input1.shape) and \(input2.shape), the target \(target.shape); expected "
                + "[N, D], [N, D] and [N], or the same without N")
        // PyTorch adds its epsilon to the squares, unlike in cosineSimilarity.
        let epsilon = 1e-12
        let (input1, input2) = (input1.signed, input2.signed)
        let dot = (input1 * input2).sum(dim: -1)
        let squares = (input1.square().sum(dim: -1) + epsilon) * (input2.square().sum(dim: -1) + epsilon)
        let cosine = dot / squares.sqrt()
        let together = (1 - cosine).maskedFill(target.ne(1), 0)
        let apart = (cosine - margin).clamp(min: 0).maskedFill(target.ne(-1), 0)
        return (together + apart).reduced(reduction)
    }

    /// max(0, ‖anchor − positive‖ − ‖anchor − negative‖ + margin) for vectors [N, D] or [D] (Balntas et al., 2016).
    ///
    /// - Parameters:
    ///   - p: the norm.
    ///   - swap: whether the distance between positive and negative counts where it is smaller.
    public static func tripletMarginLoss(
        anchor: Tensor, positive: Tensor, negative: Tensor, margin: Double = 1, p: Double = 2, eps: Double = 1e-6,
        swap: Bool = false, reduction: LossReduction = .mean
    ) -> Tensor {
        func distance(_ a: Tensor, _ b: Tensor) -> Tensor { (a.signed - b.signed + eps).norm(p: p, dim: -1) }
        var away = distance(anchor, negative)
        if swap { away = away.minimum(distance(positive, negative)) }
        return (distance(anchor, positive) - away + margin).clamp(min: 0).reduced(reduction)
    }

    /// max(0, −target·(input1 − input2) + margin): where `target` is 1 the first should rank higher, where −1 the
    /// second.
    public static func marginRankingLoss(
        _ input1: Tensor, _ input2: Tensor, target: Tensor, margin: Double = 0, reduction: LossReduction = .mean
    ) -> Tensor {
        (margin - target.signed * (input1.signed - input2.signed)).clamp(min: 0).reduced(reduction)
    }

    /// The input itself, a distance, where `target` is 1, and max(0, margin − input) where it is −1.
    public final func hingeEmbeddingLoss(
        _ target: Tensor, margin: Double = 1, reduction: LossReduction = .mean
    ) -> Tensor {
        inFloat32 { x in
            let together = x.maskedFill(target.eq(-1), 0)
            let apart = (margin - x).clamp(min: 0).maskedFill(target.eq(1), 0)
            return (together + apart).reduced(reduction)
        }
    }
}
