/// Momentum whose matrix is made nearly orthogonal before the step, so that every direction of a weight matrix learns
/// alike (Jordan et al., "Muon: an optimizer for hidden layers in neural networks", 2024), in the form of
/// `torch.optim.Muon`. For matrices only: biases, embeddings and the like belong to another optimizer.
public final class Muon: Optimizer {
    /// How the learning rate follows the shape [rows, columns] of a matrix.
    public enum RateAdjustment: Sendable {
        /// √max(1, rows / columns).
        case original
        /// 0.2·√max(rows, columns), so that steps are as large as AdamW's and its rates can be kept.
        case matchingAdamW
    }

    private let nesterov: Bool
    private let iteration: NewtonSchulz
    private let adjustment: RateAdjustment

    public init(
        _ parameters: some ParameterSource, learningRate: Double = 1e-3, momentum: Double = 0.95,
        weightDecay: Double = 0.1, nesterov: Bool = true, iteration: NewtonSchulz = NewtonSchulz(),
        adjustment: RateAdjustment = .original, maximizes: Bool = false
    ) {
        self.nesterov = nesterov
        self.iteration = iteration
        self.adjustment = adjustment
        super.init(
            parameters, learningRate: learningRate, momentum: momentum, weightDecay: weightDecay,
            maximizes: maximizes)
        for (name, parameter) in groups.flatMap(\.parameters) {
            require(
                parameter.rank == 2, "Muon",
                "trains matrices only, and the parameter \(name) has shape \(parameter.shape)")
        }
    }

    public override func update(
        _ parameter: Tensor, gradient: Tensor, state: inout ParameterState, group: Group
    ) -> Tensor {
        let g = maximizes ? -gradient : gradient
        let average = state.average("momentum_buffer", g, decay: group.momentum)
        let look = nesterov ? g * (1 - group.momentum) + average * group.momentum : average
        let direction = iteration.orthogonalized(look)
        return decayed(parameter, group) - direction * (group.learningRate * rateFactor(of: parameter.shape))
    }

    private func rateFactor(of shape: Shape) -> Double {
        let (rows, columns) = (Double(shape[0]), Double(shape[1]))
        switch adjustment {
        case .original: return max(1, rows / columns).squareRoot()
        case .matchingAdamW: return 0.2 * max(rows, columns).squareRoot()
        }
    }
}

/// The iteration that brings the singular values of a matrix near 1: x ← a·x + (b·xxᵀ + c·(xxᵀ)²)·x.
public struct NewtonSchulz: Sendable {
    public var steps = 5
    /// a, b and c: the slope at zero is as steep as convergence to about 1 allows.
    public var coefficients = (a: 3.4445, b: -4.7750, c: 2.0315)
    public var epsilon = 1e-7
    /// The element type to which every intermediate matrix is rounded, as PyTorch does to bfloat16; `nil` for none.
    public var rounding: DType? = .bfloat16

    public init(rounding: DType? = .bfloat16) { self.rounding = rounding }

    /// A matrix with the singular vectors of `matrix` and singular values between about 0.7 and 1.2.
    public func orthogonalized(_ matrix: Tensor) -> Tensor {
        let isTall = matrix.shape[0] > matrix.shape[1]
        var x = rounded(isTall ? matrix.transpose(0, 1) : matrix)
        x = rounded(x / rounded(x.norm()).clamp(min: epsilon))
        for _ in 0..<steps {
            let gram = rounded(x.matmul(x.transpose(0, 1)))
            let change = rounded(gram * coefficients.b + gram.matmul(gram) * coefficients.c)
            x = rounded(x * coefficients.a + change.matmul(x))
        }
        return (isTall ? x.transpose(0, 1) : x).to(matrix.dtype)
    }

    /// The nearest matrix of the rounding's type, in float32, in which products are faster and no less exact.
    private func rounded(_ x: Tensor) -> Tensor { rounding.map { x.to($0).to(.float32) } ?? x }
}
