import Kernels

extension CPUBackend {
    public static func resize(_ x: NDArray, _ resizing: Resizing, outputSize: IntPair) -> NDArray? {
        guard areFloats(x) else { return nil }
        let image = x.channelsLast()
        let shape: Shape = [x.shape[0], x.shape[1], outputSize.height, outputSize.width]
        let y = NDArray(emptyChannelsLast: shape, dtype: .float32, backend: self)
        withExtendedLifetime(image) {
            sb_interpolate2d(
                shape[0], shape[1], x.shape[2], x.shape[3], shape[2], shape[3], resizing.kernelForm, image.floats,
                y.floats)
        }
        return y
    }

    public static func resizeGradient(_ gradient: NDArray, _ resizing: Resizing, inputShape: Shape) -> NDArray? {
        guard areFloats(gradient) else { return nil }
        let gy = gradient.channelsTogether()
        let gx = NDArray(emptyChannelsLast: inputShape, dtype: .float32, backend: self)
        withExtendedLifetime(gy) {
            sb_interpolate2d_backward(
                inputShape[0], inputShape[1], inputShape[2], inputShape[3], gy.shape[2], gy.shape[3],
                resizing.kernelForm, gy.floats, gy.pixelStride, gx.floats)
        }
        return gx
    }

    public static func gridSample(_ x: NDArray, grid: NDArray, _ sampling: GridSampling) -> NDArray? {
        guard areFloats(x, grid) else { return nil }
        let shape: Shape = [x.shape[0], x.shape[1], grid.shape[1], grid.shape[2]]
        let y =
            x.isContiguous
            ? NDArray(empty: shape, dtype: .float32, backend: self)
            : NDArray(emptyChannelsLast: shape, dtype: .float32, backend: self)
        var image = x.kernelArray
        var positions = grid.kernelArray
        var target = y.kernelArray
        sb_grid_sample(&image, &positions, sampling.kernelForm, &target)
        return y
    }

    public static func gridSampleGradient(
        _ gradient: NDArray, _ x: NDArray, grid: NDArray, _ sampling: GridSampling, wantsX: Bool, wantsGrid: Bool
    ) -> (x: NDArray?, grid: NDArray?)? {
        guard areFloats(gradient, x, grid) else { return nil }
        let gx = wantsX ? x.emptyLike() : nil
        let ggrid = wantsGrid ? NDArray(empty: grid.shape, dtype: .float32, backend: self) : nil
        var upstream = gradient.kernelArray
        var image = x.kernelArray
        var positions = grid.kernelArray
        withKernelArray(gx) { gx in
            withKernelArray(ggrid) { ggrid in
                sb_grid_sample_backward(&upstream, &image, &positions, sampling.kernelForm, gx, ggrid)
            }
        }
        return (gx, ggrid)
    }

    /// Runs `body` with an array as kernels see it, or with nothing if there is none.
    static func withKernelArray<Result>(_ array: NDArray?, _ body: (UnsafePointer<sb_array>?) -> Result) -> Result {
        guard let array else { return body(nil) }
        return withExtendedLifetime(array) { withUnsafePointer(to: array.kernelArray) { body($0) } }
    }
}

extension Resizing {
    fileprivate var kernelForm: sb_resize {
        let kernelMode: sb_interpolation
        switch mode {
        case .nearest: kernelMode = SB_NEAREST
        case .nearestExact: kernelMode = SB_NEAREST_EXACT
        case .linear: kernelMode = SB_LINEAR
        case .cubic: kernelMode = SB_CUBIC
        case .area: kernelMode = SB_AREA
        }
        return sb_resize(
            mode: kernelMode, align_corners: alignCorners ? 1 : 0, antialias: antialias ? 1 : 0,
            scale: (scaleHeight ?? 0, scaleWidth ?? 0))
    }
}

extension GridSampling {
    fileprivate var kernelForm: sb_sampling {
        let kernelMode: sb_sample_mode
        switch mode {
        case .bilinear: kernelMode = SB_SAMPLE_BILINEAR
        case .nearest: kernelMode = SB_SAMPLE_NEAREST
        case .bicubic: kernelMode = SB_SAMPLE_BICUBIC
        }
        let kernelPadding: sb_sample_padding
        switch padding {
        case .zeros: kernelPadding = SB_SAMPLE_ZEROS
        case .border: kernelPadding = SB_SAMPLE_BORDER
        case .reflection: kernelPadding = SB_SAMPLE_REFLECTION
        }
        return sb_sampling(mode: kernelMode, padding: kernelPadding, align_corners: alignCorners ? 1 : 0)
    }
}
