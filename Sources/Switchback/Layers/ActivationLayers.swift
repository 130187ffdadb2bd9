// Activations as layers, for `Sequential` and the like. Each is the operation of its name.

public final class ReLU: Module {
    public override func forward(_ input: Tensor) -> Tensor {
        FusionPass.current?.output(of: self, input) ?? input.relu()
    }

    override var fusedForm: FusedActivation? { .relu }
}

public final class ReLU6: Module {
    public override func forward(_ input: Tensor) -> Tensor { input.relu6() }
}

public final class SELU: Module {
    public override func forward(_ input: Tensor) -> Tensor { input.selu() }
}

public final class SiLU: Module {
    public override func forward(_ input: Tensor) -> Tensor {
        FusionPass.current?.output(of: self, input) ?? input.silu()
    }

    override var fusedForm: FusedActivation? { .silu }
}

public final class Mish: Module {
    public override func forward(_ input: Tensor) -> Tensor { input.mish() }
}

public final class Hardswish: Module {
    public override func forward(_ input: Tensor) -> Tensor { input.hardswish() }
}

public final class Hardsigmoid: Module {
    public override func forward(_ input: Tensor) -> Tensor { input.hardsigmoid() }
}

public final class Sigmoid: Module {
    public override func forward(_ input: Tensor) -> Tensor { input.sigmoid() }
}

public final class LogSigmoid: Module {
    public override func forward(_ input: Tensor) -> Tensor { input.logSigmoid() }
}

public final class Tanh: Module {
    public override func forward(_ input: Tensor) -> Tensor { input.tanh() }
}

public final class Softsign: Module {
    public override func forward(_ input: Tensor) -> Tensor { input.softsign() }
}

// MARK: - With parameters of their own

public final class LeakyReLU: Module {
    private let negativeSlope: Double

    public init(negativeSlope: Double = 0.01) { self.negativeSlope = negativeSlope }

    public override func forward(_ input: Tensor) -> Tensor { input.leakyReLU(negativeSlope: negativeSlope) }

    public override var configuration: String { "negativeSlope: \(negativeSlope)" }
}

/// A leaky rectifier whose slope for negative numbers is trained: one slope, or one for each of `count` channels.
public final class PReLU: Module {
    public let weight: Parameter

    public init(count: Int = 1, initial: Double = 0.25, dtype: DType = .float32) {
        weight = Parameter([count], .constant(initial), dtype: dtype)
    }

    public override func forward(_ input: Tensor) -> Tensor { input.prelu(weight) }

    public override var configuration: String { "count: \(weight.count)" }
}

public final class ELU: Module {
    private let alpha: Double

    public init(alpha: Double = 1) { self.alpha = alpha }

    public override func forward(_ input: Tensor) -> Tensor { input.elu(alpha: alpha) }

    public override var configuration: String { "alpha: \(alpha)" }
}

public final class CELU: Module {
    private let alpha: Double

    public init(alpha: Double = 1) { self.alpha = alpha }

    public override func forward(_ input: Tensor) -> Tensor { input.celu(alpha: alpha) }

    public override var configuration: String { "alpha: \(alpha)" }
}

public final class GELU: Module {
    private let approximate: Tensor.GELUApproximation

    public init(approximate: Tensor.GELUApproximation = .none) { self.approximate = approximate }

    public override func forward(_ input: Tensor) -> Tensor { input.gelu(approximate: approximate) }

    public override var configuration: String { "approximate: .\(approximate)" }
}

public final class Hardtanh: Module {
    private let minimum, maximum: Double

    public init(min: Double = -1, max: Double = 1) {
        minimum = min
        maximum = max
    }

    public override func forward(_ input: Tensor) -> Tensor { input.hardtanh(min: minimum, max: maximum) }

    public override var configuration: String { "min: \(minimum), max: \(maximum)" }
}

public final class Softplus: Module {
    private let beta, threshold: Double

    public init(beta: Double = 1, threshold: Double = 20) {
        self.beta = beta
        self.threshold = threshold
    }

    public override func forward(_ input: Tensor) -> Tensor { input.softplus(beta: beta, threshold: threshold) }

    public override var configuration: String { "beta: \(beta), threshold: \(threshold)" }
}

// MARK: - Over a dimension

/// Half of a dimension, gated by the sigmoid of the other half.
public final class GLU: Module {
    private let dim: Int

    public init(dim: Int = -1) { self.dim = dim }

    public override func forward(_ input: Tensor) -> Tensor { input.glu(dim: dim) }

    public override var configuration: String { "dim: \(dim)" }
}

public final class Softmax: Module {
    private let dim: Int

    public init(dim: Int) { self.dim = dim }

    public override func forward(_ input: Tensor) -> Tensor { input.softmax(dim: dim) }

    public override var configuration: String { "dim: \(dim)" }
}

public final class LogSoftmax: Module {
    private let dim: Int

    public init(dim: Int) { self.dim = dim }

    public override func forward(_ input: Tensor) -> Tensor { input.logSoftmax(dim: dim) }

    public override var configuration: String { "dim: \(dim)" }
}
