import Switchback

// Products, convolutions and poolings.

extension ONNXOperators {
    static let layers: [String: ONNXOperator] = [
        "MatMul": { call in
            let (a, b) = (try call.numbers(0), try call.numbers(1))
            try call.require(
                a.dtype == b.dtype && a.rank > 0 && b.rank > 0
                    && a.shape[a.rank - 1] == b.shape[max(b.rank - 2, 0)], "\(a.shape) × \(b.shape) is not a product")
            let batches = [a, b].map { Shape($0.shape.dropLast(2)) }
            try call.requireBroadcast(batches)
            let batch = Shape.onnxBroadcast(batches[0], batches[1]) ?? []
            _ = try call.allow(batch + [a.rank > 1 ? a.shape[a.rank - 2] : 1, b.rank > 1 ? b.shape[b.rank - 1] : 1])
            return [a.matmul(b)]
        },
        "Gemm": gemm, "Conv": convolution, "ConvTranspose": transposedConvolution, "MaxPool": maxPool,
        "AveragePool": averagePool, "Resize": resize,
        "GlobalAveragePool": global { $0.mean(dims: $1, keepDim: true) },
        "GlobalMaxPool": global { $0.amax(dims: $1, keepDim: true) },
    ]

    private static let gemm: ONNXOperator = { call in
        var (a, b) = (try call.numbers(0), try call.numbers(1))
        try call.require(a.rank == 2 && b.rank == 2 && a.dtype == b.dtype, "\(a.shape) and \(b.shape) are not matrices")
        if call.node.flag("transA") { a = a.t() }
        if call.node.flag("transB") { b = b.t() }
        try call.require(a.shape[1] == b.shape[0], "\(a.shape) × \(b.shape) is not a product")
        _ = try call.allow([a.shape[0], b.shape[1]])
        var product = a.matmul(b)
        if let alpha = call.node.float("alpha"), alpha != 1 { product = (product * alpha).to(a.dtype) }
        guard let c = call.optional(2) else { return [product] }
        let bias = try call.numbers(2)
        try call.require(
            c.dtype == a.dtype && Shape.onnxBroadcast(c.shape, product.shape) == product.shape,
            "what is added has shape \(c.shape), and the product \(product.shape)")
        let beta = call.node.float("beta") ?? 1
        return [product + (beta == 1 ? bias : (bias * beta).to(a.dtype))]
    }

    // MARK: Convolution

    static let convolution: ONNXOperator = { call in
        let x = try call.floats()
        let weight = try call.floats(1, like: x)
        let groups = call.node.int("group") ?? 1
        try call.require(
            (3...5).contains(x.rank) && weight.rank == x.rank && groups > 0 && x.shape[1] / groups == weight.shape[1]
                && x.shape[1] % groups == 0 && weight.shape[0] % groups == 0 && x.count > 0 && weight.count > 0,
            "an image of \(x.shape) does not fit a weight of \(weight.shape) in \(groups) groups")
        let bias = try bias(call, x, weight.shape[0])
        let input = Array(x.shape[2...])
        let window = try ONNXWindow(call, kernel: Array(weight.shape[2...]), input: input)
        let positions = window.positions(input, roundedUp: false)
        _ = try call.allow([x.shape[0], weight.shape[0]] + positions)
        try window.allowWork(call, x, positions)
        var image = x
        var padding = window.before
        if !window.isSymmetric {
            image = try padded(x, window, window.after, 0, call)
            padding = padding.map { _ in 0 }
        }
        switch window.rank {
        case 1:
            return [
                image.conv1d(
                    weight: weight, bias: bias, stride: window.strides[0], padding: padding[0],
                    dilation: window.dilations[0], groups: groups)
            ]
        case 2:
            return [
                image.conv2d(
                    weight: weight, bias: bias, stride: window.strides, padding: padding, dilation: window.dilations,
                    groups: groups)
            ]
        default: throw call.problem("convolution over three dimensions is not supported")
        }
    }

    private static func bias(_ call: ONNXCall, _ x: Tensor, _ channels: Int) throws -> Tensor? {
        guard call.optional(2) != nil else { return nil }
        let bias = try call.floats(2, like: x)
        try call.require(bias.shape == [channels], "the bias has shape \(bias.shape), not [\(channels)]")
        return bias
    }

    private static func padded(
        _ x: Tensor, _ window: ONNXWindow, _ after: [Int], _ value: Double, _ call: ONNXCall
    ) throws -> Tensor {
        let spatial = (0..<window.rank).map { x.shape[2 + $0] + window.before[$0] + after[$0] }
        _ = try call.allow([x.shape[0], x.shape[1]] + spatial)
        return x.pad(window.frame(after), mode: .constant(value))
    }

    private static let transposedConvolution: ONNXOperator = { call in
        let x = try call.floats()
        let weight = try call.floats(1, like: x)
        let groups = call.node.int("group") ?? 1
        try call.require(
            (3...4).contains(x.rank) && weight.rank == x.rank && groups > 0 && x.shape[1] == weight.shape[0]
                && x.shape[1] % groups == 0 && x.count > 0 && weight.count > 0,
            "an image of \(x.shape) does not fit a weight of \(weight.shape) in \(groups) groups")
        let window = try ONNXTransposedWindow(
            call, kernel: Array(weight.shape[2...]), input: Array(x.shape[2...]))
        let channels = weight.shape[1] * groups
        _ = try call.allow([x.shape[0], channels] + window.full)
        let bias = try bias(call, x, channels)
        let (strides, dilations) = (window.strides, window.dilations)
        let whole =
            window.full.count == 1
            ? x.convTranspose1d(weight: weight, stride: strides[0], groups: groups, dilation: dilations[0])
            : x.convTranspose2d(weight: weight, stride: strides, groups: groups, dilation: dilations)
        let result = whole.pad(window.frame)
        return [bias.map { result + $0.reshape(Shape([channels] + strides.map { _ in 1 })) } ?? result]
    }

    // MARK: Pooling

    private static func pooled(
        _ call: ONNXCall, _ body: (Tensor, ONNXWindow, _ positions: [Int]) throws -> Tensor
    ) throws -> [Tensor] {
        let x = try call.numbers()
        guard (3...4).contains(x.rank), let kernel = call.node.ints("kernel_shape"), x.count > 0 else {
            throw call.problem("pooling is supported for [N, C, L] and [N, C, H, W], and its operand is \(x.shape)")
        }
        let window = try ONNXWindow(call, kernel: kernel, input: Array(x.shape[2...]))
        let positions = window.positions(Array(x.shape[2...]), roundedUp: call.node.flag("ceil_mode"))
        _ = try call.allow([x.shape[0], x.shape[1]] + positions)
        try window.allowWork(call, x, positions)
        return [try body(x, window, positions)]
    }

    private static let maxPool: ONNXOperator = { call in
        try call.require(call.node.outputs.count == 1, "the places of maxima are not computed")
        return try pooled(call) { x, window, positions in
            let lowest = x.dtype.isFloatingPoint ? -Double.infinity : x.dtype == .uint8 ? 0 : -0x1p31
            let image = try padded(x, window, window.reach(positions, Array(x.shape[2...])), lowest, call)
            let (kernel, strides, dilations) = (window.kernel, window.strides, window.dilations)
            return window.rank == 1
                ? image.maxPool1d(kernelSize: kernel[0], stride: strides[0], dilation: dilations[0])
                : image.maxPool2d(kernelSize: kernel, stride: strides, dilation: dilations)
        }
    }

    /// The sum of each window divided by the sum of ones, where padding counts or does not.
    private static let averagePool: ONNXOperator = { call in
        try pooled(call) { x, window, positions in
            try call.require(x.dtype.isFloatingPoint, "averages are of floating-point numbers")
            try call.require(window.dilations.allSatisfy { $0 == 1 }, "windows with gaps are not averaged")
            let reach = window.reach(positions, Array(x.shape[2...]))
            let counts = call.node.flag("count_include_pad")
            // Ones where an element counts; what a window reaches beyond the padding never does.
            var ones = Tensor.ones(Shape([1, 1] + x.shape[2...]), dtype: x.dtype)
            if counts {
                ones = ones.pad(window.frame(window.after), mode: .constant(1))
                let beyond = (0..<window.rank).reversed().flatMap { [0, max(0, reach[$0] - window.after[$0])] }
                ones = ones.pad(beyond)
            } else {
                ones = ones.pad(window.frame(reach))
            }
            let image = try padded(x, window, reach, 0, call)
            func average(_ x: Tensor) -> Tensor {
                window.rank == 1
                    ? x.avgPool1d(kernelSize: window.kernel[0], stride: window.strides[0])
                    : x.avgPool2d(kernelSize: window.kernel, stride: window.strides)
            }
            let extent = counts ? (0..<window.rank).map { max(reach[$0], window.after[$0]) } : reach
            let source = extent == reach ? image : try padded(x, window, extent, 0, call)
            return average(source) / average(ones)
        }
    }

    private static func global(_ body: @escaping @Sendable (Tensor, [Int]) -> Tensor) -> ONNXOperator {
        { call in
            let x = try call.floats()
            try call.require(x.rank > 2 && x.count > 0, "its operand has shape \(x.shape), not [N, C, …]")
            return [body(x, Array(2..<x.rank))]
        }
    }

    // MARK: Resampling

    private static let resize: ONNXOperator = { call in
        let x = try call.floats()
        try call.require(x.rank == 4 && x.count > 0, "resizing is supported for [N, C, H, W], not on \(x.shape)")
        let scales = call.optional(call.version < 11 ? 1 : 2)?.toArray(as: Double.self) ?? []
        let sizes = try call.integers(3) ?? []
        let mode = call.node.text("mode") ?? "nearest"
        let place = call.node.text("coordinate_transformation_mode") ?? "half_pixel"
        let rounding = call.node.text("nearest_mode") ?? "round_prefer_floor"
        let modes: [String: (InterpolationMode, Bool)] = [
            "nearest asymmetric floor": (.nearest, false),
            "nearest half_pixel round_prefer_ceil": (.nearestExact, false),
            "linear half_pixel": (.linear, false), "linear pytorch_half_pixel": (.linear, false),
            "linear align_corners": (.linear, true), "cubic half_pixel": (.cubic, false),
            "cubic align_corners": (.cubic, true),
        ]
        guard
            let (interpolation, corners) = modes[
                mode == "nearest" ? "\(mode) \(place) \(rounding)" : "\(mode) \(place)"],
            !call.node.flag("antialias"), !call.node.flag("exclude_outside"), call.node.ints("axes") == nil,
            ["stretch", nil].contains(call.node.text("keep_aspect_ratio_policy")),
            mode != "cubic" || abs((call.node.float("cubic_coeff_a") ?? -0.75) + 0.75) < 1e-6
        else { throw call.problem("resizing with \(mode), \(place) and \(rounding) is not supported") }
        if sizes.count == 4 {
            _ = try call.allow(sizes)
            try call.require(
                sizes[0] == x.shape[0] && sizes[1] == x.shape[1] && sizes[2] > 0 && sizes[3] > 0,
                "only height and width are resized")
            try call.require(
                place != "pytorch_half_pixel" || (sizes[2] > 1 && sizes[3] > 1),
                "resizing with \(place) to one row or column is not supported")
            return [x.interpolate(size: [sizes[2], sizes[3]], mode: interpolation, alignCorners: corners)]
        }
        try call.require(
            scales.count == 4 && scales[0] == 1 && scales[1] == 1 && scales[2] == scales[3],
            "its scales \(scales) are not 1 for N and C and one for H and W")
        let grown = [x.shape[2], x.shape[3]].map { Double($0) * scales[2] }
        try call.require(grown.allSatisfy { $0 >= 1 && $0 < 1e9 }, "its scale \(scales[2]) leaves no image")
        // The corners would be those of an image with a part of a pixel.
        try call.require(
            !corners || grown.allSatisfy { $0 == $0.rounded() },
            "resizing with \(place) to \(grown) pixels is not supported")
        _ = try call.allow([x.shape[0], x.shape[1]] + grown.map { Int($0) })
        return [x.interpolate(scaleFactor: scales[2], mode: interpolation, alignCorners: corners)]
    }
}
