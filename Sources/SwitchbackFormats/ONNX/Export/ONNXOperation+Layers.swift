import Switchback

// Products, convolutions, poolings, normalizations and attention.

extension ONNXOperation {
    func layer(_ operation: TraceOperation, into graph: inout ONNXGraphBuilder) throws -> String {
        switch operation {
        case .matmul: return graph.add("MatMul", inputs)
        case .linear: return graph.add("Gemm", inputs, [.int("transB", 1)])
        case .convolution(let form, let end):
            return graph.add("Conv", inputs, filter(form) + [pads(form.padding, end)])
        case .transposedConvolution(let form, let rest):
            return graph.add(
                "ConvTranspose", inputs,
                filter(form) + [pads(form.padding, form.padding), .ints("output_padding", rest.list)])
        case .maxPool(let form, let end):
            return graph.add(
                "MaxPool", [x], window(form) + [pads(form.padding, end), .ints("dilations", form.dilation.list)])
        case .averagePool(let form, let end):
            let counting = ONNXAttributeProto.int("count_include_pad", form.countsPadding ? 1 : 0)
            return graph.add("AveragePool", [x], window(form) + [pads(form.padding, end), counting])
        case .globalAverage: return graph.add("GlobalAveragePool", [x])
        case .resize(let form): return resize(form, into: &graph)
        case .softmax(let dim, let logarithm):
            return graph.add(logarithm ? "LogSoftmax" : "Softmax", [x], [.int("axis", dim)])
        case .layerNorm(let dims, let epsilon, let hasWeight, let hasBias):
            return layerNorm(dims, epsilon, hasWeight, hasBias, into: &graph)
        case .rmsNorm(let dims, let epsilon, let hasWeight):
            return rmsNorm(dims, epsilon, hasWeight, into: &graph)
        case .attention(let isCausal, let scale): return try attention(isCausal, scale, into: &graph)
        default: throw unsupported("the operation \(operation)")
        }
    }

    // MARK: Windows

    private func filter(_ form: Convolution2D) -> [ONNXAttributeProto] {
        [
            .ints("kernel_shape", shapes[1][2...].map(\.fixed)), .ints("strides", form.stride.list),
            .ints("dilations", form.dilation.list), .int("group", form.groups),
        ]
    }

    private func window(_ form: Pooling2D) -> [ONNXAttributeProto] {
        [.ints("kernel_shape", form.kernelSize.list), .ints("strides", form.stride.list)]
    }

    private func pads(_ begin: IntPair, _ end: IntPair) -> ONNXAttributeProto { .ints("pads", begin.list + end.list) }

    /// Sizes are the height and the width of the result.
    private func resize(_ form: Resizing, into graph: inout ONNXGraphBuilder) -> String {
        let (mode, transformation, rounding) =
            switch form.mode {
            case .nearest: ("nearest", "asymmetric", "floor")
            case .nearestExact: ("nearest", "half_pixel", "round_prefer_ceil")
            case .cubic: ("cubic", form.alignCorners ? "align_corners" : "half_pixel", "floor")
            default: ("linear", form.alignCorners ? "align_corners" : "half_pixel", "floor")
            }
        let attributes: [ONNXAttributeProto] = [
            .string("mode", mode), .string("coordinate_transformation_mode", transformation),
            .string("nearest_mode", rounding), .float("cubic_coeff_a", -0.75),
        ]
        if let rows = sizes[0].multiple(of: shapes[0][2]), let columns = sizes[1].multiple(of: shapes[0][3]) {
            let scales = graph.constant(
                Tensor([1, 1, rows, columns], shape: [4], dtype: .float32).array, name: "scales")
            return graph.add("Resize", [x, "", scales], attributes)
        }
        return graph.add("Resize", [x, "", "", graph.shape(shapes[0].prefix(2) + sizes)], attributes)
    }

    // MARK: Normalization

    private func layerNorm(
        _ dims: Int, _ epsilon: Double, _ hasWeight: Bool, _ hasBias: Bool, into graph: inout ONNXGraphBuilder
    ) -> String {
        let form = Shape(shapes[0].suffix(dims).map(\.fixed))
        let weight = hasWeight ? inputs[1] : graph.constant(Tensor.ones(form, dtype: dtype).array, name: "ones")
        let bias = hasBias ? inputs[hasWeight ? 2 : 1] : nil
        guard graph.operatorSet < 17 else {
            return graph.add(
                "LayerNormalization", [x, weight] + (bias.map { [$0] } ?? []),
                [.int("axis", -dims), .float("epsilon", epsilon)])
        }
        let axes = Array(rank - dims..<rank)
        let distance = graph.add("Sub", [x, graph.reduced("ReduceMean", x, axes)])
        let variance = graph.reduced("ReduceMean", graph.add("Mul", [distance, distance]), axes)
        let root = graph.add("Sqrt", [graph.add("Add", [variance, graph.number(epsilon, dtype)])])
        let scaled = graph.add("Mul", [graph.add("Div", [distance, root]), weight])
        return bias.map { graph.add("Add", [scaled, $0]) } ?? scaled
    }

    private func rmsNorm(
        _ dims: Int, _ epsilon: Double, _ hasWeight: Bool, into graph: inout ONNXGraphBuilder
    ) -> String {
        let axes = Array(rank - dims..<rank)
        let mean = graph.reduced("ReduceMean", graph.add("Mul", [x, x]), axes)
        let root = graph.add("Sqrt", [graph.add("Add", [mean, graph.number(epsilon, dtype)])])
        let normalized = graph.add("Div", [x, root])
        return hasWeight ? graph.add("Mul", [normalized, inputs[1]]) : normalized
    }

    // MARK: Attention

    /// softmax(scale · q kᵀ + mask) v for [N, H, T, D], [N, H, S, D] and [N, H, S, E].
    private func attention(
        _ isCausal: Bool, _ scale: Double, into graph: inout ONNXGraphBuilder
    ) throws -> String {
        let keys = graph.add("Transpose", [inputs[1]], [.ints("perm", [0, 1, 3, 2])])
        let query = graph.add("Mul", [x, graph.number(scale, dtype)])
        var scores = graph.add("MatMul", [query, keys])
        if isCausal {
            let (queries, keys) = (shapes[0][2], shapes[1][2])
            guard queries.isFixed, keys.isFixed else { throw unsupported("a causal mask as large as the batch") }
            let hidden = Tensor.ones([queries.fixed, keys.fixed], dtype: .bool).triu(1)
            let mask = Tensor.zeros([queries.fixed, keys.fixed]).maskedFill(hidden, -Double.infinity).to(dtype)
            scores = graph.add("Add", [scores, graph.constant(mask.array, name: "causal_mask")])
        }
        return graph.add("MatMul", [graph.add("Softmax", [scores], [.int("axis", 3)]), inputs[2]])
    }
}

extension IntPair {
    fileprivate var list: [Int] { [height, width] }
}
