import Switchback
import SwitchbackFormats

/// The steps of a network for inputs of one shape, in bytes where its layers are quantized, and in float32 elsewhere.
final class QuantizedPlan {
    private let steps: [PlanStep]
    private let buffers: [ByteBuffer]
    private let valueCount: Int
    private let inputs: [Int]
    /// The number of each value that has floats.
    let numbers: [TraceValue.Key: Int]
    private let outputs: [PlanOperand]
    /// What is not needed after each step.
    private let released: [Released]

    private struct Released {
        var values: [Int] = []
        var buffers: [Int] = []
    }

    /// - Parameters:
    ///   - inputScales: how the input of each quantized layer is rounded.
    ///   - filters: those of a convolution that is quantized.
    /// - Throws: `InputError` where two layers round one map differently.
    init(
        _ graph: InferenceGraph, _ inputScales: [String: ByteScale],
        filters: @escaping (GraphConvolution) -> PreparedFilters?
    ) throws {
        let builder = PlanBuilder(graph, try ByteGroups(graph, inputScales), filters: filters)
        (steps, buffers, valueCount) = (builder.steps, builder.buffers, builder.valueCount)
        numbers = builder.numbers
        inputs = graph.inputs.map { builder.number(of: $0) }
        outputs = graph.outputs.map { builder.operand($0) }
        released = Self.released(by: steps, keeping: outputs)
    }

    /// What the network gives for inputs of the shape that the plan was made for.
    ///
    /// - Parameter observe: is told the floats that steps compute, by their number, and those of the inputs.
    func run(_ inputs: [Tensor], observe: ((Int, NDArray) -> Void)? = nil) throws -> [Tensor] {
        let memory = PlanMemory(values: valueCount, buffers)
        for (number, input) in zip(self.inputs, inputs) {
            memory.floats[number] = input.array
            observe?(number, input.array)
        }
        for (step, released) in zip(steps, released) {
            try step.run(in: memory)
            if let observe { for number in step.computed { observe(number, memory.floats[number]!) } }
            for number in released.values { memory.floats[number] = nil }
            for buffer in released.buffers { memory.release(buffer: buffer) }
        }
        return outputs.map { Tensor($0.array(in: memory)) }
    }

    private static func released(by steps: [PlanStep], keeping outputs: [PlanOperand]) -> [Released] {
        var released = [Released](repeating: Released(), count: steps.count)
        var seenValues = Set(outputs.compactMap { if case .value(let number) = $0 { number } else { nil } })
        var seenBuffers: Set<Int> = []
        for (position, step) in steps.enumerated().reversed() {
            let (values, places) = step.used
            for value in values where seenValues.insert(value).inserted { released[position].values.append(value) }
            for place in places where seenBuffers.insert(place.buffer).inserted {
                released[position].buffers.append(place.buffer)
            }
        }
        return released
    }
}

extension PlanStep {
    /// The values that a step computes in float32.
    fileprivate var computed: [Int] {
        switch self {
        case .convolveFloats(let convolution): [convolution.output]
        case .operation(_, _, _, let to): to
        default: []
        }
    }

    /// The memory that a step reads and writes.
    fileprivate var used: (values: [Int], places: [BytePlace]) {
        switch self {
        case .quantize(let from, let to, _): return ([from], [to])
        case .dequantize(let from, let to, _): return ([to], [from])
        case .maxPool(let from, let to, _), .repeat(let from, let to, _, _), .copy(let from, let to, _):
            return ([], [from, to])
        case .add(let a, let b, let to, _): return ([], [a, b, to])
        case .convolveFloats(let convolution):
            return ([convolution.input, convolution.output] + (convolution.residual.map { [$0] } ?? []), [])
        case .operation(_, let operands, _, let to):
            return (to + operands.compactMap { if case .value(let number) = $0 { number } else { nil } }, [])
        case .convolve(let convolution):
            var (values, places): ([Int], [BytePlace]) = ([], [convolution.input])
            for case let place? in [convolution.residual, convolution.output] {
                switch place {
                case .bytes(let place): places.append(place)
                case .floats(let number): values.append(number)
                }
            }
            return (values, places)
        }
    }
}
