// Losses as layers: what they are is said by the operations of the same names.

/// A loss of predictions and targets, called with both: `let loss = MSELoss(); loss(model(x), y).backward()`.
public class Loss: Module {
    /// Whether the losses of all elements are averaged, summed or left as they are.
    public let reduction: LossReduction
    /// What it was made with besides, as a model's description shows it: `beta: 1.0`.
    private let settings: String

    public init(reduction: LossReduction = .mean) { (self.reduction, settings) = (reduction, "") }

    fileprivate init(_ settings: String, reduction: LossReduction) {
        (self.reduction, self.settings) = (reduction, settings + ", ")
    }

    /// The loss of `input` against `target`.
    public final func callAsFunction(_ input: Tensor, _ target: Tensor) -> Tensor {
        running(input) { compute(input, target) }
    }

    fileprivate func compute(_ input: Tensor, _ target: Tensor) -> Tensor {
        fail("\(type(of: self))", "does not define a loss of one input and one target")
    }

    public final override var configuration: String { settings + "reduction: \(reduction)" }
}

/// The squared difference.
public final class MSELoss: Loss {
    fileprivate override func compute(_ input: Tensor, _ target: Tensor) -> Tensor {
        input.mseLoss(target, reduction: reduction)
    }
}

/// The absolute difference.
public final class L1Loss: Loss {
    fileprivate override func compute(_ input: Tensor, _ target: Tensor) -> Tensor {
        input.l1Loss(target, reduction: reduction)
    }
}

/// The absolute difference, rounded off below `beta`.
public final class SmoothL1Loss: Loss {
    private let beta: Double

    public init(beta: Double = 1, reduction: LossReduction = .mean) {
        self.beta = beta
        super.init("beta: \(beta)", reduction: reduction)
    }

    fileprivate override func compute(_ input: Tensor, _ target: Tensor) -> Tensor {
        input.smoothL1Loss(target, beta: beta, reduction: reduction)
    }
}

/// Half the squared difference, and a straight line above `delta`.
public final class HuberLoss: Loss {
    private let delta: Double

    public init(delta: Double = 1, reduction: LossReduction = .mean) {
        self.delta = delta
        super.init("delta: \(delta)", reduction: reduction)
    }

    fileprivate override func compute(_ input: Tensor, _ target: Tensor) -> Tensor {
        input.huberLoss(target, delta: delta, reduction: reduction)
    }
}

/// The binary cross entropy of probabilities.
public final class BCELoss: Loss {
    public let weight: Buffer?

    /// - Parameter weight: how much each element counts; broadcasts.
    public init(weight: Tensor? = nil, reduction: LossReduction = .mean) {
        self.weight = weight.map { Buffer($0) }
        super.init(reduction: reduction)
    }

    fileprivate override func compute(_ input: Tensor, _ target: Tensor) -> Tensor {
        input.binaryCrossEntropy(target, weight: weight, reduction: reduction)
    }
}

/// The binary cross entropy of the sigmoid of logits.
public final class BCEWithLogitsLoss: Loss {
    public let weight, posWeight: Buffer?

    /// - Parameters:
    ///   - weight: how much each element counts; broadcasts.
    ///   - posWeight: how much more a positive target counts; broadcasts, usually [classes].
    public init(weight: Tensor? = nil, posWeight: Tensor? = nil, reduction: LossReduction = .mean) {
        self.weight = weight.map { Buffer($0) }
        self.posWeight = posWeight.map { Buffer($0) }
        super.init(reduction: reduction)
    }

    fileprivate override func compute(_ input: Tensor, _ target: Tensor) -> Tensor {
        input.binaryCrossEntropyWithLogits(target, weight: weight, posWeight: posWeight, reduction: reduction)
    }
}

/// The cross entropy of logits [N, C, …] against classes [N, …] or probabilities [N, C, …].
public final class CrossEntropyLoss: Loss {
    /// [C].
    public let weight: Buffer?
    private let ignoreIndex: Int
    private let labelSmoothing: Double

    /// - Parameters:
    ///   - weight: how much each class counts, [C].
    ///   - ignoreIndex: the class that does not count.
    public init(
        weight: Tensor? = nil, ignoreIndex: Int = -100, labelSmoothing: Double = 0, reduction: LossReduction = .mean
    ) {
        self.weight = weight.map { Buffer($0) }
        self.ignoreIndex = ignoreIndex
        self.labelSmoothing = labelSmoothing
        super.init("labelSmoothing: \(labelSmoothing)", reduction: reduction)
    }

    fileprivate override func compute(_ input: Tensor, _ target: Tensor) -> Tensor {
        input.crossEntropy(
            target, weight: weight, ignoreIndex: ignoreIndex, labelSmoothing: labelSmoothing, reduction: reduction)
    }
}

/// −log of the probability of the target, of log-probabilities [N, C, …] and classes [N, …].
public final class NLLLoss: Loss {
    /// [C].
    public let weight: Buffer?
    private let ignoreIndex: Int

    public init(weight: Tensor? = nil, ignoreIndex: Int = -100, reduction: LossReduction = .mean) {
        self.weight = weight.map { Buffer($0) }
        self.ignoreIndex = ignoreIndex
        super.init(reduction: reduction)
    }

    fileprivate override func compute(_ input: Tensor, _ target: Tensor) -> Tensor {
        input.nllLoss(target, weight: weight, ignoreIndex: ignoreIndex, reduction: reduction)
    }
}

/// The Kullback-Leibler divergence of log-probabilities.
public final class KLDivLoss: Loss {
    private let logTarget: Bool

    /// - Parameter logTarget: whether the target, too, holds logarithms.
    public init(logTarget: Bool = false, reduction: LossReduction = .mean) {
        self.logTarget = logTarget
        super.init("logTarget: \(logTarget)", reduction: reduction)
    }

    fileprivate override func compute(_ input: Tensor, _ target: Tensor) -> Tensor {
        input.klDiv(target, logTarget: logTarget, reduction: reduction)
    }
}

/// −log of the Poisson probability of counts.
public final class PoissonNLLLoss: Loss {
    private let logInput, full: Bool

    /// - Parameters:
    ///   - logInput: whether the input is the logarithm of the rate.
    ///   - full: whether to add Stirling's approximation of log(target!).
    public init(logInput: Bool = true, full: Bool = false, reduction: LossReduction = .mean) {
        self.logInput = logInput
        self.full = full
        super.init("logInput: \(logInput), full: \(full)", reduction: reduction)
    }

    fileprivate override func compute(_ input: Tensor, _ target: Tensor) -> Tensor {
        input.poissonNLLLoss(target, logInput: logInput, full: full, reduction: reduction)
    }
}

/// −log of the normal density; called with the variance as a third tensor.
public final class GaussianNLLLoss: Loss {
    private let full: Bool

    /// - Parameter full: whether to add the constant log(2π) / 2.
    public init(full: Bool = false, reduction: LossReduction = .mean) {
        self.full = full
        super.init(reduction: reduction)
    }

    public func callAsFunction(_ input: Tensor, _ target: Tensor, variance: Tensor) -> Tensor {
        running(input) { input.gaussianNLLLoss(target, variance: variance, full: full, reduction: reduction) }
    }
}

/// Distances that should be small where the target is 1, and above a margin where it is −1.
public final class HingeEmbeddingLoss: Loss {
    private let margin: Double

    public init(margin: Double = 1, reduction: LossReduction = .mean) {
        self.margin = margin
        super.init("margin: \(margin)", reduction: reduction)
    }

    fileprivate override func compute(_ input: Tensor, _ target: Tensor) -> Tensor {
        input.hingeEmbeddingLoss(target, margin: margin, reduction: reduction)
    }
}

/// Pairs of vectors that should point the same way where the target is 1, and elsewhere where it is −1.
public final class CosineEmbeddingLoss: Loss {
    private let margin: Double

    public init(margin: Double = 0, reduction: LossReduction = .mean) {
        self.margin = margin
        super.init("margin: \(margin)", reduction: reduction)
    }

    public func callAsFunction(_ input1: Tensor, _ input2: Tensor, target: Tensor) -> Tensor {
        running(input1) {
            Tensor.cosineEmbeddingLoss(input1, input2, target: target, margin: margin, reduction: reduction)
        }
    }
}

/// Pairs of numbers of which the first should be the larger where the target is 1, and the smaller where it is −1.
public final class MarginRankingLoss: Loss {
    private let margin: Double

    public init(margin: Double = 0, reduction: LossReduction = .mean) {
        self.margin = margin
        super.init("margin: \(margin)", reduction: reduction)
    }

    public func callAsFunction(_ input1: Tensor, _ input2: Tensor, target: Tensor) -> Tensor {
        running(input1) {
            Tensor.marginRankingLoss(input1, input2, target: target, margin: margin, reduction: reduction)
        }
    }
}

/// Vectors that should be nearer to one that is like them than to one that is not.
public final class TripletMarginLoss: Loss {
    private let margin, p: Double
    private let swap: Bool

    public init(margin: Double = 1, p: Double = 2, swap: Bool = false, reduction: LossReduction = .mean) {
        self.margin = margin
        self.p = p
        self.swap = swap
        super.init(reduction: reduction)
    }

    public func callAsFunction(anchor: Tensor, positive: Tensor, negative: Tensor) -> Tensor {
        running(anchor) {
            Tensor.tripletMarginLoss(
                anchor: anchor, positive: positive, negative: negative, margin: margin, p: p, swap: swap,
                reduction: reduction)
        }
    }
}

/// Connectionist temporal classification.
public final class CTCLoss: Loss {
    private let blank: Int
    private let zeroInfinity: Bool

    /// - Parameters:
    ///   - blank: the class that stands for no label.
    ///   - zeroInfinity: whether infinite losses count as 0.
    public init(blank: Int = 0, zeroInfinity: Bool = false, reduction: LossReduction = .mean) {
        self.blank = blank
        self.zeroInfinity = zeroInfinity
        super.init(reduction: reduction)
    }

    public func callAsFunction(
        _ logProbabilities: Tensor, targets: Tensor, inputLengths: [Int], targetLengths: [Int]
    ) -> Tensor {
        running(logProbabilities) {
            logProbabilities.ctcLoss(
                targets: targets, inputLengths: inputLengths, targetLengths: targetLengths, blank: blank,
                zeroInfinity: zeroInfinity, reduction: reduction)
        }
    }
}
