import Kernels
import Switchback
import SwitchbackFormats

/// Makes the steps of a plan of a graph, one after another.
///
/// Every value of a group that is rounded lies as bytes from the moment it is computed. What is joined is computed in its part
/// of the whole, and what is cut out is read where it lies, so that neither takes a step.
struct PlanBuilder {
    private let graph: InferenceGraph
    private let groups: ByteGroups
    private let filters: (GraphConvolution) -> PreparedFilters?
    private(set) var steps: [PlanStep] = []
    private(set) var buffers: [ByteBuffer] = []
    private(set) var valueCount = 0
    /// The values that have floats.
    private(set) var numbers: [TraceValue.Key: Int] = [:]
    /// The values that are there as floats.
    private var ready: Set<TraceValue.Key> = []
    private var places: [TraceValue.Key: BytePlace] = [:]

    /// - Parameter filters: those of a convolution that computes in bytes.
    init(
        _ graph: InferenceGraph, _ groups: ByteGroups, filters: @escaping (GraphConvolution) -> PreparedFilters?
    ) {
        (self.graph, self.groups, self.filters) = (graph, groups, filters)
        for case .operation(let node) in graph.steps.reversed() { placeParts(of: node) }
        for input in graph.inputs { computed(input) }
        for step in graph.steps {
            switch step {
            case .convolution(let convolution): add(convolution)
            case .operation(let node): add(node)
            }
        }
        for output in graph.outputs where !output.isConstant { _ = floats(output) }
    }

    /// Where a value is found as floats, once all steps have run.
    func operand(_ value: TraceValue) -> PlanOperand {
        if case .constant(let array, _) = value.source { return .constant(array.onProcessor) }
        return .value(numbers[value.key]!)
    }

    /// The number of an input's floats.
    func number(of input: TraceValue) -> Int { numbers[input.key]! }

    // MARK: Places

    private mutating func number(_ value: TraceValue) -> Int {
        if let known = numbers[value.key] { return known }
        let number = newNumber()
        numbers[value.key] = number
        return number
    }

    private mutating func newNumber() -> Int {
        defer { valueCount += 1 }
        return valueCount
    }

    /// Where a value lies as bytes; `nil` if it is not rounded.
    private mutating func place(_ value: TraceValue) -> BytePlace? {
        guard let scale = groups.scale(of: value) else { return nil }
        if let known = places[value.key] { return known }
        let place: BytePlace
        if let (whole, start) = value.cut, let outer = self.place(whole) {
            place = BytePlace(buffer: outer.buffer, channel: outer.channel + start, scale: scale)
        } else {
            buffers.append(ByteBuffer(value.shape))
            place = BytePlace(buffer: buffers.count - 1, channel: 0, scale: scale)
        }
        places[value.key] = place
        return place
    }

    /// Has the parts of what a node joins computed in their places, where they have none yet.
    private mutating func placeParts(of node: TraceNode) {
        guard case .concatenate = node.operation, node.movesBytes, let output = graph.output(of: node),
            let whole = place(output)
        else { return }
        var channel = whole.channel
        var position = 0
        while position < node.inputs.count {
            let input = node.inputs[position]
            // Neighbors that together are all of another value have its place.
            let (part, count) = node.wholePart(at: position) ?? (input, 1)
            if places[part.key] == nil, part.cut == nil {
                places[part.key] = BytePlace(buffer: whole.buffer, channel: channel, scale: whole.scale)
            }
            channel += part.shape[1]
            position += count
        }
    }

    // MARK: Values in either form

    /// The number of a value as floats, which a step makes of its bytes where they are not there.
    private mutating func floats(_ value: TraceValue) -> Int {
        let number = number(value)
        if !ready.contains(value.key), let place = place(value) {
            steps.append(.dequantize(place, to: number, shape: value.shape))
        }
        ready.insert(value.key)
        return number
    }

    private mutating func operands(_ values: [TraceValue]) -> [PlanOperand] {
        values.map { value in
            if case .constant(let array, _) = value.source { return .constant(array.onProcessor) }
            return .value(floats(value))
        }
    }

    /// Notes that a value has been computed as floats, and rounds it where it is to be: everyone then sees it rounded.
    private mutating func computed(_ value: TraceValue) {
        let number = number(value)
        guard let place = place(value) else {
            ready.insert(value.key)
            return
        }
        steps.append(.quantize(number, to: place, shape: value.shape))
    }

    // MARK: Steps

    private mutating func add(_ convolution: GraphConvolution) {
        let output = convolution.output
        if let filters = filters(convolution), let input = place(convolution.input) {
            let residual = convolution.residual.map { value -> ByteConvolution.Place in
                place(value).map { .bytes($0) } ?? .floats(floats(value))
            }
            let result = place(output).map { ByteConvolution.Place.bytes($0) } ?? .floats(number(output))
            if case .floats = result { ready.insert(output.key) }
            steps.append(
                .convolve(ByteConvolution(convolution, filters, input: input, residual: residual, output: result)))
            return
        }
        let input = floats(convolution.input)
        let residual = convolution.residual.map { floats($0) }
        steps.append(
            .convolveFloats(FloatConvolution(convolution, input: input, residual: residual, output: number(output))))
        computed(output)
    }

    private mutating func add(_ node: TraceNode) {
        if let output = graph.output(of: node), let place = place(output), addBytes(node, output, place) { return }
        let outputs = (0..<node.outputCount).map { graph.output(of: node, $0) }
        let operands = operands(node.inputs)
        // Results that nothing reads have numbers too.
        let targets = outputs.map { output in output.map { number($0) } ?? newNumber() }
        steps.append(.operation(node, operands, outputs, to: targets))
        for case let output? in outputs { computed(output) }
    }

    /// Adds an operation on bytes; false if it is none.
    private mutating func addBytes(_ node: TraceNode, _ output: TraceValue, _ to: BytePlace) -> Bool {
        if node.addsImages {
            guard let a = place(node.inputs[0]), let b = place(node.inputs[1]) else { return false }
            steps.append(.add(a, b, to: to, shape: output.shape))
            return true
        }
        guard node.movesBytes else { return false }
        let inputs = node.inputs.compactMap { place($0) }
        guard inputs.count == node.inputs.count else { return false }
        switch node.operation {
        case .slice: break
        case .concatenate:
            var channel = to.channel
            for (input, value) in zip(inputs, node.inputs) {
                let part = BytePlace(buffer: to.buffer, channel: channel, scale: to.scale)
                if input != part { steps.append(.copy(input, to: part, shape: value.shape)) }
                channel += value.shape[1]
            }
        case .maxPool(let form, _):
            var shape = sb_int8_shape(node.inputs[0].shape, to: output.shape)
            (shape.kernel, shape.stride) = (form.kernelSize.kernelPair, form.stride.kernelPair)
            (shape.padding, shape.dilation) = (form.padding.kernelPair, form.dilation.kernelPair)
            steps.append(.maxPool(inputs[0], to: to, shape))
        case .resize:
            let shape = sb_int8_shape(node.inputs[0].shape, to: output.shape)
            let factor = IntPair(node.sizes[0] / shape.input.0, node.sizes[1] / shape.input.1)
            steps.append(.repeat(inputs[0], to: to, shape, factor: factor))
        default: return false
        }
        return true
    }
}

extension ByteBuffer {
    /// The buffer of images [N, C, H, W].
    init(_ shape: Shape) { self.init(images: shape[0], height: shape[2], width: shape[3], channels: shape[1]) }
}

extension sb_int8_shape {
    init(_ input: Shape, to output: Shape) {
        self.init()
        (images, channels, outputs) = (input[0], input[1], output[1])
        self.input = (input[2], input[3])
        self.output = (output[2], output[3])
    }
}

extension TraceValue {
    /// The value that this one is cut out of, and the first channel.
    fileprivate var cut: (whole: TraceValue, channel: Int)? {
        guard case .node(let node, _) = source, case .slice = node.operation, node.movesBytes else { return nil }
        return (node.inputs[0], node.sizes[2])
    }
}

extension TraceNode {
    fileprivate var outputCount: Int {
        switch operation {
        case .argReduce, .meanAndVariance, .topK: 2
        default: 1
        }
    }

    /// The value of which all channels, cut apart, stand side by side from an operand on, and how many parts those are.
    fileprivate func wholePart(at position: Int) -> (TraceValue, count: Int)? {
        guard let (whole, first) = inputs[position].cut, first == 0, whole.cut == nil else { return nil }
        var (channel, count) = (0, 0)
        while channel < whole.shape[1], position + count < inputs.count,
            let (other, start) = inputs[position + count].cut, other.key == whole.key, start == channel
        {
            channel += inputs[position + count].shape[1]
            count += 1
        }
        return channel == whole.shape[1] ? (whole, count) : nil
    }
}
