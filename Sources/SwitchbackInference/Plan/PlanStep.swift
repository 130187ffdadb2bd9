import Kernels
@_spi(Backends) import Switchback
import SwitchbackFormats

/// One step of a plan. Values are places in the plan's memory: floats by number, bytes by buffer.
enum PlanStep {
    /// Rounds floats to bytes.
    case quantize(Int, to: BytePlace, shape: Shape)
    /// The floats of bytes.
    case dequantize(BytePlace, to: Int, shape: Shape)
    case convolve(ByteConvolution)
    case maxPool(BytePlace, to: BytePlace, sb_int8_shape)
    case `repeat`(BytePlace, to: BytePlace, sb_int8_shape, factor: IntPair)
    case copy(BytePlace, to: BytePlace, shape: Shape)
    case add(BytePlace, BytePlace, to: BytePlace, shape: Shape)
    case convolveFloats(FloatConvolution)
    case operation(TraceNode, [PlanOperand], [TraceValue?], to: [Int])

    func run(in memory: PlanMemory) throws {
        switch self {
        case .quantize(let from, let place, let shape):
            let (array, size) = (memory.floats[from]!.denseChannelsLast, ByteBuffer(shape))
            var map = memory.map(place)
            sb_int8_quantize(size.pixels, size.channels, array.floatPointer, size.channels, &map)
            withExtendedLifetime(array) {}
        case .dequantize(let place, let to, let shape):
            let (array, size) = (PlanMemory.channelsLast(shape), ByteBuffer(shape))
            var map = memory.map(place)
            sb_int8_dequantize(size.pixels, size.channels, &map, array.floatPointer, size.channels)
            memory.floats[to] = array
        case .convolve(let convolution): convolution.run(in: memory)
        case .maxPool(let from, let to, var shape):
            var (x, y) = (memory.map(from), memory.map(to))
            sb_int8_max_pool(&x, &shape, &y)
        case .repeat(let from, let to, var shape, let factor):
            var (x, y) = (memory.map(from), memory.map(to))
            sb_int8_repeat(&x, &shape, [factor.height, factor.width], &y)
        case .copy(let from, let to, let shape):
            var (x, y) = (memory.map(from), memory.map(to))
            let size = ByteBuffer(shape)
            sb_int8_copy(size.pixels, size.channels, &x, &y)
        case .add(let first, let second, let to, let shape):
            var (a, b, y) = (memory.map(first), memory.map(second), memory.map(to))
            let size = ByteBuffer(shape)
            sb_int8_add(size.pixels, size.channels, &a, &b, &y)
        case .convolveFloats(let convolution): try convolution.run(in: memory)
        case .operation(let node, let operands, let outputs, let places):
            let results = try node.evaluate(operands.map { $0.array(in: memory) }, outputs)
            for (place, result) in zip(places, results) { memory.floats[place] = result }
        }
    }
}

/// An operand of a step on floats.
enum PlanOperand {
    case value(Int)
    case constant(NDArray)

    func array(in memory: PlanMemory) -> NDArray {
        switch self {
        case .value(let number): memory.floats[number]!
        case .constant(let array): array
        }
    }
}

/// A convolution of bytes, with what follows it.
struct ByteConvolution {
    /// Where a result goes, and a residual comes from.
    enum Place {
        case bytes(BytePlace)
        case floats(Int)
    }

    let filters: PreparedFilters
    let isDepthwise: Bool
    let shape: sb_int8_shape
    let input: BytePlace
    let residual: Place?
    let output: Place
    let outputShape: Shape
    let scale, shift: [Float]
    let activation: sb_activation
    let bounds: ClosedRange<Float>
    let isResidualLast: Bool

    init(
        _ convolution: GraphConvolution, _ filters: PreparedFilters, input: BytePlace, residual: Place?, output: Place
    ) {
        let x = convolution.input.shape
        (self.filters, self.input, self.residual, self.output) = (filters, input, residual, output)
        isDepthwise = convolution.isDepthwise
        outputShape = convolution.output.shape
        shape = sb_int8_shape(
            images: x[0], channels: x[1], outputs: outputShape[1], input: (x[2], x[3]),
            output: (outputShape[2], outputShape[3]), kernel: convolution.kernelSize.kernelPair,
            stride: convolution.form.stride.kernelPair, padding: convolution.form.padding.kernelPair,
            dilation: convolution.form.dilation.kernelPair)
        scale = zip(convolution.scale, filters.scales).map {
            Float($0 * Double($1) * Double(input.scale.scale))
        }
        shift = convolution.shift.map { Float($0) }
        activation = convolution.activation.kernelForm
        bounds = convolution.bounds
        isResidualLast = convolution.isResidualLast
    }

    func run(in memory: PlanMemory) {
        var (x, form) = (memory.map(input), shape)
        var added = sb_int8_map()
        var addedFloats: NDArray?
        switch residual {
        case .bytes(let place): added = memory.map(place)
        case .floats(let number): addedFloats = memory.floats[number]!.denseChannelsLast
        case nil: break
        }
        var result = sb_int8_result()
        switch output {
        case .bytes(let place): result.map = memory.map(place)
        case .floats(let number):
            let array = PlanMemory.channelsLast(outputShape)
            (result.floats, result.float_pixel) = (array.floatPointer, outputShape[1])
            memory.floats[number] = array
        }
        scale.withUnsafeBufferPointer { scale in
            shift.withUnsafeBufferPointer { shift in
                var epilogue = sb_int8_epilogue(
                    scale: scale.baseAddress, bias: shift.baseAddress, activation: activation, low: bounds.lowerBound,
                    high: bounds.upperBound, residual: added, floats: addedFloats?.floatPointer,
                    float_pixel: outputShape[1], residual_last: isResidualLast ? 1 : 0)
                let numbers = filters.numbers.pointer.assumingMemoryBound(to: Int8.self)
                if isDepthwise {
                    sb_int8_depthwise(&x, numbers, &form, &epilogue, &result)
                } else {
                    sb_int8_convolution(&x, numbers, filters.sums, &form, &epilogue, &result)
                }
            }
        }
        withExtendedLifetime((filters, addedFloats)) {}
    }
}

/// A convolution in float32, with batch normalization folded into its filters.
struct FloatConvolution {
    let weight, bias: NDArray
    /// The weight as kernels read it.
    let laidOut: NDArray?
    let form: Convolution2D
    let input: Int
    let residual: Int?
    let output: Int
    let outputShape: Shape
    let activation: FusedActivation
    let bounds: ClosedRange<Float>
    let isResidualLast: Bool

    init(_ convolution: GraphConvolution, input: Int, residual: Int?, output: Int) {
        let outputs = convolution.scale.count
        let scale = Tensor(convolution.scale, shape: [outputs, 1, 1, 1], dtype: .float64)
        weight = (Tensor(convolution.weight.onProcessor).to(.float64) * scale).to(.float32).array
        bias = Tensor(convolution.shift.map { Float($0) }, shape: [outputs]).array
        laidOut = CPUBackend.layOutFilters(weight, groups: convolution.form.groups)
        (form, outputShape, activation) = (convolution.form, convolution.output.shape, convolution.activation)
        (bounds, isResidualLast) = (convolution.bounds, convolution.isResidualLast)
        (self.input, self.residual, self.output) = (input, residual, output)
    }

    func run(in memory: PlanMemory) throws {
        let added = residual.map { memory.floats[$0]! }
        guard
            var y = CPUBackend.convolution(
                memory.floats[input]!, weight, laidOut: laidOut, bias: bias, residual: isResidualLast ? nil : added,
                activation: activation, form, outputShape: outputShape)
        else { throw InputError("the network", "a convolution in it has no kernel") }
        if bounds != -.infinity ... .infinity {
            let held = y.emptyLike()
            CPUBackend.unary(
                .clamp(minimum: Double(bounds.lowerBound), maximum: Double(bounds.upperBound)), y, into: held)
            y = held
        }
        if isResidualLast, let added {
            let sum = y.emptyLike()
            CPUBackend.binary(.add, y, added, into: sum)
            y = sum
        }
        memory.floats[output] = y
    }
}

extension FusedActivation {
    fileprivate var kernelForm: sb_activation {
        switch self {
        case .none: SB_ACT_NONE
        case .relu: SB_ACT_RELU
        case .silu: SB_ACT_SILU
        }
    }
}

extension IntPair {
    var kernelPair: (Int, Int) { (height, width) }
}
