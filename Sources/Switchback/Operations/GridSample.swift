extension Tensor {
    /// Samples images at the positions of a grid (Jaderberg et al., "Spatial Transformer Networks", 2015):
    /// [N, C, H, W] → [N, C, H', W'], or volumes [N, C, D, H, W] → [N, C, D', H', W'], which know no bicubic mode.
    ///
    /// - Parameters:
    ///   - grid: [N, H', W', 2], horizontal and vertical positions from −1 to 1; for volumes [N, D', H', W', 3], with
    ///     those in depth as the third.
    ///   - paddingMode: what is found outside of the image.
    ///   - alignCorners: whether −1 and 1 are the centers of the corner pixels, instead of their outer edges.
    public final func gridSample(
        grid: Tensor, mode: GridSampleMode = .bilinear, paddingMode: GridSamplePadding = .zeros,
        alignCorners: Bool = false
    ) -> Tensor {
        require(
            (rank == 4 || rank == 5) && grid.rank == rank && grid.shape[0] == shape[0]
                && grid.shape[rank - 1] == rank - 2, "gridSample",
            "the input has shape \(shape) and the grid \(grid.shape); expected [N, C, H, W] and [N, H', W', 2], or "
                + "[N, C, D, H, W] and [N, D', H', W', 3]")
        require(rank == 4 || mode != .bicubic, "gridSample", "volumes are not sampled in the mode bicubic")
        require(
            dtype.isFloatingPoint && grid.dtype == dtype, "gridSample",
            "the input is \(dtype) and the grid \(grid.dtype); both must be of one floating-point type")
        requireSameBackend("gridSample", grid)
        require(shape.dropFirst(2).allSatisfy { $0 > 0 }, "gridSample", "an image of shape \(shape) has no pixels")
        let sampling = GridSampling(mode: mode, padding: paddingMode, alignCorners: alignCorners)
        if dtype.byteCount == 2 { return to(.float32).sampled(grid.to(.float32), sampling).to(dtype) }
        return sampled(grid, sampling)
    }

    /// The sampling grid of affine maps of the plane, for `gridSample`: [N, 2, 3] → [N, H, W, 2].
    ///
    /// - Parameter size: the shape of the image to be made, [N, C, H, W].
    public final func affineGrid(size: Shape, alignCorners: Bool = false) -> Tensor {
        require(
            rank == 3 && shape[1] == 2 && shape[2] == 3 && size.count == 4 && size[0] == shape[0], "affineGrid",
            "the maps have shape \(shape) and the size is \(size); expected [N, 2, 3] and [N, C, H, W]")
        let (height, width) = (size[2], size[3])
        func positions(_ count: Int) -> [Double] {
            let last = alignCorners ? 1 : Double(count - 1) / Double(Swift.max(count, 1))
            return (0..<count).map { count > 1 ? (2 * Double($0) / Double(count - 1) - 1) * last : 0 }
        }
        let (rows, columns) = (positions(height), positions(width))
        let points = rows.flatMap { row in columns.flatMap { column -> [Double] in [column, row, 1] } }
        let base = Tensor(points, shape: [height * width, 3], dtype: dtype, like: self)
        // Positions are exact in any precision of products.
        let grid = withPrecision(.float32) { base.matmul(transpose(1, 2)) }
        return grid.reshape([shape[0], height, width, 2])
    }

    private func sampled(_ grid: Tensor, _ sampling: GridSampling) -> Tensor {
        guard rank == 4, let result = backend.gridSample(array, grid: grid.array, sampling) else {
            return composedGridSample(grid, sampling)
        }
        return Tensor.record("gridSample", result, from: [self, grid], saving: [self, grid]) { saved, gradient in
            let (x, grid) = (saved.tensor(0), saved.tensor(1))
            if !ThreadState.current.recordsGradients,
                let result = x.backend.gridSampleGradient(
                    gradient.array, x.array, grid: grid.array, sampling, wantsX: saved.needs(0),
                    wantsGrid: saved.needs(1))
            {
                return [result.x.map(Tensor.init), result.grid.map(Tensor.init)]
            }
            fail("gridSample", "its gradient is a fused kernel, which can be differentiated only once")
        }
    }

    // MARK: Composed of gathering neighbors

    private func composedGridSample(_ grid: Tensor, _ sampling: GridSampling) -> Tensor {
        let sizes = Shape(shape.dropFirst(2))
        // The grid names the last axis first.
        let positions = sizes.indices.map {
            sampling.pixels(grid.select(dim: -1, index: sizes.count - 1 - $0), size: sizes[$0])
        }
        if sampling.mode == .nearest {
            let places = zip(positions, sizes).map { sampling.reflected($0, size: $1).round() }
            // Steps have slope 0, and the grid receives that.
            return pixels(at: places) + positions[0].maskedFill(positions[0].onesLike(dtype: .bool), 0).unsqueeze(1)
        }
        // Cubic weights are those of the position itself, and its neighbors are reflected one by one.
        let isCubic = sampling.mode == .bicubic
        let neighbors = zip(positions, sizes).map { position, size -> [(index: Tensor, weight: Tensor)] in
            let found = sampling.neighbors(isCubic ? position : sampling.reflected(position, size: size))
            return isCubic ? found.map { (sampling.reflected($0.index, size: size), $0.weight) } : found
        }
        var sum: Tensor?
        for corner in 0..<neighbors.reduce(1, { $0 * $1.count }) {
            var rest = corner
            var (places, weights): ([Tensor], [Tensor]) = ([], [])
            for axis in neighbors {
                places.append(axis[rest % axis.count].index)
                weights.append(axis[rest % axis.count].weight)
                rest /= axis.count
            }
            let part = pixels(at: places) * weights.dropFirst().reduce(weights[0], *).unsqueeze(1)
            sum = sum.map { $0 + part } ?? part
        }
        return sum!
    }

    /// The pixels of all channels at whole positions, of which there is a tensor [N, spatial…] for each axis; 0 outside
    /// of the image.
    private func pixels(at positions: [Tensor]) -> Tensor {
        let (sizes, form) = (Shape(shape.dropFirst(2)), positions[0].shape)
        var inside = positions[0].detach().onesLike(dtype: .bool)
        var place = positions[0].detach().zerosLike(dtype: .int64)
        for (position, size) in zip(positions, sizes) {
            let position = position.detach()
            inside = inside.logicalAnd(position.ge(0)).logicalAnd(position.le(size - 1))
            // Integers, which do not run out of digits in large volumes; NaN, which lies outside, becomes 0.
            place = place * size + position.clamp(min: 0, max: size - 1).to(.int64)
        }
        let points = form.dropFirst().reduce(1, *)
        let index = place.reshape([shape[0], 1, points]).expand(to: [shape[0], shape[1], points])
        let values = reshape([shape[0], shape[1], sizes.elementCount]).gather(dim: 2, index: index)
        return values.reshape(Shape([shape[0], shape[1]] + form.dropFirst()))
            .maskedFill(inside.logicalNot().unsqueeze(1), 0)
    }
}

extension GridSampling {
    /// Positions from −1 to 1 as pixels from 0 to size − 1.
    fileprivate func pixels(_ position: Tensor, size: Int) -> Tensor {
        if alignCorners { return (position + 1) * (0.5 * Double(size - 1)) }
        return (position + 1) * (0.5 * Double(size)) - 0.5
    }

    /// Positions brought into the image as the padding wants, NaN to its beginning; with zeros they stay outside.
    fileprivate func reflected(_ pixels: Tensor, size: Int) -> Tensor {
        let last = Double(size - 1)
        switch padding {
        case .zeros: return pixels
        case .border: return pixels.maskedFill(pixels.isnan(), 0).clamp(min: 0, max: last)
        case .reflection:
            let low = alignCorners ? 0 : -0.5
            let span = alignCorners ? last : Double(size)
            if span == 0 { return pixels * 0 }
            // A wave that rises and falls over twice the span.
            let phase = (pixels - low).abs().remainder(2 * span)
            return (span - (phase - span).abs() + low).maskedFill(phase.isnan(), 0).clamp(min: 0, max: last)
        }
    }

    /// The neighbors of positions along one axis, and how much each counts.
    fileprivate func neighbors(_ position: Tensor) -> [(index: Tensor, weight: Tensor)] {
        let first = position.detach().floor()
        let fraction = position - first
        if mode == .bilinear { return [(first, 1 - fraction), (first + 1, fraction)] }
        return (-1...2).map { (first + $0, cubicWeight((fraction - Double($0)).abs(), isInner: $0 == 0 || $0 == 1)) }
    }

    /// The function of the same name for tensors, with a = −0.75: distances up to 1 are inner, up to 2 outer ones.
    private func cubicWeight(_ distance: Tensor, isInner: Bool) -> Tensor {
        let a = -0.75
        if isInner { return (distance * (a + 2) - (a + 3)) * distance.square() + 1 }
        return ((distance * a - 5 * a) * distance + 8 * a) * distance - 4 * a
    }
}
