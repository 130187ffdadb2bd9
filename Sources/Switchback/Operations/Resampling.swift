extension Tensor {
    /// An image of another size: [N, C, H, W] → [N, C, H', W'], or a sequence [N, C, L] → [N, C, L'].
    ///
    /// Give either the size or the factor; with a factor the size is ⌊H · factor⌋.
    ///
    /// - Parameters:
    ///   - size: the new height and width, or length.
    ///   - scaleFactor: by how much height and width, or the length, grow.
    ///   - alignCorners: whether the centers of the corner pixels coincide, instead of the outer corners of the images;
    ///     for `.linear` and `.cubic`.
    ///   - antialias: whether pixels are averaged over the area that an output pixel covers when the image shrinks;
    ///     for `.linear` and `.cubic`.
    ///   - recomputeScaleFactor: whether positions follow from the sizes of both images instead of from the factor, which
    ///     differs where that does not give whole pixels.
    public final func interpolate(
        size: (any IntPairConvertible)? = nil, scaleFactor: Double? = nil, mode: InterpolationMode = .nearest,
        alignCorners: Bool = false, antialias: Bool = false, recomputeScaleFactor: Bool = false
    ) -> Tensor {
        require(
            rank == 3 || rank == 4, "interpolate",
            "the input has shape \(shape); expected [N, C, H, W] or [N, C, L]")
        require(
            (size == nil) != (scaleFactor == nil), "interpolate", "give either the size or the scale factor")
        let step = recomputeScaleFactor ? nil : scaleFactor
        if rank == 3 {
            // A sequence is an image of height 1, which stays so.
            let length = size.map { $0.intPair.width } ?? Int(Double(shape[2]) * scaleFactor!)
            let resizing = Resizing(
                mode: mode, alignCorners: alignCorners, antialias: antialias, scaleWidth: step)
            return unsqueeze(2).interpolated(resizing, IntPair(1, length)).squeeze(2)
        }
        let resizing = Resizing(
            mode: mode, alignCorners: alignCorners, antialias: antialias, scaleHeight: step, scaleWidth: step)
        let scaled = scaleFactor.map { IntPair(Int(Double(shape[2]) * $0), Int(Double(shape[3]) * $0)) }
        return interpolated(resizing, size?.intPair ?? scaled!)
    }

    private func interpolated(_ resizing: Resizing, _ size: IntPair) -> Tensor {
        require(
            size.height > 0 && size.width > 0 && shape[2] > 0 && shape[3] > 0, "interpolate",
            "an image of shape \(shape) cannot be resized to \(size)")
        if dtype.byteCount == 2 { return to(.float32).resized(resizing, size).to(dtype) }
        if dtype.isFloatingPoint || resizing.mode == .nearest || resizing.mode == .nearestExact {
            return resized(resizing, size)
        }
        // Weights are no whole numbers: what lies between bytes is computed in float32 and rounded.
        require(
            dtype == .uint8, "interpolate", "the input is \(dtype), and \(resizing.mode) makes numbers between its own")
        return to(.float32).resized(resizing, size).round().clamp(min: 0, max: 255).to(dtype)
    }

    private func resized(_ resizing: Resizing, _ size: IntPair) -> Tensor {
        guard let result = backend.resize(array, resizing, outputSize: size) else {
            return resized(resizing, dim: 3, size.width, scale: resizing.scaleWidth)
                .resized(resizing, dim: 2, size.height, scale: resizing.scaleHeight)
        }
        let inputShape = shape
        return Tensor.record("interpolate", result, from: [self]) { _, gradient in
            [gradient.resizedBack(resizing, size, inputShape)]
        }
    }

    /// The gradient of a resized image's original, of which this tensor is the result's.
    private func resizedBack(_ resizing: Resizing, _ size: IntPair, _ inputShape: Shape) -> Tensor {
        guard let result = backend.resizeGradient(array, resizing, inputShape: inputShape) else {
            fail("interpolate", "the backend \(backend.name) has no gradient of its fused interpolation")
        }
        return Tensor.record("interpolate gradient", result, from: [self]) { _, upstream in
            [upstream.resized(resizing, size)]
        }
    }
}

// MARK: - Volumes

extension Tensor {
    /// A volume of another size: [N, C, D, H, W] → [N, C, D', H', W']. Give either the size or the factor; as
    /// `interpolate`, whose mode `.linear` is PyTorch's trilinear one here. There is no `.cubic` and no antialiasing.
    public final func interpolateVolume(
        size: [Int]? = nil, scaleFactor: Double? = nil, mode: InterpolationMode = .nearest, alignCorners: Bool = false,
        recomputeScaleFactor: Bool = false
    ) -> Tensor {
        require(rank == 5, "interpolateVolume", "the input has shape \(shape); expected [N, C, D, H, W]")
        require(
            (size == nil) != (scaleFactor == nil), "interpolateVolume", "give either the size or the scale factor")
        require(mode != .cubic, "interpolateVolume", "volumes are not interpolated in the mode cubic")
        let size = size ?? (2..<5).map { Int(Double(shape[$0]) * scaleFactor!) }
        require(
            size.count == 3 && size.allSatisfy { $0 > 0 } && shape.dropFirst(2).allSatisfy { $0 > 0 },
            "interpolateVolume",
            "a volume of shape \(shape) cannot be resized to \(size)")
        if mode == .area { return adaptiveAvgPool3d(outputSize: size) }
        let resizing = Resizing(mode: mode, alignCorners: alignCorners, antialias: false)
        let step = recomputeScaleFactor ? nil : scaleFactor
        return inFloat32 { volume in
            (0..<3).reduce(volume) { $0.resized(resizing, dim: 2 + $1, size[$1], scale: step) }
        }
    }
}

// MARK: - Interpolation along one axis

extension Tensor {
    /// Resized along one dimension: the sum of its slices, each times its weight, that each place of the result is made
    /// of.
    final func resized(_ resizing: Resizing, dim: Int, _ output: Int, scale: Double? = nil) -> Tensor {
        if output == 0 { return narrow(dim: dim, start: 0, length: 0) }
        if output == 1 && shape[dim] == 1 { return self }
        let taps = resizing.taps(shape[dim], output, scale: scale)
        let form = Shape(repeating: 1, count: rank).replacing(dim, with: output)
        let parts = (0..<taps.indices.count).map { tap -> Tensor in
            let slices = slices(dim, Tensor(taps.indices[tap], shape: [output], like: self))
            let weights = taps.weights[tap]
            if weights.allSatisfy({ $0 == 1 }) { return slices }
            let factor = Tensor(weights, shape: form, dtype: dtype, like: self)
            // What does not count must not, even if it is infinite.
            return taps.isRagged ? (slices * factor).maskedFill(factor.eq(0), 0) : slices * factor
        }
        return parts.dropFirst().reduce(parts[0], +)
    }
}

extension Resizing {
    /// For each tap the input positions, held in range, and weights of all output positions along an axis; `isRagged`
    /// where output positions have different numbers of taps, and the missing ones weigh 0.
    fileprivate func taps(
        _ input: Int, _ output: Int, scale: Double?
    ) -> (indices: [[Int]], weights: [[Double]], isRagged: Bool) {
        let step = scale.map { 1 / $0 } ?? Double(input) / Double(output)
        let all = (0..<output).map { taps($0, input, output, step) }
        let most = all.map(\.count).max() ?? 0
        let indices = (0..<most).map { tap in
            all.map { Swift.min(Swift.max(tap < $0.count ? $0[tap].index : $0[0].index, 0), input - 1) }
        }
        let weights = (0..<most).map { tap in all.map { tap < $0.count ? $0[tap].weight : 0 } }
        return (indices, weights, all.contains { $0.count != most })
    }

    /// The input positions that an output position is made of, perhaps outside the image, and how much each counts.
    private func taps(_ position: Int, _ input: Int, _ output: Int, _ step: Double) -> [(index: Int, weight: Double)] {
        switch mode {
        case .nearest:
            // PyTorch computes the position in float32.
            return [(Int(Float(position) * Float(step)), 1)]
        case .nearestExact:
            return [(Int((Float(position) + 0.5) * Float(step)), 1)]
        case .area:
            let range = position * input / output..<((position + 1) * input + output - 1) / output
            return range.map { ($0, 1 / Double(range.count)) }
        case .linear, .cubic:
            let aligned = output > 1 ? Double(input - 1) / Double(output - 1) : 0
            let step = alignCorners ? aligned : step
            if antialias { return averagedTaps(position, input, step) }
            let center = alignCorners ? Double(position) * step : (Double(position) + 0.5) * step - 0.5
            return mode == .cubic ? cubicTaps(center) : linearTaps(Swift.max(center, 0))
        }
    }

    private func linearTaps(_ center: Double) -> [(index: Int, weight: Double)] {
        let first = center.rounded(.down)
        let fraction = center - first
        return [(Int(first), 1 - fraction), (Int(first) + 1, fraction)]
    }

    private func cubicTaps(_ center: Double) -> [(index: Int, weight: Double)] {
        let first = center.rounded(.down)
        return (-1...2).map { (Int(first) + $0, cubicWeight(center - first - Double($0), a: -0.75)) }
    }

    /// All pixels under a filter that is as wide as an output pixel, weighed by it.
    private func averagedTaps(_ position: Int, _ input: Int, _ step: Double) -> [(index: Int, weight: Double)] {
        let width = Swift.max(step, 1)
        let support = (mode == .cubic ? 2 : 1) * width
        let center = (Double(position) + 0.5) * step
        let first = Swift.max(Int(center - support + 0.5), 0)
        let last = Swift.min(Int(center + support + 0.5), input)
        let weights = (first..<last).map { index -> Double in
            let distance = (Double(index) - center + 0.5) / width
            return mode == .cubic ? cubicWeight(distance, a: -0.5) : Swift.max(0, 1 - Swift.abs(distance))
        }
        let sum = weights.reduce(0, +)
        return zip(first..<last, weights).map { ($0, $1 / sum) }
    }
}

/// The weight of a pixel at a distance in cubic convolution (Keys, 1981).
func cubicWeight(_ distance: Double, a: Double) -> Double {
    let x = Swift.abs(distance)
    if x <= 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
    if x < 2 { return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a }
    return 0
}
