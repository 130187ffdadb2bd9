/// Batch normalization (Ioffe and Szegedy, 2015): each channel of [N, C, …] is brought to mean 0 and variance 1, by the
/// batch's statistics in training and by running averages of them afterwards, and then scaled and shifted.
public class BatchNorm: Module {
    /// [C].
    public let weight: Parameter?
    /// [C].
    public let bias: Parameter?
    /// [C], the running average of batch means.
    public let runningMean: Buffer?
    /// [C], the running average of unbiased batch variances.
    public let runningVar: Buffer?
    /// How many batches the averages have seen, int64.
    public let numBatchesTracked: Buffer?
    /// Added to the variance before the square root.
    public var eps: Double
    /// How much of each batch enters the running averages; `nil` averages all batches alike.
    public var momentum: Double?

    /// - Parameters:
    ///   - affine: whether there are weights and biases.
    ///   - trackRunningStats: whether there are running averages; without them the batch's statistics are always used.
    public init(
        _ channels: Int, eps: Double = 1e-5, momentum: Double? = 0.1, affine: Bool = true,
        trackRunningStats: Bool = true, dtype: DType = .float32
    ) {
        weight = affine ? Parameter([channels], .ones, dtype: dtype) : nil
        bias = affine ? Parameter([channels], .zeros, dtype: dtype) : nil
        runningMean = trackRunningStats ? Buffer(Tensor.zeros([channels], dtype: dtype)) : nil
        runningVar = trackRunningStats ? Buffer(Tensor.ones([channels], dtype: dtype)) : nil
        numBatchesTracked = trackRunningStats ? Buffer(Tensor.zeros([], dtype: .int64)) : nil
        self.eps = eps
        self.momentum = momentum
    }

    /// The numbers of dimensions that an input may have.
    class var ranks: ClosedRange<Int> { 2...Shape.maximumRank }

    public final override func forward(_ input: Tensor) -> Tensor { normalized(input, .none, adding: nil) }

    /// The layer with what follows it in the same passes over memory, forward and backward: `activation(output +
    /// residual)`. `Sequential` calls it where a `ReLU` or `SiLU` follows.
    public final func callAsFunction(
        _ input: Tensor, activation: FusedActivation, adding residual: Tensor? = nil
    ) -> Tensor {
        running(input) { normalized(input, activation, adding: residual) }
    }

    override var fusesActivation: Bool { true }

    override func forward(_ input: Tensor, activation: FusedActivation) -> Tensor {
        normalized(input, activation, adding: nil)
    }

    private func normalized(_ input: Tensor, _ activation: FusedActivation, adding residual: Tensor?) -> Tensor {
        require(
            Self.ranks.contains(input.rank), "\(Self.self)", "an input of shape \(input.shape) has the wrong dimensions"
        )
        if let output = FusionPass.current?.output(of: self, input, followedBy: activation, adding: residual) {
            return output
        }
        return input.batchNorm(
            runningMean: runningMean, runningVar: runningVar, weight: weight, bias: bias,
            training: isTraining || runningMean == nil, momentum: nextMomentum(), eps: eps, activation: activation,
            adding: residual)
    }

    /// The inference form of the layer, `input · scale + shift` for each channel, in float64; `nil` if the
    /// batch's own statistics are used.
    final func scaleAndShift() -> (scale: Tensor, shift: Tensor)? {
        guard let mean = runningMean?.to(.float64), let variance = runningVar?.to(.float64) else { return nil }
        let inverse = (variance + eps).rsqrt()
        let scale = weight.map { $0.to(.float64) * inverse } ?? inverse
        return (scale, bias.map { $0.to(.float64) - mean * scale } ?? -(mean * scale))
    }

    /// Counts the batch, of several slots the first; returns its share in the running averages.
    private func nextMomentum() -> Double {
        let isCounted = ThreadState.current.settings.sharedStatistics?.movesAverages ?? true
        guard let numBatchesTracked, isTraining, isCounted else { return momentum ?? 0 }
        numBatchesTracked += 1
        return momentum ?? 1 / numBatchesTracked.item()
    }

    public final override var configuration: String {
        "\((weight ?? runningMean)?.count.description ?? "_"), eps: \(eps), "
            + "momentum: \(momentum.map { "\($0)" } ?? "nil"), affine: \(weight != nil)"
    }

    public final override func operationCount(input: Tensor, output: Tensor) -> Int { 2 * output.count }
}

/// Batch normalization of [N, C] or [N, C, L].
public final class BatchNorm1d: BatchNorm {
    override class var ranks: ClosedRange<Int> { 2...3 }
}

/// Batch normalization of images, [N, C, H, W].
public final class BatchNorm2d: BatchNorm {
    override class var ranks: ClosedRange<Int> { 4...4 }
}
