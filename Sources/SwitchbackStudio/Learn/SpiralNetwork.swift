import Switchback

/// Hidden layers of one width, and a last one with one output: [N, 2] → [N, 1], the logit of the second spiral.
final class SpiralNetwork: Module {
    let hidden: [HiddenLayer]
    let head: Linear

    init(_ options: SpiralOptions) {
        hidden = (0..<options.layers).map { HiddenLayer($0 == 0 ? 2 : options.width, options) }
        head = Linear(options.width, 1)
    }

    override func forward(_ input: Tensor) -> Tensor { head(hidden.reduce(input) { $1($0) }) }
}

/// A linear layer, batch normalization where it is wanted, an activation, and what entered added where it fits.
final class HiddenLayer: Module {
    let linear: Linear
    let norm: BatchNorm1d?
    private let activation: SpiralOptions.Activation
    private let isResidual: Bool

    init(_ inputs: Int, _ options: SpiralOptions) {
        linear = Linear(inputs, options.width)
        norm = options.batchNorm ? BatchNorm1d(options.width) : nil
        activation = options.activation
        isResidual = options.residual && inputs == options.width
        super.init()
        noGrad {
            linear.weight.initialize(activation.initializer)
            linear.bias?.initialize(.zeros)
            linear.weight *= options.scale
        }
    }

    override func forward(_ input: Tensor) -> Tensor {
        var output = linear(input)
        if let norm { output = norm(output) }
        output = activation(output)
        return isResidual ? input + output : output
    }
}

extension SpiralOptions.Activation {
    fileprivate var initializer: Initializer { self == .relu ? .kaimingNormal() : .xavierNormal() }

    fileprivate func callAsFunction(_ input: Tensor) -> Tensor {
        switch self {
        case .sigmoid: input.sigmoid()
        case .tanh: input.tanh()
        case .relu: input.relu()
        }
    }
}
