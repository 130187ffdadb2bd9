/// The parameters of a step of stochastic gradient descent, as in `torch.optim.SGD`.
public struct SGDStep: Sendable {
    public var learningRate: Double
    public var momentum = 0.0
    public var dampening = 0.0
    public var weightDecay = 0.0
    public var usesNesterov = false
    /// Whether the momentum buffer holds nothing yet: it starts as the gradient.
    public var isFirst = false
    /// Multiplies the gradient first: clipping by norm, or a loss that was scaled.
    public var gradientScale = 1.0

    public init(learningRate: Double) { self.learningRate = learningRate }
}

/// The parameters of a step of Adam (Kingma and Ba, 2015), or of AdamW (Loshchilov and Hutter, 2019) when decoupled.
public struct AdamStep: Sendable {
    public var learningRate: Double
    public var beta1 = 0.9
    public var beta2 = 0.999
    public var epsilon = 1e-8
    public var weightDecay = 0.0
    /// Whether weights decay by themselves (AdamW) instead of through the gradient.
    public var isDecoupled = false
    /// Counts from 1.
    public var step: Int
    /// Multiplies the gradient first: clipping by norm, or a loss that was scaled.
    public var gradientScale = 1.0

    public init(learningRate: Double, step: Int) {
        self.learningRate = learningRate
        self.step = step
    }
}

/// Updates of a parameter and its state in place, and what optimizers need around them. The arrays of a call have one
/// shape and one floating-point type.
public protocol OptimizerKernels {
    /// With g = gradient + weightDecay·p, and buffer = momentum·buffer + (1 − dampening)·g:
    /// p −= learningRate·buffer, or with Nesterov's look ahead learningRate·(g + momentum·buffer). Without a buffer, g
    /// takes its place.
    static func sgdStep(_ step: SGDStep, parameter: NDArray, gradient: NDArray, momentumBuffer: NDArray?)
    /// The moments `mean` and `variance` follow g and g², and p −= learningRate·mean / (√variance + epsilon), both
    /// corrected for their start at 0. `maximumVariance`, if given, is the largest variance so far, and divides.
    static func adamStep(
        _ step: AdamStep, parameter: NDArray, gradient: NDArray, mean: NDArray, variance: NDArray,
        maximumVariance: NDArray?)
    /// average = decay·average + (1 − decay)·value.
    static func updateAverage(_ average: NDArray, with value: NDArray, decay: Double)
    /// sum += Σ x²; `sum` is one float64.
    static func addSumOfSquares(of x: NDArray, to sum: NDArray)
    /// x = factor·x.
    static func scale(_ x: NDArray, by factor: Double)
    /// x = factor·x, where the factor is one float64 that a kernel computed.
    static func scale(_ x: NDArray, byElement factor: NDArray)
}

// MARK: - The same, composed of primitive kernels

extension OptimizerKernels where Self: Backend {
    public static func sgdStep(_ step: SGDStep, parameter: NDArray, gradient: NDArray, momentumBuffer: NDArray?) {
        composedSGDStep(step, parameter: parameter, gradient: gradient, momentumBuffer: momentumBuffer)
    }

    public static func adamStep(
        _ step: AdamStep, parameter: NDArray, gradient: NDArray, mean: NDArray, variance: NDArray,
        maximumVariance: NDArray?
    ) {
        composedAdamStep(
            step, parameter: parameter, gradient: gradient, mean: mean, variance: variance,
            maximumVariance: maximumVariance)
    }

    public static func updateAverage(_ average: NDArray, with value: NDArray, decay: Double) {
        composedUpdateAverage(average, with: value, decay: decay)
    }

    public static func addSumOfSquares(of x: NDArray, to sum: NDArray) { composedAddSumOfSquares(of: x, to: sum) }

    public static func scale(_ x: NDArray, by factor: Double) {
        unary(.affine(scale: factor, shift: -0.0), x, into: x)
    }

    public static func scale(_ x: NDArray, byElement factor: NDArray) {
        binary(.multiply, x, factor.cast(to: x.dtype).expanded(to: x.shape), into: x)
    }

    static func composedSGDStep(_ step: SGDStep, parameter: NDArray, gradient: NDArray, momentumBuffer: NDArray?) {
        let g = gradient.unary(.affine(scale: step.gradientScale, shift: 0))
        if step.weightDecay != 0 { binary(.addScaled(step.weightDecay), g, parameter, into: g) }
        var direction = g
        if let buffer = momentumBuffer {
            if step.isFirst {
                copy(g, into: buffer)
            } else {
                scale(buffer, by: step.momentum)
                binary(.addScaled(1 - step.dampening), buffer, g, into: buffer)
            }
            direction = buffer
            if step.usesNesterov {
                binary(.addScaled(step.momentum), g, buffer, into: g)
                direction = g
            }
        }
        binary(.addScaled(-step.learningRate), parameter, direction, into: parameter)
    }

    static func composedAdamStep(
        _ step: AdamStep, parameter: NDArray, gradient: NDArray, mean: NDArray, variance: NDArray,
        maximumVariance: NDArray?
    ) {
        let g = gradient.unary(.affine(scale: step.gradientScale, shift: 0))
        if step.isDecoupled {
            scale(parameter, by: 1 - step.learningRate * step.weightDecay)
        } else if step.weightDecay != 0 {
            binary(.addScaled(step.weightDecay), g, parameter, into: g)
        }
        composedUpdateAverage(mean, with: g, decay: step.beta1)
        composedUpdateAverage(variance, with: g.unary(.square), decay: step.beta2)
        if let maximumVariance { binary(.maximum, maximumVariance, variance, into: maximumVariance) }
        let correction1 = 1 - pow(step.beta1, step.step)
        let correction2 = 1 - pow(step.beta2, step.step)
        let divisor = (maximumVariance ?? variance).unary(.sqrt)
        unary(.affine(scale: 1 / correction2.squareRoot(), shift: step.epsilon), divisor, into: divisor)
        binary(.divide, mean, divisor, into: divisor)
        binary(.addScaled(-step.learningRate / correction1), parameter, divisor, into: parameter)
    }

    static func composedUpdateAverage(_ average: NDArray, with value: NDArray, decay: Double) {
        scale(average, by: decay)
        binary(.addScaled(1 - decay), average, value, into: average)
    }

    static func composedAddSumOfSquares(of x: NDArray, to sum: NDArray) {
        let own = NDArray(empty: Shape(repeating: 1, count: x.rank), dtype: .float64, backend: self)
        reduce(.sumOfSquares, x.cast(to: .float64), into: own)
        binary(.add, sum, own.viewed(as: sum.shape)!, into: sum)
    }
}

/// `base` to a whole power.
private func pow(_ base: Double, _ exponent: Int) -> Double {
    var result = 1.0
    var square = base
    var rest = exponent
    while rest > 0 {
        if rest & 1 == 1 { result *= square }
        square *= square
        rest >>= 1
    }
    return result
}
