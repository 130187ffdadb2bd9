import Switchback
import SwitchbackFormats

/// Finds out which convolutions of a network can compute in 8 bits, and how, from what it computes on images.
///
/// Three calibrations are tried, and the one is taken that changes the network's outputs least. Then each layer is quantized
/// alone: those that change the outputs most are left in float32, where that helps.
///
/// ```swift
/// let quantizer = try Quantizer(model, images: images) { [model($0[0])] }
/// let network = QuantizedNetwork(try quantizer.run().quantization)
/// let scores = try network.run(model, [image]) { [model($0[0])] }[0]
/// ```
public struct Quantizer {
    /// What was found.
    public struct Result {
        public let quantization: Quantization
        /// The error of the outputs with every layer quantized, for each calibration.
        public let errors: [(method: CalibrationMethod, error: Double)]
        /// The layers, those first that change the outputs most when they alone are quantized.
        public let layers: [Layer]
        /// The error of the outputs as it is now.
        public let error: Double
    }

    /// A layer, and what quantizing it does.
    public struct Layer {
        public let name: String
        /// The error of the outputs when this layer alone is quantized; in a network of very many layers, of some the error
        /// with those beside it.
        public let error: Double
        /// The error of the outputs with this layer quantized, and in float32, as it stays; `nil` if it is quantized.
        public fileprivate(set) var gain: (before: Double, after: Double)?
    }

    /// What share of the layers may stay in float32, and how many at most.
    private static let leftOutShare = 0.1
    private static let mostLeftOut = 16
    /// By how much the error must shrink for a layer to stay in float32.
    private static let worthwhile = 0.9
    /// Outputs that are off by less need no layers in float32.
    private static let negligible = 0.01
    /// How many images the layers are measured with, one by one.
    private static let measuredImages = 8
    /// How many layers, or groups of them, are measured before the worst groups are taken apart, for as many layers again:
    /// the time grows with the network, not with its square.
    private static let mostGroups = 64

    private let graph: InferenceGraph
    private let images: [Tensor]
    private let filters: [String: PreparedFilters]
    /// The layers' filters, with an input of no meaning.
    private let rounded: [String: QuantizedLayer]
    /// The layers that can be quantized, in the order in which they run.
    private let names: [String]

    /// - Parameters:
    ///   - images: at least one, each a batch of one as the network takes it, all of one shape.
    ///   - forward: what the network computes.
    /// - Throws: `InputError` where nothing in the network can be quantized.
    public init(_ model: Module, images: [Tensor], forward: ([Tensor]) throws -> [Tensor]) throws {
        require(!images.isEmpty, "quantizer", "there are no images")
        self.images = images
        graph = InferenceGraph(try Trace.of(model, [images[0]], forward))
        var filters: [String: PreparedFilters] = [:]
        var rounded: [String: QuantizedLayer] = [:]
        var names: [String] = []
        for convolution in graph.convolutions where convolution.canUseBytes {
            guard let name = convolution.name, filters[name] == nil else { continue }
            let layer = QuantizedLayer(
                rounding: Tensor(convolution.weight.onProcessor), input: ByteScale(lowest: 0, highest: 1))
            filters[name] = PreparedFilters(
                layer, isDepthwise: convolution.isDepthwise, dilation: convolution.form.dilation)
            rounded[name] = layer
            names.append(name)
        }
        guard !names.isEmpty else {
            throw InputError(
                "the network", "it has no convolutions, which are what int8 is for", remedy: "use it in float32")
        }
        (self.filters, self.rounded, self.names) = (filters, rounded, names)
    }

    /// - Parameter progress: is told what is done in this moment, and how far it is.
    /// - Throws: `InputError` where the network computes something that is not a number.
    public func run(progress: (String, _ done: Int, _ of: Int) throws -> Void = { _, _, _ in }) throws -> Result {
        let (histograms, outputs) = try observe(progress)
        let groups = ByteGroups(joining: graph)
        var scales: [CalibrationMethod: [String: ByteScale]] = [:]
        var errors: [(method: CalibrationMethod, error: Double)] = []
        for (position, method) in CalibrationMethod.allCases.enumerated() {
            try progress("comparing calibrations", position, CalibrationMethod.allCases.count)
            let own = inputScales(method, histograms, groups)
            scales[method] = own
            errors.append((method, try error(of: own, outputs)))
        }
        let best = errors.min { $0.error < $1.error }!
        let inputs = scales[best.method]!
        var layers = try measured(inputs, outputs, progress)
        let error = try leaveOut(&layers, inputs, outputs, before: best.error)

        let kept = layers.filter { $0.gain == nil }.map(\.name)
        let quantized = kept.map { name in (name, rounded[name]!.with(input: inputs[name]!)) }
        let leftOut = layers.filter { $0.gain != nil }.map { ($0.name, $0.error) }
        let record = Quantization.Record(
            calibration: best.method.rawValue, images: images.count, leftOut: Dictionary(uniqueKeysWithValues: leftOut))
        return Result(
            quantization: Quantization(layers: Dictionary(uniqueKeysWithValues: quantized), record: record),
            errors: errors,
            layers: layers, error: error)
    }

    // MARK: What the network computes

    /// The numbers of each group of values, and the network's outputs, in float32.
    private func observe(
        _ progress: (String, Int, Int) throws -> Void
    ) throws -> ([TraceValue.Key: ActivationHistogram], outputs: [[Tensor]]) {
        let groups = ByteGroups(joining: graph)
        let plan = try QuantizedPlan(graph, [:]) { _ in nil }
        let wanted = Set(graph.convolutions.map { groups.root($0.input.key) })
        // What only moves numbers adds none.
        let moved = Set(
            graph.steps.compactMap { step -> TraceValue.Key? in
                guard case .operation(let node) = step, node.movesBytes else { return nil }
                return TraceValue.Key(of: node, output: 0)
            })
        var group: [Int: TraceValue.Key] = [:]
        for (key, number) in plan.numbers where !moved.contains(key) && wanted.contains(groups.root(key)) {
            group[number] = groups.root(key)
        }
        var histograms: [TraceValue.Key: ActivationHistogram] = [:]
        var outputs: [[Tensor]] = []
        for (position, image) in images.enumerated() {
            try progress("observing images", position, 2 * images.count)
            let result = try plan.run([image]) { number, array in
                if let key = group[number] { histograms[key, default: ActivationHistogram()].widen(by: Tensor(array)) }
            }
            outputs.append(result)
        }
        guard histograms.values.allSatisfy(\.isFinite) else {
            throw InputError("the network", "it computes NaN or infinities on these images", remedy: "train it anew")
        }
        for (position, image) in images.enumerated() {
            try progress("observing images", images.count + position, 2 * images.count)
            _ = try plan.run([image]) { number, array in
                if let key = group[number] { histograms[key]!.count(Tensor(array)) }
            }
        }
        return (histograms, outputs)
    }

    private func inputScales(
        _ method: CalibrationMethod, _ histograms: [TraceValue.Key: ActivationHistogram], _ groups: ByteGroups
    ) -> [String: ByteScale] {
        let scales = histograms.mapValues { method.scale($0) }
        let pairs = graph.convolutions.compactMap { convolution -> (String, ByteScale)? in
            guard let name = convolution.name, filters[name] != nil,
                let scale = scales[groups.root(convolution.input.key)]
            else { return nil }
            return (name, scale)
        }
        return Dictionary(pairs, uniquingKeysWith: { first, _ in first })
    }

    // MARK: Errors

    /// How far outputs are from those in float32: the root of the mean, over outputs and images, of the squared distance
    /// divided by the squared length.
    private func error(of inputs: [String: ByteScale], _ outputs: [[Tensor]], images count: Int = .max) throws -> Double
    {
        let plan = try QuantizedPlan(graph, inputs) { convolution in
            convolution.name.flatMap { inputs[$0] == nil ? nil : filters[$0] }
        }
        var (sum, terms) = (0.0, 0)
        for (image, expected) in zip(images, outputs).prefix(count) {
            for (output, expected) in zip(try plan.run([image]), expected) {
                let distance = (output - expected).square().sum().item()
                sum += distance / max(expected.square().sum().item(), 1e-30)
                terms += 1
            }
        }
        return (sum / Double(max(terms, 1))).squareRoot()
    }

    /// The layers with their errors, the largest first.
    private func measured(
        _ inputs: [String: ByteScale], _ outputs: [[Tensor]], _ progress: (String, Int, Int) throws -> Void
    ) throws -> [Layer] {
        var done = 0
        let pieces = groups
        let total = pieces.count + (pieces.count < names.count ? Self.mostGroups : 0)
        func error(of group: ArraySlice<String>) throws -> Double {
            try progress("measuring layers", done, total)
            done += 1
            let chosen = Set(group)
            return try self.error(
                of: inputs.filter { chosen.contains($0.key) }, outputs, images: Self.measuredImages)
        }
        let found = try pieces.map { (names: $0, error: try error(of: $0)) }
        var left = Self.mostGroups
        var layers: [String: Layer] = [:]
        for group in found.sorted(by: { $0.error > $1.error }) {
            let isTakenApart = group.names.count > 1 && group.names.count <= left
            if isTakenApart { left -= group.names.count }
            for name in group.names {
                let own = isTakenApart ? try error(of: [name]) : group.error
                layers[name] = Layer(name: name, error: own)
            }
        }
        return names.compactMap { layers[$0] }.enumerated()
            .sorted { ($1.element.error, $0.offset) < ($0.element.error, $1.offset) }.map(\.element)
    }

    /// The layers in the order in which they run, one by one, or cut into so many groups where there are more.
    private var groups: [ArraySlice<String>] {
        let count = min(names.count, Self.mostGroups)
        return (0..<count).map { names[$0 * names.count / count..<($0 + 1) * names.count / count] }
    }

    /// Leaves layers in float32, those first whose own error is largest, as long as that makes the outputs' error smaller by a
    /// tenth; the error in the end.
    private func leaveOut(
        _ layers: inout [Layer], _ inputs: [String: ByteScale], _ outputs: [[Tensor]], before: Double
    ) throws -> Double {
        var (remaining, error) = (inputs, before)
        let share = Int(Double(layers.count) * Self.leftOutShare)
        let most = min(max(1, min(share, Self.mostLeftOut)), layers.count - 1)
        for position in 0..<max(most, 0) where error > Self.negligible {
            var fewer = remaining
            fewer[layers[position].name] = nil
            let without = try self.error(of: fewer, outputs)
            guard without < error * Self.worthwhile else { continue }
            layers[position].gain = (error, without)
            (remaining, error) = (fewer, without)
        }
        return error
    }
}
