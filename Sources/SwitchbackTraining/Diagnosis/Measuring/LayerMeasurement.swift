import Switchback

/// What is measured of a layer while a step is made.
struct LayerMeasurement {
    let path: String
    let module: Module
    let parameters: [(name: String, parameter: Parameter)]
    var activation: String?
    /// The square of the norm of the gradient of its output.
    var signal: Double?
    var mean = Average()
    var deviation = Average()
    var variation = Average()
    var dead = Average()
    var saturated = Average()
    var attention = Average()
    /// Whether places of a text see those after them, and a softmax goes over the examples.
    var seesAhead: Bool?
    var mixesExamples: Bool?
    /// The time steps and the sequences that a recurrent layer reads.
    var sequenceShape: [Int]?
    /// The squares of the norms of the gradient at places of a sequence.
    private var signalInTime: [Double] = []

    init(path: String, module: Module, parameters: [(name: String, parameter: Parameter)]) {
        self.path = path
        self.module = module
        self.parameters = parameters
    }

    /// The mean of what was added; `nil` of nothing.
    struct Average {
        private var sum = 0.0
        private var count = 0

        mutating func add(_ value: Double) {
            sum += value
            count += 1
        }

        var value: Double? { count > 0 ? (sum / Double(count)).recorded : nil }
    }

    /// How many places of a sequence are recorded.
    private static let places = 8

    /// Adds the gradient of gates, [T, N, G · H], at places from the first time step to the last.
    mutating func add(signalInTime gradient: Tensor) {
        let length = gradient.size(0)
        if signalInTime.isEmpty { signalInTime = [Double](repeating: 0, count: Self.places) }
        for place in 0..<Self.places {
            let time = place * (length - 1) / (Self.places - 1)
            signalInTime[place] += gradient.select(dim: 0, index: time).sumOfSquares
        }
    }

    /// The dimension that counts the layer's units: channels of images, features of rows and sequences.
    func unitDimension(of output: Tensor) -> Int {
        let hasChannels =
            switch module {
            case is Conv1d, is Conv2d, is Conv3d, is ConvTranspose1d, is ConvTranspose2d, is BatchNorm: true
            case is Linear: false
            default: output.rank > 3
            }
        return hasChannels && output.rank > 1 ? 1 : max(0, output.rank - 1)
    }

    // MARK: The record

    func record(_ watch: OptimizerWatch) -> LayerRecord {
        let gradients = parameters.compactMap { watch.gradient(of: $0.parameter) }
        let (weight, change, gradient) = watch.norms(of: parameters)
        let isTrained = parameters.contains { $0.parameter.requiresGrad } && !gradients.isEmpty
        let (zeros, subnormals) = Self.vanished(gradients)
        return LayerRecord(
            layer: path, type: "\(Swift.type(of: module))", activation: activation,
            gradient: gradient?.recorded,
            signal: signal?.squareRoot().recorded, weight: weight.recorded,
            update: isTrained && weight > 0 ? change.map { ($0 / weight).recorded } : nil, mean: mean.value,
            std: deviation.value, variation: variation.value, dead: dead.value, saturated: saturated.value,
            zeros: zeros, subnormals: subnormals,
            hasEqualUnits: hasEqualUnits ? true : nil, frozen: frozenShare,
            signalInTime: signalInTime.isEmpty ? nil : signalInTime.map { $0.squareRoot().recorded },
            sequenceShape: sequenceShape,
            attention: attention.value, seesAhead: seesAhead, mixesExamples: mixesExamples)
    }

    /// How many elements of a gradient are enough to tell how many are 0.
    private static let sampledGradients = 1 << 14

    /// Of some of the elements of gradients, the shares of those that are 0 and of those that are subnormal; `nil`
    /// without elements. Biases tell nothing that weights do not, and are left out where there are such.
    private static func vanished(_ gradients: [WatchedGradient]) -> (zeros: Double?, subnormals: Double?) {
        let matrices = gradients.filter { $0.elements.rank > 1 }
        var (count, zeros, subnormals) = (0.0, 0.0, 0.0)
        for gradient in matrices.isEmpty ? gradients : matrices {
            let sample = gradient.elements.sample(of: sampledGradients)
            let tiny = sample.isBelowNormal.to(.float32).sum().item()
            let zero = tiny == 0 ? 0 : sample.eq(0).to(.float32).sum().item()
            // Beside rows that were used there are others, whose gradients are 0.
            let others = Double(sample.count) * (gradient.factor - 1)
            count += Double(sample.count) + others
            zeros += zero + others
            subnormals += tiny - zero
        }
        return count > 0 ? ((zeros / count).recorded, (subnormals / count).recorded) : (nil, nil)
    }

    /// Whether the first units have the same weights, each its row; the last layer may have one unit.
    private var hasEqualUnits: Bool {
        let matrices = parameters.map(\.parameter).filter { $0.rank > 1 && $0.shape[0] > 1 && $0.requiresGrad }
        // In nearly all layers two rows tell.
        return !matrices.isEmpty && matrices.allSatisfy { $0.hasEqualRows(first: 2) && $0.hasEqualRows(first: 64) }
    }

    private var frozenShare: Double? {
        let all = parameters.reduce(0) { $0 + $1.parameter.count }
        let frozen = parameters.reduce(0) { $0 + ($1.parameter.requiresGrad ? 0 : $1.parameter.count) }
        return frozen > 0 ? (Double(frozen) / Double(max(1, all))).recorded : nil
    }
}

extension Tensor {
    /// Whether the first rows, so many as there are of these, hold the same numbers.
    fileprivate func hasEqualRows(first count: Int) -> Bool {
        let rows = detach().narrow(dim: 0, start: 0, length: Swift.min(shape[0], count))
        return (rows - rows.narrow(dim: 0, start: 0, length: 1)).abs().max().item() == 0
    }
}
