import Switchback
import SwitchbackFormats

/// A small network for two spirals, as the reader wants it, and how it is trained.
package struct SpiralOptions: Codable, Equatable, Sendable {
    package enum Activation: String, CaseIterable, Codable, Sendable {
        case sigmoid, tanh, relu
    }

    package static let layerRange = 1...12
    package static let widthRange = 2...32
    package static let scaleRange = 0.1...10.0
    package static let rateRange = 1e-9...10.0
    package static let seedRange = 0...9999

    /// Hidden layers.
    package var layers = 2
    /// Units of each hidden layer.
    package var width = 8
    package var activation = Activation.tanh
    package var batchNorm = false
    package var residual = false
    /// What the usual initial weights are multiplied by.
    package var scale = 1.0
    package var method = LearnOptimizer.adam
    package var rate = 0.02
    package var seed = 1

    package init() {}

    /// Reads a request, in which each field may be missing. Throws `InputError` where one is unknown or out of range.
    package init(_ fields: ConfigurationFields) throws {
        let usual = Self()
        try fields.checkNames(known: CodingKeys.allCases.map(\.rawValue))
        layers = try fields.integer("layers", in: Self.layerRange, default: usual.layers)
        width = try fields.integer("width", in: Self.widthRange, default: usual.width)
        activation = try fields.choice("activation", default: usual.activation)
        batchNorm = try fields.bool("batchNorm", default: usual.batchNorm)
        residual = try fields.bool("residual", default: usual.residual)
        scale = try fields.number("scale", in: Self.scaleRange, default: usual.scale)
        method = try fields.choice("method", default: usual.method)
        rate = try fields.number("rate", in: Self.rateRange, default: usual.rate)
        seed = try fields.integer("seed", in: Self.seedRange, default: usual.seed)
    }

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case layers, width, activation, batchNorm, residual, scale, method, rate, seed
    }
}

/// Networks that show one thing each.
package enum SpiralPreset: String, CaseIterable, Codable, Sendable {
    /// 2-8-8-1.
    case small
    /// Ten sigmoid layers: the gradient vanishes.
    case vanishing
    /// Ten layers with large initial weights: it explodes.
    case exploding
    /// The ten sigmoid layers with batch normalization.
    case normalized
    /// The ten sigmoid layers with residual connections.
    case residual

    package var options: SpiralOptions {
        var options = SpiralOptions()
        if self == .small { return options }
        options.layers = 10
        switch self {
        case .exploding:
            (options.activation, options.scale) = (.relu, 6)
            (options.method, options.rate) = (.sgd, 1e-8)
        case .normalized: (options.activation, options.batchNorm) = (.sigmoid, true)
        case .residual: (options.activation, options.residual) = (.sigmoid, true)
        default: options.activation = .sigmoid
        }
        return options
    }
}
