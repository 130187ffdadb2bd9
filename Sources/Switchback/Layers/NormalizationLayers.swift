// Normalization of each sample by itself.

/// Normalizes the last dimensions to mean 0 and variance 1, then scales and shifts (Ba, Kiros and Hinton, 2016).
public final class LayerNorm: Module {
    /// Of the normalized shape, as is `bias`.
    public let weight, bias: Parameter?
    private let shape: Shape
    private let eps: Double

    /// - Parameter shape: the sizes of the last dimensions.
    public init(
        _ shape: Shape, eps: Double = 1e-5, affine: Bool = true, bias: Bool = true, dtype: DType = .float32
    ) {
        self.shape = shape
        self.eps = eps
        weight = affine ? Parameter(shape, .ones, dtype: dtype) : nil
        self.bias = affine && bias ? Parameter(shape, .zeros, dtype: dtype) : nil
    }

    /// Normalizes the last dimension, of `features` elements.
    public convenience init(
        _ features: Int, eps: Double = 1e-5, affine: Bool = true, bias: Bool = true, dtype: DType = .float32
    ) {
        self.init([features], eps: eps, affine: affine, bias: bias, dtype: dtype)
    }

    public override func forward(_ input: Tensor) -> Tensor {
        input.layerNorm(shape, weight: weight, bias: bias, eps: eps)
    }

    public override var configuration: String { "\(shape), eps: \(eps), affine: \(weight != nil)" }

    public override func operationCount(input: Tensor, output: Tensor) -> Int { 5 * output.count }
}

/// Divides the last dimensions by the root of their mean square, then scales (Zhang and Sennrich, 2019).
public final class RMSNorm: Module {
    /// Of the normalized shape.
    public let weight: Parameter?
    private let shape: Shape
    private let eps: Double?

    /// - Parameter eps: added to the mean square; by default, the smallest step above 1 of the element type.
    public init(_ shape: Shape, eps: Double? = nil, affine: Bool = true, dtype: DType = .float32) {
        self.shape = shape
        self.eps = eps
        weight = affine ? Parameter(shape, .ones, dtype: dtype) : nil
    }

    /// Normalizes the last dimension, of `features` elements.
    public convenience init(_ features: Int, eps: Double? = nil, affine: Bool = true, dtype: DType = .float32) {
        self.init([features], eps: eps, affine: affine, dtype: dtype)
    }

    public override func forward(_ input: Tensor) -> Tensor { input.rmsNorm(shape, weight: weight, eps: eps) }

    public override var configuration: String { "\(shape), affine: \(weight != nil)" }

    public override func operationCount(input: Tensor, output: Tensor) -> Int { 4 * output.count }
}

/// Normalizes groups of channels of [N, C, …] to mean 0 and variance 1 in each sample (Wu and He, 2018).
public final class GroupNorm: Module {
    /// [C], as is `bias`.
    public let weight, bias: Parameter?
    private let groups, channels: Int
    private let eps: Double

    public init(groups: Int, channels: Int, eps: Double = 1e-5, affine: Bool = true, dtype: DType = .float32) {
        require(
            groups > 0 && channels % groups == 0, "GroupNorm",
            "\(channels) channels cannot be divided into \(groups) groups")
        self.groups = groups
        self.channels = channels
        self.eps = eps
        weight = affine ? Parameter([channels], .ones, dtype: dtype) : nil
        bias = affine ? Parameter([channels], .zeros, dtype: dtype) : nil
    }

    public override func forward(_ input: Tensor) -> Tensor {
        input.groupNorm(groups: groups, weight: weight, bias: bias, eps: eps)
    }

    public override var configuration: String { "groups: \(groups), channels: \(channels), eps: \(eps)" }

    public override func operationCount(input: Tensor, output: Tensor) -> Int { 5 * output.count }
}

/// Normalizes each channel of each sample of [N, C, …] to mean 0 and variance 1 (Ulyanov, Vedaldi and Lempitsky, 2016).
/// As PyTorch's `InstanceNorm1d` and `InstanceNorm2d` without running statistics.
public final class InstanceNorm: Module {
    /// [C], as is `bias`.
    public let weight, bias: Parameter?
    private let channels: Int
    private let eps: Double

    public init(_ channels: Int, eps: Double = 1e-5, affine: Bool = false, dtype: DType = .float32) {
        self.channels = channels
        self.eps = eps
        weight = affine ? Parameter([channels], .ones, dtype: dtype) : nil
        bias = affine ? Parameter([channels], .zeros, dtype: dtype) : nil
    }

    public override func forward(_ input: Tensor) -> Tensor {
        require(
            input.rank >= 3 && input.size(1) == channels, "InstanceNorm",
            "an input of shape \(input.shape) is not [N, \(channels), …]")
        return input.instanceNorm(weight: weight, bias: bias, eps: eps)
    }

    public override var configuration: String { "\(channels), eps: \(eps), affine: \(weight != nil)" }

    public override func operationCount(input: Tensor, output: Tensor) -> Int { 5 * output.count }
}

public typealias InstanceNorm1d = InstanceNorm
public typealias InstanceNorm2d = InstanceNorm

/// Divides each element of [N, C, …] by a power of the mean square of its neighbors in `size` channels (Krizhevsky,
/// Sutskever and Hinton, 2012).
public final class LocalResponseNorm: Module {
    private let size: Int
    private let alpha, beta, k: Double

    public init(size: Int, alpha: Double = 1e-4, beta: Double = 0.75, k: Double = 1) {
        self.size = size
        self.alpha = alpha
        self.beta = beta
        self.k = k
    }

    public override func forward(_ input: Tensor) -> Tensor {
        input.localResponseNorm(size: size, alpha: alpha, beta: beta, k: k)
    }

    public override var configuration: String { "size: \(size), alpha: \(alpha), beta: \(beta), k: \(k)" }
}
