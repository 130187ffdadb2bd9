@_spi(Backends) import Switchback
import SwitchbackFormats

/// A convolution of a trace with what follows it in one pass over memory:
/// `activation(scale · (x ∗ weight) + shift + residual)`, or the residual after the activation, held between bounds.
struct GraphConvolution {
    /// The path of the layer; `nil` where the filters are not a parameter's.
    let name: String?
    let node: TraceNode
    /// [O, C / groups, KH, KW], as the layer has it.
    let weight: NDArray
    let form: Convolution2D
    /// For each output, what the sum is multiplied with and what is then added: the bias, and batch normalization.
    private(set) var scale, shift: [Double]
    private(set) var activation = FusedActivation.none
    private(set) var bounds: ClosedRange<Float> = -.infinity ... .infinity
    private(set) var residual: TraceValue?
    private(set) var isResidualLast = false
    /// The value that the last of them gives.
    private(set) var output: TraceValue

    var input: TraceValue { node.inputs[0] }
    var kernelSize: IntPair { IntPair(weight.shape[2], weight.shape[3]) }
    /// Whether there is one filter for each channel.
    var isDepthwise: Bool { form.groups > 1 && form.groups == weight.shape[0] && weight.shape[1] == 1 }

    /// - Parameter output: what the node gives.
    init?(_ node: TraceNode, output: TraceValue) {
        guard case .convolution(let form, _) = node.operation,
            case .constant(let weight, let name) = node.inputs[1].source,
            weight.dtype == .float32, node.inputs[0].shape.count == 4
        else { return nil }
        let outputs = weight.shape[0]
        var shift = [Double](repeating: 0, count: outputs)
        if node.inputs.count > 2 {
            guard let bias = node.inputs[2].numbers(forEachOf: outputs) else { return nil }
            shift = bias
        }
        let suffix = ".weight"
        self.name = name.flatMap { $0.hasSuffix(suffix) ? String($0.dropLast(suffix.count)) : nil }
        (self.node, self.weight, self.form, self.output) = (node, weight, form, output)
        (scale, self.shift) = ([Double](repeating: 1, count: outputs), shift)
    }

    /// Takes along an operation on the output; false if that is not possible.
    mutating func absorb(_ next: TraceNode, giving value: TraceValue) -> Bool {
        guard value.shape == output.shape, value.dtype == .float32, take(next) else { return false }
        output = value
        return true
    }

    private mutating func take(_ next: TraceNode) -> Bool {
        let isLinear = activation == .none && residual == nil && bounds == -.infinity ... .infinity
        switch next.operation {
        case .binary(let operation): return take(operation, next.inputs, isLinear: isLinear)
        case .unary(let operation):
            guard activation == .none, bounds == -.infinity ... .infinity, !isResidualLast else { return false }
            switch operation.function {
            case .relu: activation = .relu
            case .silu: activation = .silu
            case .clamp where operation.p0 <= operation.p1: bounds = Float(operation.p0)...Float(operation.p1)
            default: return false
            }
            return true
        default: return false
        }
    }

    private mutating func take(_ operation: BinaryOperation, _ operands: [TraceValue], isLinear: Bool) -> Bool {
        let isFirst = operands[0].key == output.key
        let other = operands[isFirst ? 1 : 0]
        guard operands[isFirst ? 0 : 1].key == output.key, other.key != output.key else { return false }
        if isLinear, let numbers = other.numbers(forEachOf: scale.count) {
            switch operation.function {
            case .multiply: (scale, shift) = (zip(scale, numbers).map(*), zip(shift, numbers).map(*))
            case .add: shift = zip(shift, numbers).map(+)
            case .subtract where isFirst: shift = zip(shift, numbers).map(-)
            default: return false
            }
            return true
        }
        guard operation.function == .add, residual == nil, !other.isConstant, other.shape == output.shape,
            other.dtype == .float32, bounds == -.infinity ... .infinity
        else { return false }
        residual = other
        isResidualLast = activation != .none
        return true
    }
}

extension TraceValue {
    /// The numbers of a constant that has one for each channel of [N, C, H, W], or one for all.
    fileprivate func numbers(forEachOf channels: Int) -> [Double]? {
        guard case .constant(let array, _) = source, array.dtype == .float32 else { return nil }
        let isPerChannel =
            shape == [channels]
            || (shape.count >= 3 && shape[shape.count - 3] == channels && shape.elementCount == channels)
        guard isPerChannel || shape.elementCount == 1 else { return nil }
        let numbers = Tensor(array.onProcessor).reshape(-1).toArray(as: Double.self)
        return numbers.count == 1 ? [Double](repeating: numbers[0], count: channels) : numbers
    }
}

extension NDArray {
    /// The same memory, for the processor's kernels: constants of a trace lie in memory that they can read.
    var onProcessor: NDArray {
        let memory = Storage.borrowing(
            storage.address, byteCount: storage.byteCount, owner: storage, backend: CPUBackend.self)
        return NDArray(storage: memory, offset: offset, shape: shape, strides: strides, dtype: dtype)
    }
}

extension GraphConvolution {
    /// Whether there is a kernel that computes it in bytes: with one group, or one for each channel.
    var canUseBytes: Bool {
        name != nil && (form.groups == 1 || isDepthwise) && PreparedFilters.canSum(self)
    }
}
