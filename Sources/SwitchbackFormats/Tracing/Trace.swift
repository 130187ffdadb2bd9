import Switchback

/// The computation of a program as a graph: from inputs and constants through operations to outputs.
struct Trace {
    let inputs: [TraceValue]
    var outputs: [TraceValue] = []
    /// In the order in which they ran.
    let nodes: [TraceNode]
}

/// A tensor of the traced program; never changed, unlike memory.
final class TraceValue {
    enum Source {
        case input(Int)
        case constant(NDArray, name: String?)
        case node(TraceNode, output: Int)
    }

    let source: Source
    let shape: Shape
    let dtype: DType

    init(_ source: Source, _ shape: Shape, _ dtype: DType) {
        (self.source, self.shape, self.dtype) = (source, shape, dtype)
    }

    static func constant(_ array: NDArray, name: String? = nil) -> TraceValue {
        TraceValue(.constant(array, name: name), array.shape, array.dtype)
    }

    var isConstant: Bool { if case .constant = source { true } else { false } }
}

/// An operation that ran.
final class TraceNode {
    let operation: TraceOperation
    let inputs: [TraceValue]
    /// Numbers of the operation that may depend on the size of the batch: shapes, bounds.
    let sizes: [Int]
    /// The path of the layer that it belongs to.
    let module: String

    init(_ operation: TraceOperation, _ inputs: [TraceValue], sizes: [Int] = []) {
        (self.operation, self.inputs, self.sizes) = (operation, inputs, sizes)
        module = Module.runningPath
    }
}

/// What an operation computes; numbers here do not depend on the size of the batch.
enum TraceOperation: Equatable {
    case unary(UnaryOperation)
    case binary(BinaryOperation)
    case select
    case cast(DType)
    /// Over dimensions, which stay with size 1.
    case reduce(Reduction, dims: [Int])
    /// Returns values and indices; the dimension is kept with size 1.
    case argReduce(minimum: Bool, dim: Int)
    /// Returns mean and variance.
    case meanAndVariance(dims: [Int])
    case matmul
    case linear
    case convolution(Convolution2D, endPadding: IntPair)
    case transposedConvolution(Convolution2D, outputPadding: IntPair)
    case maxPool(Pooling2D, endPadding: IntPair)
    case averagePool(Pooling2D, endPadding: IntPair)
    case globalAverage
    case resize(Resizing, size: IntPair)
    case softmax(dim: Int, logarithm: Bool)
    case layerNorm(dims: Int, epsilon: Double, hasWeight: Bool, hasBias: Bool)
    case rmsNorm(dims: Int, epsilon: Double, hasWeight: Bool)
    case attention(isCausal: Bool, scale: Double)
    case indexSelect(dim: Int)
    case gather(dim: Int)
    case scatter(ScatterReduction, dim: Int)
    case runningSum(dim: Int)
    /// Returns values and indices; the count is the only size.
    case topK(dim: Int, largest: Bool)
    // How memory is seen. The sizes are the new shape, or for slices the start and the length of each dimension.
    case reshape
    case expand
    case transpose(order: [Int])
    case slice(steps: [Int])
    case concatenate(dim: Int)
    /// Something that has no counterpart in ONNX.
    case unsupported(String)
}
