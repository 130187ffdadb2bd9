/// How the initial values of a weight are chosen.
///
/// ```swift
/// layer.weight.initialize(.kaimingNormal(fan: .out, nonlinearity: .relu))
/// ```
public struct Initializer: Sendable {
    private let fill: @Sendable (_ array: NDArray, _ generator: Generator?) -> Void

    init(_ fill: @escaping @Sendable (_ array: NDArray, _ generator: Generator?) -> Void) { self.fill = fill }

    fileprivate func callAsFunction(_ array: NDArray, _ generator: Generator?) { fill(array, generator) }

    /// Which side's size keeps its variance: that of the forward pass or of the backward one.
    public enum Fan: Sendable { case `in`, out }

    /// What follows a layer, for the gain that keeps its variance; as `torch.nn.init.calculate_gain`.
    public enum Nonlinearity: Sendable {
        case linear, sigmoid, tanh, relu, selu
        case leakyReLU(slope: Double)

        /// By what the standard deviation of weights is multiplied.
        public var gain: Double {
            switch self {
            case .linear, .sigmoid: 1
            case .tanh: 5.0 / 3
            case .relu: 2.0.squareRoot()
            case .selu: 0.75
            case .leakyReLU(let slope): (2 / (1 + slope * slope)).squareRoot()
            }
        }
    }
}

extension Tensor {
    /// Initializes every element.
    ///
    /// - Parameter generator: where random numbers come from; the default generator if omitted.
    @discardableResult
    public final func initialize(_ initializer: Initializer, generator: Generator? = nil) -> Self {
        initializer(array, generator)
        array.storage.noteChange(by: "initialize")
        return self
    }
}

extension Parameter {
    /// A parameter with values from an initializer.
    public convenience init(
        _ shape: Shape, _ initializer: Initializer, dtype: DType = .float32, generator: Generator? = nil
    ) {
        self.init(Tensor.empty(shape, dtype: dtype).initialize(initializer, generator: generator))
    }
}

// MARK: - Of given spread

extension Initializer {
    public static func constant(_ value: Double) -> Initializer {
        Initializer { array, _ in array.backend.fill(array, with: value, integer: Int64(value)) }
    }

    public static var zeros: Initializer { constant(0) }
    public static var ones: Initializer { constant(1) }

    public static func uniform(from low: Double, to high: Double) -> Initializer {
        Initializer { $0.fillUniform(low: low, high: high, $1) }
    }

    /// Uniform between -bound and bound.
    public static func uniform(bound: Double) -> Initializer { uniform(from: -bound, to: bound) }

    public static func normal(mean: Double = 0, standardDeviation: Double = 1) -> Initializer {
        Initializer { $0.fillNormal(mean: mean, standardDeviation: standardDeviation, $1) }
    }

    /// Normal, but nothing outside low...high: uniform numbers through the inverse of the distribution between the
    /// bounds. As `torch.nn.init.trunc_normal_`.
    public static func truncatedNormal(
        mean: Double = 0, standardDeviation: Double = 1, low: Double = -2, high: Double = 2
    ) -> Initializer {
        /// 2Φ(x) − 1, the range of the inverse error function.
        @Sendable func position(_ x: Double) -> Double {
            errorFunction((x - mean) / (standardDeviation * 2.0.squareRoot()))
        }
        return Initializer { array, generator in
            array.fillUniform(low: position(low), high: position(high), generator)
            array.backend.unary(.erfInverse, array, into: array)
            array.backend.unary(.affine(scale: standardDeviation * 2.0.squareRoot(), shift: mean), array, into: array)
            array.backend.unary(.clamp(minimum: low, maximum: high), array, into: array)
        }
    }
}

// MARK: - By the size of the layer

extension Initializer {
    /// Uniform with a variance that keeps that of signals through a rectifier (He et al., "Delving deep into
    /// rectifiers", 2015). As `kaiming_uniform_`.
    public static func kaimingUniform(fan: Fan = .in, nonlinearity: Nonlinearity = .relu) -> Initializer {
        Initializer { array, generator in
            let bound = nonlinearity.gain * (3 / fans(of: array.shape)[fan]).squareRoot()
            array.fillUniform(low: -bound, high: bound, generator)
        }
    }

    /// As `kaimingUniform`, normally distributed. As `kaiming_normal_`.
    public static func kaimingNormal(fan: Fan = .in, nonlinearity: Nonlinearity = .relu) -> Initializer {
        Initializer { array, generator in
            let deviation = nonlinearity.gain / fans(of: array.shape)[fan].squareRoot()
            array.fillNormal(mean: 0, standardDeviation: deviation, generator)
        }
    }

    /// Uniform with a variance between those that suit the forward and the backward pass (Glorot and Bengio,
    /// "Understanding the difficulty of training deep feedforward neural networks", 2010). As `xavier_uniform_`.
    public static func xavierUniform(gain: Double = 1) -> Initializer {
        Initializer { array, generator in
            let bound = gain * (6 / fans(of: array.shape).sum).squareRoot()
            array.fillUniform(low: -bound, high: bound, generator)
        }
    }

    /// As `xavierUniform`, normally distributed. As `xavier_normal_`.
    public static func xavierNormal(gain: Double = 1) -> Initializer {
        Initializer { array, generator in
            let deviation = gain * (2 / fans(of: array.shape).sum).squareRoot()
            array.fillNormal(mean: 0, standardDeviation: deviation, generator)
        }
    }

    /// PyTorch's initialization of linear and convolutional weights: uniform within 1 / √fan-in.
    static var layerDefault: Initializer { kaimingUniform(nonlinearity: .leakyReLU(slope: 5.0.squareRoot())) }

    /// PyTorch's initialization of biases of layers whose weight has this shape.
    static func biasDefault(weight: Shape) -> Initializer {
        let fanIn = fans(of: weight)[.in]
        return fanIn > 0 ? uniform(bound: 1 / fanIn.squareRoot()) : zeros
    }

    /// How many inputs and outputs meet in a weight [out, in, kernel…].
    struct Fans {
        let inputs, outputs: Double

        var sum: Double { inputs + outputs }

        subscript(_ fan: Fan) -> Double { fan == .in ? inputs : outputs }
    }

    static func fans(of shape: Shape) -> Fans {
        require(shape.count >= 2, "Initializer", "a weight of shape \(shape) has no inputs and outputs")
        let kernel = shape.dropFirst(2).reduce(1, *)
        return Fans(inputs: Double(shape[1] * kernel), outputs: Double(shape[0] * kernel))
    }
}
