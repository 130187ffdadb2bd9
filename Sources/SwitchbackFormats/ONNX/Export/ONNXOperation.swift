import Switchback

/// An operation of a trace on its way into a graph.
struct ONNXOperation {
    /// The names of its operands.
    let inputs: [String]
    let shapes: [[GraphSize]]
    let dtypes: [DType]
    let sizes: [GraphSize]
    let module: String

    /// What stands for float32.
    let precision: DType

    var x: String { inputs[0] }
    var dtype: DType { dtypes[0] }
    var rank: Int { shapes[0].count }

    func unsupported(_ what: String) -> InputError {
        InputError(ONNXExporter.subject, at: module, "\(what) has no ONNX export here")
    }

    /// Adds the nodes that stand for the operation; returns the names of its results.
    func emit(_ operation: TraceOperation, into graph: inout ONNXGraphBuilder) throws -> [String] {
        switch operation {
        case .unary(let function): [try emit(function, into: &graph)]
        case .binary(let function): [try emit(function, into: &graph)]
        case .select: [graph.add("Where", inputs)]
        case .cast(let type): [graph.cast(x, to: type == .float32 ? precision : type)]
        case .reduce(let reduction, let dims): [reduce(x, reduction, dims, into: &graph)]
        case .argReduce(let minimum, let dim): argReduce(minimum: minimum, dim, into: &graph)
        case .meanAndVariance(let dims): meanAndVariance(dims, into: &graph)
        case .runningSum(let dim): [graph.add("CumSum", [x, graph.constant(Tensor(dim).array, name: "axis")])]
        case .topK(let dim, let largest):
            graph.add(
                "TopK", [x, graph.shape(sizes)], [.int("axis", dim), .int("largest", largest ? 1 : 0)], outputs: 2)
        case .indexSelect(let dim): [graph.add("Gather", inputs, [.int("axis", dim)])]
        case .gather(let dim): [graph.add("GatherElements", inputs, [.int("axis", dim)])]
        case .scatter(let reduction, let dim): [try scatter(reduction, dim, into: &graph)]
        case .suppress(let suppression): [suppress(suppression, into: &graph)]
        case .reshape, .expand, .transpose, .slice, .concatenate: [view(operation, into: &graph)]
        case .unsupported(let what): throw unsupported(what)
        default: [try layer(operation, into: &graph)]
        }
    }

    // MARK: The same elements under another shape

    private func view(_ operation: TraceOperation, into graph: inout ONNXGraphBuilder) -> String {
        switch operation {
        case .transpose(let order): return graph.add("Transpose", [x], [.ints("perm", order)])
        case .concatenate(let dim): return graph.add("Concat", inputs, [.int("axis", dim)])
        case .expand: return graph.add("Expand", [x, graph.shape(sizes)])
        case .slice(let steps): return slice(steps, into: &graph)
        default:
            // One size may be left to be inferred.
            let growing = sizes.filter { !$0.isFixed }
            let form =
                growing.count == 1 ? graph.integers(sizes.map { $0.isFixed ? $0.fixed : -1 }) : graph.shape(sizes)
            return graph.add("Reshape", [x, form])
        }
    }

    /// Sizes are the start and the length along each dimension.
    private func slice(_ steps: [Int], into graph: inout ONNXGraphBuilder) -> String {
        var (starts, ends, axes, used): ([GraphSize], [GraphSize], [Int], [Int]) = ([], [], [], [])
        for dim in 0..<rank {
            let (start, length) = (sizes[2 * dim], sizes[2 * dim + 1])
            if start == GraphSize(0) && length == shapes[0][dim] && steps[dim] == 1 { continue }
            starts.append(start)
            // With a step, the end is what follows the last element.
            let isStepped = steps[dim] != 1
            let last = isStepped && length.isFixed ? GraphSize((length.fixed - 1) * steps[dim] + 1) : length
            ends.append(isStepped && !length.isFixed ? GraphSize(Int.max) : start + last)
            axes.append(dim)
            used.append(steps[dim])
        }
        let bounds = [graph.shape(starts), graph.shape(ends), graph.integers(axes), graph.integers(used)]
        return graph.add("Slice", [x] + bounds)
    }

    // MARK: Many elements to one

    func reduce(
        _ x: String, _ reduction: Reduction, _ dims: [Int], into graph: inout ONNXGraphBuilder
    ) -> String {
        func cast(_ x: String, _ type: DType) -> String { graph.cast(x, to: type) }
        switch reduction {
        case .sum: return graph.reduced("ReduceSum", dtype.isFloatingPoint ? x : cast(x, .int64), dims)
        case .product: return graph.reduced("ReduceProd", dtype.isFloatingPoint ? x : cast(x, .int64), dims)
        case .maximum: return graph.reduced("ReduceMax", x, dims)
        case .minimum: return graph.reduced("ReduceMin", x, dims)
        case .sumOfSquares: return graph.reduced("ReduceSumSquare", x, dims)
        case .sumOfMagnitudes: return graph.reduced("ReduceL1", x, dims)
        case .countNonzero: return graph.reduced("ReduceSum", cast(cast(x, .bool), .int64), dims)
        case .any, .all:
            let name = reduction == .any ? "ReduceMax" : "ReduceMin"
            return cast(graph.reduced(name, cast(cast(x, .bool), .int32), dims), .bool)
        }
    }

    private func argReduce(minimum: Bool, _ dim: Int, into graph: inout ONNXGraphBuilder) -> [String] {
        [
            reduce(x, minimum ? .minimum : .maximum, [dim], into: &graph),
            graph.add(minimum ? "ArgMin" : "ArgMax", [x], [.int("axis", dim), .int("keepdims", 1)]),
        ]
    }

    private func meanAndVariance(_ dims: [Int], into graph: inout ONNXGraphBuilder) -> [String] {
        let mean = graph.reduced("ReduceMean", x, dims)
        let distance = graph.add("Sub", [x, mean])
        return [mean, graph.reduced("ReduceMean", graph.add("Mul", [distance, distance]), dims)]
    }

    private func scatter(
        _ reduction: ScatterReduction, _ dim: Int, into graph: inout ONNXGraphBuilder
    ) throws -> String {
        if reduction == .set { return graph.add("ScatterElements", inputs, [.int("axis", dim)]) }
        let names: [ScatterReduction: String] = [.add: "add", .product: "mul"]
        guard let name = names[reduction] else { throw unsupported("scatter with \(reduction)") }
        guard graph.operatorSet >= 16 else { throw unsupported("scatter with \(reduction) before opset 16") }
        return graph.add("ScatterElements", inputs, [.int("axis", dim), .string("reduction", name)])
    }
}
