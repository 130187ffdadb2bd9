import Switchback

extension OperatorCall {
    /// Height and width: one number stands for both.
    fileprivate func pair(_ position: Int?, _ name: String) -> [Int]? {
        given(position, name).map { $0.count == 1 ? [$0[0], $0[0]] : $0 }
    }

    fileprivate func triple(_ position: Int?, _ name: String) -> [Int]? {
        given(position, name).map { $0.count == 1 ? [$0[0], $0[0], $0[0]] : $0 }
    }

    fileprivate func single(_ position: Int?, _ name: String) -> Int? { given(position, name)?.first }

    /// A list of integers; an empty one counts as left out.
    private func given(_ position: Int?, _ name: String) -> [Int]? {
        ints(position, name).flatMap { $0.isEmpty ? nil : $0 }
    }
}

/// Products.
let torchProducts: [String: TorchOperator] = [
    "matmul": { [try $0.tensor(0).matmul($0.tensor(1))] }, "mm": { [try $0.tensor(0).mm($0.tensor(1))] },
    "bmm": { [try $0.tensor(0).bmm($0.tensor(1))] }, "mv": { [try $0.tensor(0).mv($0.tensor(1))] },
    "dot": { [try $0.tensor(0).dot($0.tensor(1))] }, "outer": { [try $0.tensor(0).outer($0.tensor(1))] },
    "inner": { [try $0.tensor(0).inner($0.tensor(1))] },
    "linalg.cross": { [try $0.tensor(0).cross($0.tensor(1), dim: $0.int(2, "dim") ?? -1)] },
    "cross": { call in
        // Without one, the first dimension of three elements; PyTorch advises against that.
        let dim = try call.int(2, "dim") ?? call.tensor(0).shape.firstIndex(of: 3)!
        return [try call.tensor(0).cross(call.tensor(1), dim: dim)]
    },
    "kron": { [try $0.tensor(0).kron($0.tensor(1))] },
    "addmm": scaledProduct { $0.addmm($1, $2, beta: $3, alpha: $4) },
    "baddbmm": scaledProduct { $0.baddbmm($1, $2, beta: $3, alpha: $4) },
    "addmv": scaledProduct { $0.addmv($1, $2, beta: $3, alpha: $4) },
    "cdist": { [try $0.tensor(0).cdist($0.tensor(1), p: $0.double(2, "p") ?? 2)] },
    "einsum": { call in
        if let equation = call.string(0) { return [Tensor.einsum(equation, try call.tensors(1))] }
        return [Tensor.einsum(call.string(1)!, try call.tensors(0))]
    },
    "tensordot": { call in
        if let dims = call.int(2, "dims") { return [try call.tensor(0).tensordot(call.tensor(1), dims: dims)] }
        let pairs = try call.lists(2, "dims")
        return [try call.tensor(0).tensordot(call.tensor(1), dims: (pairs[0], pairs[1]))]
    },
    "nn.functional.linear": { [try $0.tensor(0).linear(weight: $0.tensor(1), bias: $0.optionalTensor(2, "bias"))] },
    "nn.functional.bilinear": { call in
        [try call.tensor(0).bilinear(call.tensor(1), weight: call.tensor(2), bias: call.optionalTensor(3, "bias"))]
    },
    "nn.functional.scaled_dot_product_attention": { call in
        return [
            Tensor.scaledDotProductAttention(
                try call.tensor(0), try call.tensor(1), try call.tensor(2),
                mask: try call.optionalTensor(3, "attn_mask"),
                isCausal: call.bool(nil, "is_causal") ?? false, scale: call.double(nil, "scale"),
                enableGQA: call.bool(nil, "enable_gqa") ?? false)
        ]
    },
]

private func scaledProduct(
    _ run: @escaping @Sendable (Tensor, Tensor, Tensor, Double, Double) -> Tensor
) -> TorchOperator {
    { call in
        let (beta, alpha) = (call.double(nil, "beta") ?? 1, call.double(nil, "alpha") ?? 1)
        return [run(try call.tensor(0), try call.tensor(1), try call.tensor(2), beta, alpha)]
    }
}

/// Normalizations and softmax.
let torchNormalizations: [String: TorchOperator] = [
    "softmax": softmax { $0.softmax(dim: $1) }, "softmax/with_dtype": softmax { $0.softmax(dim: $1) },
    "log_softmax": softmax { $0.logSoftmax(dim: $1) }, "log_softmax/with_dtype": softmax { $0.logSoftmax(dim: $1) },
    "nn.functional.softmin": softmax { $0.softmin(dim: $1) },
    "nn.functional.softmin/with_dtype": softmax { $0.softmin(dim: $1) },
    "nn.functional.layer_norm": { call in
        [
            try call.tensor(0).layerNorm(
                Shape(call.ints(1)!), weight: call.optionalTensor(2, "weight"), bias: call.optionalTensor(3, "bias"),
                eps: call.double(4, "eps") ?? 1e-5)
        ]
    },
    "nn.functional.rms_norm": { call in
        [
            try call.tensor(0).rmsNorm(
                Shape(call.ints(1)!), weight: call.optionalTensor(2, "weight"), eps: call.double(3, "eps"))
        ]
    },
    "nn.functional.group_norm": { call in
        [
            try call.tensor(0).groupNorm(
                groups: call.int(1)!, weight: call.optionalTensor(2, "weight"), bias: call.optionalTensor(3, "bias"),
                eps: call.double(4, "eps") ?? 1e-5)
        ]
    },
    "nn.functional.instance_norm": { call in
        [
            try call.tensor(0).instanceNorm(
                runningMean: call.optionalTensor(1, "running_mean"), runningVar: call.optionalTensor(2, "running_var"),
                weight: call.optionalTensor(3, "weight"), bias: call.optionalTensor(4, "bias"),
                useInputStats: call.bool(5, "use_input_stats") ?? true, momentum: call.double(6, "momentum") ?? 0.1,
                eps: call.double(7, "eps") ?? 1e-5)
        ]
    },
    "nn.functional.batch_norm": batchNorm, "nn.functional.batch_norm/without_cudnn": batchNorm,
    "nn.functional.local_response_norm": { call in
        [
            try call.tensor(0).localResponseNorm(
                size: call.int(1)!, alpha: call.double(2, "alpha") ?? 1e-4, beta: call.double(3, "beta") ?? 0.75,
                k: call.double(4, "k") ?? 1)
        ]
    },
    "nn.functional.normalize": { call in
        [
            try call.tensor(0).normalize(
                p: call.double(1, "p") ?? 2, dim: call.int(2, "dim") ?? 1, eps: call.double(3, "eps") ?? 1e-12)
        ]
    },
    "nn.functional.cosine_similarity": { call in
        [
            try call.tensor(0).cosineSimilarity(
                call.tensor(1), dim: call.int(2, "dim") ?? 1, eps: call.double(3, "eps") ?? 1e-8)
        ]
    },
]

private func softmax(_ run: @escaping @Sendable (Tensor, Int) -> Tensor) -> TorchOperator {
    { call in
        let x = try call.dtype(nil).map { try call.tensor(0).to($0) } ?? call.tensor(0)
        return [run(x, try call.required(1, "dim"))]
    }
}

private let batchNorm: TorchOperator = { call in
    [
        try call.tensor(0).batchNorm(
            runningMean: call.optionalTensor(1, "running_mean"), runningVar: call.optionalTensor(2, "running_var"),
            weight: call.optionalTensor(3, "weight"), bias: call.optionalTensor(4, "bias"),
            training: call.bool(5, "training") ?? false, momentum: call.double(6, "momentum") ?? 0.1,
            eps: call.double(7, "eps") ?? 1e-5)
    ]
}

/// Convolutions and what they are made of.
let torchConvolutions: [String: TorchOperator] = [
    "nn.functional.conv1d": { call in
        let padding: ConvolutionPadding =
            call.string(nil, "padding").map { $0 == "same" ? ConvolutionPadding.same : ConvolutionPadding.valid }
            ?? (call.single(4, "padding") ?? 0).convolutionPadding
        return [
            try call.tensor(0).conv1d(
                weight: call.tensor(1), bias: call.optionalTensor(2, "bias"), stride: call.single(3, "stride") ?? 1,
                padding: padding, dilation: call.single(5, "dilation") ?? 1, groups: call.int(6, "groups") ?? 1)
        ]
    },
    "nn.functional.conv2d": { call in
        let padding: ConvolutionPadding =
            call.string(nil, "padding").map { $0 == "same" ? ConvolutionPadding.same : ConvolutionPadding.valid }
            ?? (call.pair(4, "padding") ?? [0, 0]).convolutionPadding
        return [
            try call.tensor(0).conv2d(
                weight: call.tensor(1), bias: call.optionalTensor(2, "bias"), stride: call.pair(3, "stride") ?? [1, 1],
                padding: padding, dilation: call.pair(5, "dilation") ?? [1, 1], groups: call.int(6, "groups") ?? 1)
        ]
    },
    "nn.functional.conv3d": { call in
        let padding: VolumePadding =
            call.string(nil, "padding").map { $0 == "same" ? VolumePadding.same : VolumePadding.valid }
            ?? (call.triple(4, "padding") ?? [0, 0, 0]).volumePadding
        return [
            try call.tensor(0).conv3d(
                weight: call.tensor(1), bias: call.optionalTensor(2, "bias"),
                stride: call.triple(3, "stride") ?? [1, 1, 1],
                padding: padding, dilation: call.triple(5, "dilation") ?? [1, 1, 1],
                groups: call.int(6, "groups") ?? 1)
        ]
    },
    "nn.functional.conv_transpose1d": { call in
        [
            try call.tensor(0).convTranspose1d(
                weight: call.tensor(1), bias: call.optionalTensor(2, "bias"), stride: call.single(3, "stride") ?? 1,
                padding: call.single(4, "padding") ?? 0, outputPadding: call.single(5, "output_padding") ?? 0,
                groups: call.int(6, "groups") ?? 1, dilation: call.single(7, "dilation") ?? 1)
        ]
    },
    "nn.functional.conv_transpose2d": { call in
        [
            try call.tensor(0).convTranspose2d(
                weight: call.tensor(1), bias: call.optionalTensor(2, "bias"), stride: call.pair(3, "stride") ?? [1, 1],
                padding: call.pair(4, "padding") ?? [0, 0], outputPadding: call.pair(5, "output_padding") ?? [0, 0],
                groups: call.int(6, "groups") ?? 1, dilation: call.pair(7, "dilation") ?? [1, 1])
        ]
    },
    "nn.functional.conv_transpose3d": { call in
        [
            try call.tensor(0).convTranspose3d(
                weight: call.tensor(1), bias: call.optionalTensor(2, "bias"),
                stride: call.triple(3, "stride") ?? [1, 1, 1],
                padding: call.triple(4, "padding") ?? [0, 0, 0],
                outputPadding: call.triple(5, "output_padding") ?? [0, 0, 0], groups: call.int(6, "groups") ?? 1,
                dilation: call.triple(7, "dilation") ?? [1, 1, 1])
        ]
    },
    "nn.functional.unfold": { call in
        [
            try call.tensor(0).unfold(
                kernelSize: call.pair(1, "kernel_size")!, dilation: call.pair(2, "dilation") ?? [1, 1],
                padding: call.pair(3, "padding") ?? [0, 0], stride: call.pair(4, "stride") ?? [1, 1])
        ]
    },
    "nn.functional.pixel_shuffle": { [try $0.tensor(0).pixelShuffle($0.int(1, "upscale_factor")!)] },
    "nn.functional.pixel_unshuffle": { [try $0.tensor(0).pixelUnshuffle($0.int(1, "downscale_factor")!)] },
]

/// Pooling.
let torchPoolings: [String: TorchOperator] = [
    "nn.functional.max_pool1d": { call in
        let x = try call.tensor(0)
        let (size, stride) = (call.single(1, "kernel_size")!, call.single(2, "stride"))
        let (padding, dilation) = (call.single(3, "padding") ?? 0, call.single(4, "dilation") ?? 1)
        let (ceils, indexed) = (call.bool(5, "ceil_mode") ?? false, call.bool(nil, "return_indices") ?? false)
        let (values, indices) = x.maxPool1dWithIndices(
            kernelSize: size, stride: stride, padding: padding, dilation: dilation, ceilMode: ceils)
        if indexed { return [values, indices] }
        return [x.maxPool1d(kernelSize: size, stride: stride, padding: padding, dilation: dilation, ceilMode: ceils)]
    },
    "nn.functional.max_pool2d": { call in
        let x = try call.tensor(0)
        let (size, stride) = (call.pair(1, "kernel_size")!, call.pair(2, "stride"))
        let (padding, dilation) = (call.pair(3, "padding") ?? [0, 0], call.pair(4, "dilation") ?? [1, 1])
        let (ceils, indexed) = (call.bool(5, "ceil_mode") ?? false, call.bool(nil, "return_indices") ?? false)
        let (values, indices) = x.maxPool2dWithIndices(
            kernelSize: size, stride: stride, padding: padding, dilation: dilation, ceilMode: ceils)
        if indexed { return [values, indices] }
        return [x.maxPool2d(kernelSize: size, stride: stride, padding: padding, dilation: dilation, ceilMode: ceils)]
    },
    "nn.functional.max_pool3d": { call in
        let x = try call.tensor(0)
        let (size, stride) = (call.triple(1, "kernel_size")!, call.triple(2, "stride"))
        let (padding, dilation) = (call.triple(3, "padding") ?? [0, 0, 0], call.triple(4, "dilation") ?? [1, 1, 1])
        let (ceils, indexed) = (call.bool(5, "ceil_mode") ?? false, call.bool(nil, "return_indices") ?? false)
        let (values, indices) = x.maxPool3dWithIndices(
            kernelSize: size, stride: stride, padding: padding, dilation: dilation, ceilMode: ceils)
        if indexed { return [values, indices] }
        return [x.maxPool3d(kernelSize: size, stride: stride, padding: padding, dilation: dilation, ceilMode: ceils)]
    },
    "nn.functional.avg_pool3d": { call in
        [
            try call.tensor(0).avgPool3d(
                kernelSize: call.triple(1, "kernel_size")!, stride: call.triple(2, "stride"),
                padding: call.triple(3, "padding") ?? [0, 0, 0], ceilMode: call.bool(4, "ceil_mode") ?? false,
                countIncludePad: call.bool(5, "count_include_pad") ?? true,
                divisorOverride: call.int(6, "divisor_override"))
        ]
    },
    "nn.functional.max_unpool1d": { call in
        [
            try call.tensor(0).maxUnpool1d(
                call.tensor(1), kernelSize: call.single(2, "kernel_size")!, stride: call.single(3, "stride"),
                padding: call.single(4, "padding") ?? 0, outputSize: call.ints(5, "output_size"))
        ]
    },
    "nn.functional.max_unpool2d": { call in
        [
            try call.tensor(0).maxUnpool2d(
                call.tensor(1), kernelSize: call.pair(2, "kernel_size")!, stride: call.pair(3, "stride"),
                padding: call.pair(4, "padding") ?? [0, 0], outputSize: call.ints(5, "output_size"))
        ]
    },
    "nn.functional.max_unpool3d": { call in
        [
            try call.tensor(0).maxUnpool3d(
                call.tensor(1), kernelSize: call.triple(2, "kernel_size")!, stride: call.triple(3, "stride"),
                padding: call.triple(4, "padding") ?? [0, 0, 0], outputSize: call.ints(5, "output_size"))
        ]
    },
    "nn.functional.avg_pool1d": { call in
        [
            try call.tensor(0).avgPool1d(
                kernelSize: call.single(1, "kernel_size")!, stride: call.single(2, "stride"),
                padding: call.single(3, "padding") ?? 0, ceilMode: call.bool(4, "ceil_mode") ?? false,
                countIncludePad: call.bool(5, "count_include_pad") ?? true)
        ]
    },
    "nn.functional.avg_pool2d": { call in
        [
            try call.tensor(0).avgPool2d(
                kernelSize: call.pair(1, "kernel_size")!, stride: call.pair(2, "stride"),
                padding: call.pair(3, "padding") ?? [0, 0], ceilMode: call.bool(4, "ceil_mode") ?? false,
                countIncludePad: call.bool(5, "count_include_pad") ?? true,
                divisorOverride: call.int(6, "divisor_override"))
        ]
    },
    "nn.functional.adaptive_avg_pool1d": { call in
        [try call.tensor(0).adaptiveAvgPool1d(outputSize: call.single(1, "output_size")!)]
    },
    "nn.functional.adaptive_avg_pool2d": {
        [try $0.tensor(0).adaptiveAvgPool2d(outputSize: $0.pair(1, "output_size")!)]
    },
    "nn.functional.adaptive_max_pool1d": { call in
        let (values, indices) = try call.tensor(0).adaptiveMaxPool1dWithIndices(
            outputSize: call.single(1, "output_size")!)
        return call.bool(2, "return_indices") ?? false ? [values, indices] : [values]
    },
    "nn.functional.adaptive_max_pool2d": { call in
        // PyTorch's samples always ask for the positions.
        let (values, indices) = try call.tensor(0).adaptiveMaxPool2dWithIndices(
            outputSize: call.pair(1, "output_size")!)
        return [values, indices]
    },
    "nn.functional.adaptive_max_pool3d": { call in
        // PyTorch's samples always ask for the positions.
        let (values, indices) = try call.tensor(0).adaptiveMaxPool3dWithIndices(
            outputSize: call.triple(1, "output_size")!)
        return [values, indices]
    },
    "nn.functional.adaptive_avg_pool3d": {
        [try $0.tensor(0).adaptiveAvgPool3d(outputSize: $0.triple(1, "output_size")!)]
    },
]

/// Resizing and sampling of images.
let torchResamplings: [String: TorchOperator] = [
    "nn.functional.interpolate/nearest": interpolate, "nn.functional.interpolate/nearest-exact": interpolate,
    "nn.functional.interpolate/linear": interpolate, "nn.functional.interpolate/bilinear": interpolate,
    "nn.functional.interpolate/bicubic": interpolate, "nn.functional.interpolate/area": interpolate,
    "nn.functional.interpolate/trilinear": interpolate,
    "nn.functional.grid_sample": { call in
        [
            try call.tensor(0).gridSample(
                grid: call.tensor(1), mode: GridSampleMode(rawValue: call.string(2, "mode") ?? "bilinear")!,
                paddingMode: GridSamplePadding(rawValue: call.string(3, "padding_mode") ?? "zeros")!,
                alignCorners: call.bool(4, "align_corners") ?? false)
        ]
    },
]

private let interpolate: TorchOperator = { call in
    let modes: [String: InterpolationMode] = [
        "nearest": .nearest, "nearest-exact": .nearestExact, "linear": .linear, "bilinear": .bilinear,
        "bicubic": .bicubic, "area": .area, "trilinear": .linear,
    ]
    let x = try call.tensor(0)
    let recomputes = call.bool(nil, "recompute_scale_factor") ?? false
    let size = x.rank == 3 ? call.ints(1, "size").map { [1, $0[0]] } : call.pair(1, "size")
    guard call.doubles(2, "scale_factor").map({ Set($0).count == 1 }) ?? true else {
        throw OperatorCall.Missing(description: "two scale factors")
    }
    if x.rank == 5 {
        return [
            x.interpolateVolume(
                size: call.triple(1, "size"), scaleFactor: call.doubles(2, "scale_factor")?.first,
                mode: modes[call.string(3, "mode") ?? "nearest"]!, alignCorners: call.bool(4, "align_corners") ?? false,
                recomputeScaleFactor: recomputes)
        ]
    }
    return [
        x.interpolate(
            size: size, scaleFactor: call.doubles(2, "scale_factor")?.first,
            mode: modes[call.string(3, "mode") ?? "nearest"]!, alignCorners: call.bool(4, "align_corners") ?? false,
            antialias: call.bool(nil, "antialias") ?? false, recomputeScaleFactor: recomputes)
    ]
}
