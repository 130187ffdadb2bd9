import Switchback

/// Measures the layers of a model in one step, as they are computed and as gradients pass back through them.
///
/// What is measured of a layer that is computed several times in a step is averaged over them; gradients are added up.
final class StepObserver: LayerObserver {
    private struct Layer {
        let path: String
        let module: Module
        let parameters: [(name: String, parameter: Parameter)]
        var weights: [Tensor] = []
        var activation: String?
        /// The square of the gradient's norm.
        var signal: Double?
        var mean = Average()
        var deviation = Average()
        var dead = Average()
        var saturated = Average()
    }

    private struct Average {
        private var sum = 0.0
        private var count = 0

        mutating func add(_ value: Double) {
            sum += value
            count += 1
        }

        var value: Double? { count > 0 ? (sum / Double(count)).recorded : nil }
    }

    private var layers: [Layer] = []
    private var positions: [ObjectIdentifier: Int] = [:]
    /// The positions of layers in the order in which they were first computed.
    private var order: [Int] = []
    private var latest: Int?
    private var observation: LayerObservation?

    /// Measures from now until `end()`, on this thread.
    init(_ model: Module) {
        var seen = Set<ObjectIdentifier>()
        for (path, module) in model.namedModules() where positions[ObjectIdentifier(module)] == nil {
            let own = module.namedParts().compactMap { name, part -> (String, Parameter)? in
                guard case .parameter(let parameter) = part, seen.insert(ObjectIdentifier(parameter)).inserted else {
                    return nil
                }
                return (path.isEmpty ? name : "\(path).\(name)", parameter)
            }
            guard !own.isEmpty else { continue }
            positions[ObjectIdentifier(module)] = layers.count
            layers.append(Layer(path: path, module: module, parameters: own))
        }
        observation = LayerObservation(self)
    }

    func end() { observation?.end() }

    // MARK: Forward

    func computed(_ output: Tensor, by module: Module) {
        guard let position = positions[ObjectIdentifier(module)], output.requiresGrad, !output.isLeaf,
            output.count > 0
        else { return }
        if layers[position].signal == nil { order.append(position) }
        layers[position].signal = layers[position].signal ?? 0
        latest = position
        noGrad {
            let measured = output.detach().sample.meanAndDeviation
            layers[position].mean.add(measured.mean)
            layers[position].deviation.add(measured.deviation)
        }
        output.registerHook { [weak self] gradient in
            noGrad { self?.layers[position].signal? += gradient.sumOfSquares }
            return nil
        }
    }

    func computed(_ output: Tensor, by operation: OperationName, inside module: Module?) {
        guard let kind = Activation(operation.kind), output.dtype.isFloatingPoint, output.count > 0 else {
            return
        }
        // An activation belongs to the layer that is being computed, or else to the one before it.
        let running = module.flatMap { positions[ObjectIdentifier($0)] }
        guard let position = running ?? latest else { return }
        layers[position].activation = kind.rawValue
        noGrad {
            let sample = output.sample
            if kind.isRectifier {
                let unit = Self.unitDimension(of: sample, after: layers[position].module)
                layers[position].dead.add(sample.shareOfZeroUnits(along: unit))
            }
            if let flat = kind.flat {
                layers[position].saturated.add(sample.share(fartherThan: flat.distance, from: flat.center))
            }
        }
    }

    /// The activations that units die or saturate in.
    private enum Activation: String {
        case relu, relu6, sigmoid, tanh

        init?(_ kind: OperationName.Kind) {
            switch kind {
            case .relu: self = .relu
            case .relu6: self = .relu6
            case .sigmoid: self = .sigmoid
            case .tanh: self = .tanh
            default: return nil
            }
        }

        var isRectifier: Bool { self == .relu || self == .relu6 }

        /// How far from its middle value a result lies where less than a twentieth of the steepest slope is left: the
        /// slope of the sigmoid y is y·(1 − y), and that of the hyperbolic tangent 1 − y².
        var flat: (center: Double, distance: Double)? {
            switch self {
            case .relu, .relu6: nil
            case .sigmoid: (0.5, 0.95.squareRoot() / 2)
            case .tanh: (0, 0.95.squareRoot())
            }
        }
    }

    /// The dimension that counts a layer's units: channels of images, features of rows and sequences.
    private static func unitDimension(of output: Tensor, after layer: Module) -> Int {
        let hasChannels =
            switch layer {
            case is Conv1d, is Conv2d, is Conv3d, is ConvTranspose1d, is ConvTranspose2d, is BatchNorm: true
            case is Linear: false
            default: output.rank > 3
            }
        return hasChannels && output.rank > 1 ? 1 : max(0, output.rank - 1)
    }

    // MARK: The step

    /// Keeps the weights as they are before the step.
    func keepWeights() {
        for position in layers.indices {
            layers[position].weights = noGrad { layers[position].parameters.map { $0.parameter.detach().clone() } }
        }
    }

    /// The measurements, with the gradients and weights after the step.
    func record(step: Int, loss: Double, rate: Double?) -> StepRecord {
        let computed = Set(order)
        let rows = order + layers.indices.filter { !computed.contains($0) }
        let missing = layers.flatMap(\.parameters).filter {
            $0.parameter.requiresGrad && $0.parameter.gradElements == nil
        }
        return noGrad {
            StepRecord(
                step: step, loss: loss.recorded, rate: rate?.recorded, layers: rows.map { record(layers[$0]) },
                missing: missing.map(\.name))
        }
    }

    private func record(_ layer: Layer) -> LayerRecord {
        let gradients = layer.parameters.compactMap(\.parameter.gradElements)
        let weight = layer.weights.reduce(0) { $0 + $1.sumOfSquares }.squareRoot()
        let change = zip(layer.parameters, layer.weights).reduce(0) { sum, pair in
            pair.0.parameter.requiresGrad ? sum + (pair.0.parameter.detach() - pair.1).sumOfSquares : sum
        }.squareRoot()
        let isTrained = layer.parameters.contains { $0.parameter.requiresGrad } && !gradients.isEmpty
        return LayerRecord(
            layer: layer.path, type: "\(Swift.type(of: layer.module))", activation: layer.activation,
            gradient: gradients.isEmpty
                ? nil : gradients.reduce(0) { $0 + $1.sumOfSquares }.squareRoot().recorded,
            signal: layer.signal?.squareRoot().recorded, weight: weight.recorded,
            update: isTrained && weight > 0 ? (change / weight).recorded : nil, mean: layer.mean.value,
            std: layer.deviation.value, dead: layer.dead.value, saturated: layer.saturated.value)
    }
}
