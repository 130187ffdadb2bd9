/// The options of cross entropy.
public struct CrossEntropyOptions: Sendable, Hashable {
    /// Rows with this target give no loss and no gradient.
    public var ignoreIndex: Int
    public var labelSmoothing: Double
}

/// What cross entropy gives for each row: its loss, the weight of its target's class (0 where ignored), and the
/// logarithm of its sum of exponentials, which the gradient needs.
public typealias CrossEntropyRows = (loss: NDArray, weight: NDArray, logSum: NDArray)

/// The mean loss, without dimensions, and the gradients that were wanted.
public typealias LinearCrossEntropyResult = (loss: NDArray, x: NDArray?, weight: NDArray?, bias: NDArray?)

/// Which gradients of a fused linear layer and cross entropy are needed.
public struct LinearCrossEntropyWanted: Sendable {
    public let x, weight, bias: Bool

    init(x: Bool, weight: Bool, bias: Bool, _ recorded: Bool) {
        self.x = x && recorded
        self.weight = weight && recorded
        self.bias = bias && recorded
    }

    public var any: Bool { x || weight || bias }
}

/// Fused losses; `nil` for element types that are not covered, as the default does for all.
public protocol LossKernels {
    /// With p the softmax of a row of `logits`, [rows, classes], t its int64 target, w the class weights (or ones) and
    /// s the label smoothing: loss = −(1 − s)·w[t]·log p[t] − s/classes · Σ w[c]·log p[c].
    static func crossEntropy(
        _ logits: NDArray, target: NDArray, classWeight: NDArray?, _ options: CrossEntropyOptions
    ) -> CrossEntropyRows?
    /// The gradient of `logits`, where `rowGradient` is that of each row's loss.
    static func crossEntropyGradient(
        _ rowGradient: NDArray, logits: NDArray, target: NDArray, classWeight: NDArray?, logSum: NDArray,
        _ options: CrossEntropyOptions
    ) -> NDArray?

    /// The mean cross entropy of x · weightᵀ + bias, where x is [rows, in], weight [classes, in], bias [classes] and
    /// target int64 [rows], and those of its gradients that are wanted. Never holds the logits of all rows. Types as those
    /// of `matmul`, where products of bfloat16 round the logits' gradient too.
    static func linearCrossEntropy(
        _ x: NDArray, weight: NDArray, bias: NDArray?, target: NDArray, _ options: CrossEntropyOptions,
        wanted: LinearCrossEntropyWanted
    ) -> LinearCrossEntropyResult?

    /// −log p of each label sequence under all its alignments (connectionist temporal classification), [N], and what
    /// the gradient needs. `logProbabilities` is [T, N, C], `targets` [N, S]; targets and lengths are int64.
    static func ctcLoss(
        _ logProbabilities: NDArray, targets: NDArray, inputLengths: NDArray, targetLengths: NDArray, blank: Int
    ) -> (loss: NDArray, alpha: NDArray)?
    /// The gradient of the log-probabilities, or of what a log-softmax made them from. Infinite losses give NaN, or
    /// with `zeroInfinity` 0.
    static func ctcLossGradient(
        _ gradient: NDArray, logProbabilities: NDArray, targets: NDArray, inputLengths: NDArray,
        targetLengths: NDArray, blank: Int, zeroInfinity: Bool, loss: NDArray, alpha: NDArray
    ) -> NDArray?
}

extension LossKernels {
    public static func crossEntropy(
        _ logits: NDArray, target: NDArray, classWeight: NDArray?, _ options: CrossEntropyOptions
    ) -> CrossEntropyRows? { nil }

    public static func crossEntropyGradient(
        _ rowGradient: NDArray, logits: NDArray, target: NDArray, classWeight: NDArray?, logSum: NDArray,
        _ options: CrossEntropyOptions
    ) -> NDArray? { nil }

    public static func linearCrossEntropy(
        _ x: NDArray, weight: NDArray, bias: NDArray?, target: NDArray, _ options: CrossEntropyOptions,
        wanted: LinearCrossEntropyWanted
    ) -> LinearCrossEntropyResult? { nil }

    public static func ctcLoss(
        _ logProbabilities: NDArray, targets: NDArray, inputLengths: NDArray, targetLengths: NDArray, blank: Int
    ) -> (loss: NDArray, alpha: NDArray)? { nil }

    public static func ctcLossGradient(
        _ gradient: NDArray, logProbabilities: NDArray, targets: NDArray, inputLengths: NDArray,
        targetLengths: NDArray, blank: Int, zeroInfinity: Bool, loss: NDArray, alpha: NDArray
    ) -> NDArray? { nil }
}
