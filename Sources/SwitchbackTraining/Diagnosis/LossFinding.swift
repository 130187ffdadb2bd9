import Switchback

/// What is wrong with what a loss is given.
enum LossFinding {
    static func verdict(_ comparison: StepTrace.Comparison) -> Verdict? {
        shape(comparison) ?? dropout(comparison) ?? activation(comparison) ?? range(comparison)
    }

    // MARK: Shapes

    private static let elementwise: Set = [
        "mseLoss", "l1Loss", "smoothL1Loss", "huberLoss", "binaryCrossEntropy", "binaryCrossEntropyWithLogits",
    ]

    /// Each prediction is compared to each target, where neither has the shape of their difference.
    private static func shape(_ comparison: StepTrace.Comparison) -> Verdict? {
        let (prediction, target) = (comparison.prediction, comparison.target)
        guard elementwise.contains(comparison.loss), prediction != target,
            let result = broadcast(prediction, target), result != prediction && result != target
        else { return nil }
        return Verdict(
            .lossShape, .failure, onset: 0, layer: comparison.layer,
            finding:
                "\(comparison.loss) compares predictions of shape \(prediction) to targets of shape \(target) each "
                + "with each, in a tensor of shape \(result): the best answer is the mean of the targets",
            remedy: "give both the same shape: targets.unsqueeze(1), or predictions.squeeze(1)")
    }

    /// The shape of two that are repeated along dimensions of size 1; `nil` if they do not fit.
    private static func broadcast(_ a: Shape, _ b: Shape) -> Shape? {
        let rank = max(a.count, b.count)
        func padded(_ shape: Shape) -> [Int] { Array(repeating: 1, count: rank - shape.count) + Array(shape) }
        let sizes = zip(padded(a), padded(b)).map { ($0 == $1 || $1 == 1) ? $0 : $0 == 1 ? $1 : -1 }
        return sizes.contains(-1) ? nil : Shape(sizes)
    }

    // MARK: Activations

    /// Answers that are dropped as hidden units are.
    private static func dropout(_ comparison: StepTrace.Comparison) -> Verdict? {
        guard let source = comparison.source, source.kind == .dropout else { return nil }
        return Verdict(
            .dropout, .problem, onset: 0, layer: comparison.layer,
            finding:
                "\(comparison.loss) is given the result of \(source): in training a part of the answers themselves "
                + "is set to 0, and the others are enlarged",
            remedy: "move dropout before the last layer: it is meant for hidden units")
    }

    /// The activations that a loss applies itself, or cannot do with.
    private static func activation(_ comparison: StepTrace.Comparison) -> Verdict? {
        guard let source = comparison.source, let problem = problem(source.kind, before: comparison.loss) else {
            return nil
        }
        return Verdict(
            .outputActivation, problem.severity, onset: 0, layer: comparison.layer,
            finding: "\(comparison.loss) is given the result of \(source), \(problem.finding)", remedy: problem.remedy)
    }

    private typealias Problem = (severity: Verdict.Severity, finding: String, remedy: String)

    private static func problem(_ source: OperationName.Kind, before loss: String) -> Problem? {
        switch (loss, source) {
        case ("crossEntropy", .softmax):
            (
                .failure,
                "and applies softmax once more: its numbers lie between 0 and 1, so that no class can get much more "
                    + "than the others",
                "leave softmax out of the model and give crossEntropy the logits; apply softmax only to predict"
            )
        case ("crossEntropy", .sigmoid), ("crossEntropy", .tanh), ("crossEntropy", .relu), ("crossEntropy", .relu6):
            (
                .failure, "whose range limits the logits, and which stops the gradient where it is flat",
                "remove the activation after the last layer: crossEntropy wants logits, which can be any number"
            )
        case ("nllLoss", .softmax):
            (
                .failure, "but takes logarithms of probabilities: its gradient is not that of a likelihood",
                "use logSoftmax in place of softmax, or crossEntropy on the logits"
            )
        case ("nllLoss", .product), ("nllLoss", .convolution):
            (
                .failure, "but takes logarithms of probabilities: of raw scores it falls without limit",
                "use crossEntropy, or apply logSoftmax before nllLoss"
            )
        case ("binaryCrossEntropyWithLogits", .sigmoid), ("binaryCrossEntropyWithLogits", .softmax):
            (
                .failure, "and applies the sigmoid itself: all its probabilities lie between 0.5 and 0.73",
                "leave the activation out and give it the logits, or use binaryCrossEntropy"
            )
        case ("binaryCrossEntropyWithLogits", .relu), ("binaryCrossEntropyWithLogits", .relu6):
            (
                .failure, "which is never negative: no probability can be below 0.5",
                "remove the activation after the last layer"
            )
        case ("binaryCrossEntropy", .product), ("binaryCrossEntropy", .convolution):
            (
                .failure, "but takes probabilities: raw scores lie outside of 0 to 1",
                "use binaryCrossEntropyWithLogits, or apply a sigmoid before binaryCrossEntropy"
            )
        default: nil
        }
    }

    // MARK: Ranges

    /// The share of targets that may lie beyond what the output can give: rare outliers are no mistake of the model's.
    private static let unreachableShare = 0.02

    /// Targets that the last activation cannot give.
    private static func range(_ comparison: StepTrace.Comparison) -> Verdict? {
        guard ["mseLoss", "l1Loss", "smoothL1Loss", "huberLoss"].contains(comparison.loss),
            comparison.unreachable > unreachableShare, let source = comparison.source, let range = comparison.range
        else { return nil }
        let limits =
            range.lowerBound == -Double.infinity
            ? "up to \(range.upperBound.brief)"
            : range.upperBound.isFinite
                ? "from \(range.lowerBound.brief) to \(range.upperBound.brief)" : "above \(range.lowerBound.brief)"
        return Verdict(
            .outputActivation, .problem, onset: 0, layer: comparison.layer,
            finding: "\(comparison.loss) is given the result of \(source), which can only be \(limits), and "
                + "\((comparison.unreachable * 100).brief) % of the targets lie outside",
            remedy: source.kind == .other
                ? "remove \(source) in training: where it cuts numbers off, no gradient passes"
                : "remove the activation after the last layer, or scale the targets into its range")
    }
}
