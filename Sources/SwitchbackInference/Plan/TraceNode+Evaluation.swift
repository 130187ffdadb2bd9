import Switchback
import SwitchbackFormats

extension TraceNode {
    /// Computes the operation by the processor's kernels.
    ///
    /// - Parameter outputs: the values that it gives, as far as they are read.
    /// - Throws: `InputError` with the layer where the operation has no kernel.
    func evaluate(_ x: [NDArray], _ outputs: [TraceValue?]) throws -> [NDArray] {
        let shape = outputs[0]?.shape ?? []
        let dtype = outputs[0]?.dtype ?? .float32
        func new(like other: NDArray? = nil) -> NDArray {
            if let other, other.shape == shape { return other.emptyLike(dtype: dtype) }
            return NDArray(empty: shape, dtype: dtype, backend: CPUBackend.self)
        }
        func filled(_ write: (NDArray) -> Void) -> [NDArray] {
            let result = new()
            write(result)
            return [result]
        }
        func result(_ array: NDArray?) throws -> [NDArray] {
            guard let array else { throw unsupported }
            return [array]
        }
        func tensor(_ position: Int = 0) -> Tensor { Tensor(x[position]) }

        switch operation {
        case .unary(let function):
            let y = new(like: x[0])
            CPUBackend.unary(function, x[0], into: y)
            return [y]
        case .binary(let function):
            let y = new(like: x.first { $0.shape == shape })
            CPUBackend.binary(function, x[0].broadcast(to: shape), x[1].broadcast(to: shape), into: y)
            return [y]
        case .select:
            return filled {
                CPUBackend.select(
                    x[0].broadcast(to: shape), x[1].broadcast(to: shape), x[2].broadcast(to: shape), into: $0)
            }
        case .cast(let type): return [x[0].cast(to: type)]
        case .reduce(let reduction, _): return filled { CPUBackend.reduce(reduction, x[0], into: $0) }
        case .matmul: return [tensor(0).matmul(tensor(1)).array]
        case .linear: return [tensor(0).linear(weight: tensor(1), bias: x.count > 2 ? tensor(2) : nil).array]
        case .convolution(let form, _):
            return try result(
                CPUBackend.convolution(
                    x[0], x[1], laidOut: nil, bias: x.count > 2 ? x[2] : nil, residual: nil, activation: .none, form,
                    outputShape: shape))
        case .transposedConvolution(let form, _):
            return try result(CPUBackend.convolutionInputGradient(x[0], x[1], form, inputShape: shape))
        case .maxPool(let form, _):
            return try result(CPUBackend.maxPool(x[0], form, outputSize: shape.imageSize, withIndices: false)?.values)
        case .averagePool(let form, _):
            return try result(CPUBackend.averagePool(x[0], form, outputSize: shape.imageSize))
        case .globalAverage: return try result(CPUBackend.adaptiveAveragePool(x[0], outputSize: 1))
        case .resize(let form):
            return try result(CPUBackend.resize(x[0], form, outputSize: IntPair(sizes[0], sizes[1])))
        case .softmax(let dim, let logarithm):
            return try result(CPUBackend.softmax(x[0], dim: dim, logarithm: logarithm))
        case .layerNorm(let dims, let epsilon, let hasWeight, let hasBias):
            let columns = shape.suffix(dims).reduce(1, *)
            return try result(
                CPUBackend.layerNorm(
                    x[0], columns: columns, weight: hasWeight ? x[1] : nil, bias: hasBias ? x[hasWeight ? 2 : 1] : nil,
                    epsilon: epsilon)?.y)
        case .rmsNorm(let dims, let epsilon, let hasWeight):
            let columns = shape.suffix(dims).reduce(1, *)
            return try result(
                CPUBackend.rmsNorm(x[0], columns: columns, weight: hasWeight ? x[1] : nil, epsilon: epsilon)?.y)
        case .attention(let isCausal, let scale):
            return try result(
                CPUBackend.attention(query: x[0], key: x[1], value: x[2], mask: nil, isCausal: isCausal, scale: scale)?
                    .y)
        case .indexSelect(let dim): return filled { CPUBackend.indexSelect(x[0], dim: dim, index: x[1], into: $0) }
        case .gather(let dim): return filled { CPUBackend.gather(x[0], dim: dim, index: x[1], into: $0) }
        case .runningSum(let dim): return filled { CPUBackend.scan(.sum, x[0], dim: dim, into: $0) }
        case .reshape: return [tensor().reshape(shape).array]
        case .expand: return [x[0].broadcast(to: shape)]
        case .transpose(let order): return [tensor().permute(Shape(order)).array]
        case .slice(let steps): return [x[0].cut(sizes, steps)]
        case .concatenate(let dim): return [Tensor.cat(x.map { Tensor($0) }, dim: dim).array]
        case .argReduce, .meanAndVariance, .scatter, .topK, .suppress, .unsupported: throw unsupported
        }
    }

    private var unsupported: InputError {
        InputError(
            "the network", at: module.isEmpty ? nil : "layer \(module)",
            "it computes something that is not planned for inference in int8")
    }
}

extension NDArray {
    /// The array repeated to a shape that its own broadcasts to, in the same memory.
    fileprivate func broadcast(to shape: Shape) -> NDArray {
        if self.shape == shape { return self }
        var steps = Shape(repeating: 0, count: shape.count)
        let lead = shape.count - rank
        for dim in 0..<rank where self.shape[dim] == shape[lead + dim] { steps[lead + dim] = strides[dim] }
        return seen(shape, strides: steps)
    }

    /// Some of the positions of each dimension: `bounds` are the start and the length of each.
    fileprivate func cut(_ bounds: [Int], _ steps: [Int]) -> NDArray {
        let start = (0..<rank).reduce(0) { $0 + bounds[2 * $1] * strides[$1] }
        return seen(
            Shape((0..<rank).map { bounds[2 * $0 + 1] }), strides: Shape((0..<rank).map { strides[$0] * steps[$0] }),
            movedBy: start)
    }
}

extension Shape {
    /// Height and width of images.
    var imageSize: IntPair { IntPair(self[count - 2], self[count - 1]) }
}
