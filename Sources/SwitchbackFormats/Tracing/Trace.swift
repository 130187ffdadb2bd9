import Switchback

/// The computation of a program as a graph: from inputs and constants through operations to outputs.
package struct Trace {
    package let inputs: [TraceValue]
    package var outputs: [TraceValue] = []
    /// In the order in which they ran.
    package let nodes: [TraceNode]
    /// The layers in which the program read numbers that depend on the inputs, as `item()` does: what it does with them is
    /// not followed.
    package let readings: [String]

    package init(inputs: [TraceValue], outputs: [TraceValue] = [], nodes: [TraceNode], readings: [String] = []) {
        (self.inputs, self.outputs, self.nodes, self.readings) = (inputs, outputs, nodes, readings)
    }

    /// Runs `body` on examples, with the behavior of inference, and follows what becomes of them.
    package static func of(
        _ model: Module, _ examples: [Tensor], _ body: ([Tensor]) throws -> [Tensor]
    ) rethrows -> Trace {
        try TracingBackend.trace(model, examples, body)
    }
}

/// A tensor of the traced program; never changed, unlike memory.
package final class TraceValue {
    package enum Source {
        case input(Int)
        case constant(NDArray, name: String?)
        case node(TraceNode, output: Int)
    }

    package let source: Source
    package let shape: Shape
    package let dtype: DType

    package init(_ source: Source, _ shape: Shape, _ dtype: DType) {
        (self.source, self.shape, self.dtype) = (source, shape, dtype)
    }

    static func constant(_ array: NDArray, name: String? = nil) -> TraceValue {
        TraceValue(.constant(array, name: name), array.shape, array.dtype)
    }

    package var isConstant: Bool { if case .constant = source { true } else { false } }
}

/// An operation that ran.
package final class TraceNode {
    package let operation: TraceOperation
    package let inputs: [TraceValue]
    /// Numbers of the operation that may depend on sizes that are open, such as the batch's: shapes, bounds.
    package let sizes: [Int]
    /// The path of the layer that it belongs to.
    package let module: String

    /// - Parameter module: by default the layer that is running.
    package init(
        _ operation: TraceOperation, _ inputs: [TraceValue], sizes: [Int] = [], module: String = Module.runningPath
    ) {
        (self.operation, self.inputs, self.sizes, self.module) = (operation, inputs, sizes, module)
    }
}

/// What an operation computes; numbers here do not depend on sizes that are open.
package enum TraceOperation: Equatable {
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
    /// The sizes are the height and the width of the result.
    case resize(Resizing)
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
    case suppress(BoxSuppression)
    // How memory is seen. The sizes are the new shape, or for slices the start and the length of each dimension.
    case reshape
    case expand
    case transpose(order: [Int])
    case slice(steps: [Int])
    case concatenate(dim: Int)
    /// Something that has no counterpart in ONNX.
    case unsupported(String)
}
