import Kernels

extension CPUBackend {
    public static func maxPool(
        _ x: NDArray, _ pooling: Pooling2D, outputSize: IntPair, withIndices: Bool
    ) -> MaximaWithIndices? {
        pooledMaxima(x, outputSize, withIndices) { form, x, y, index in
            sb_max_pool2d(
                form.n, form.c, form.h, form.w, form.oh, form.ow, pooling.kernelForm, x, y, index)
        }
    }

    public static func maxPoolGradient(
        _ gradient: NDArray, indices: NDArray, _ pooling: Pooling2D, inputShape: Shape
    ) -> NDArray? {
        unpooled(gradient, inputShape) { form, gy, gx in
            sb_max_pool2d_backward(
                form.n, form.c, form.h, form.w, form.oh, form.ow, pooling.kernelForm, gy,
                indices.pointer(to: Int32.self), gx)
        }
    }

    public static func averagePool(_ x: NDArray, _ pooling: Pooling2D, outputSize: IntPair) -> NDArray? {
        pooled(x, outputSize) { form, x, y in
            sb_avg_pool2d(form.n, form.c, form.h, form.w, form.oh, form.ow, pooling.kernelForm, x, y)
        }
    }

    public static func averagePoolGradient(_ gradient: NDArray, _ pooling: Pooling2D, inputShape: Shape) -> NDArray? {
        unpooled(gradient, inputShape) { form, gy, gx in
            sb_avg_pool2d_backward(form.n, form.c, form.h, form.w, form.oh, form.ow, pooling.kernelForm, gy, gx)
        }
    }

    public static func adaptiveAveragePool(_ x: NDArray, outputSize: IntPair) -> NDArray? {
        pooled(x, outputSize) { form, x, y in
            sb_adaptive_avg_pool2d(form.n, form.c, form.h, form.w, form.oh, form.ow, x, y)
        }
    }

    public static func adaptiveAveragePoolGradient(_ gradient: NDArray, inputShape: Shape) -> NDArray? {
        unpooled(gradient, inputShape) { form, gy, gx in
            sb_adaptive_avg_pool2d_backward(form.n, form.c, form.h, form.w, form.oh, form.ow, gy, gx)
        }
    }

    public static func adaptiveMaxPool(_ x: NDArray, outputSize: IntPair, withIndices: Bool) -> MaximaWithIndices? {
        pooledMaxima(x, outputSize, withIndices) { form, x, y, index in
            sb_adaptive_max_pool2d(form.n, form.c, form.h, form.w, form.oh, form.ow, x, y, index)
        }
    }

    public static func adaptiveMaxPoolGradient(_ gradient: NDArray, indices: NDArray, inputShape: Shape) -> NDArray? {
        unpooled(gradient, inputShape) { form, gy, gx in
            sb_adaptive_max_pool2d_backward(
                form.n, form.c, form.h, form.w, form.oh, form.ow, gy, indices.pointer(to: Int32.self), gx)
        }
    }

    // MARK: Laying out operands and results

    private typealias Floats = UnsafeMutablePointer<Float>

    private static func pooled(
        _ x: NDArray, _ size: IntPair, _ kernel: (PoolingForm, Floats, Floats) -> Void
    ) -> NDArray? {
        pooledMaxima(x, size, false) { form, x, y, _ in kernel(form, x, y) }?.values
    }

    private static func pooledMaxima(
        _ x: NDArray, _ size: IntPair, _ withIndices: Bool,
        _ kernel: (PoolingForm, Floats, Floats, UnsafeMutablePointer<Int32>?) -> Void
    ) -> MaximaWithIndices? {
        guard areFloats(x) else { return nil }
        let image = x.channelsLast()
        let shape: Shape = [x.shape[0], x.shape[1], size.height, size.width]
        let y = NDArray(emptyChannelsLast: shape, dtype: .float32, backend: self)
        let indices = withIndices ? NDArray(emptyChannelsLast: shape, dtype: .int32, backend: self) : nil
        withExtendedLifetime(image) {
            kernel(PoolingForm(x.shape, size), image.floats, y.floats, indices?.pointer(to: Int32.self))
        }
        return (y, indices)
    }

    private static func unpooled(
        _ gradient: NDArray, _ inputShape: Shape, _ kernel: (PoolingForm, Floats, Floats) -> Void
    ) -> NDArray? {
        guard areFloats(gradient) else { return nil }
        let gy = gradient.channelsLast()
        let gx = NDArray(emptyChannelsLast: inputShape, dtype: .float32, backend: self)
        let size = IntPair(gradient.shape[2], gradient.shape[3])
        withExtendedLifetime(gy) { kernel(PoolingForm(inputShape, size), gy.floats, gx.floats) }
        return gx
    }
}

/// The sizes that every pooling kernel takes.
private struct PoolingForm {
    let n, c, h, w, oh, ow: Int

    init(_ input: Shape, _ output: IntPair) {
        (n, c, h, w) = (input[0], input[1], input[2], input[3])
        (oh, ow) = (output.height, output.width)
    }
}

extension Pooling2D {
    fileprivate var kernelForm: sb_pool2d {
        sb_pool2d(
            kernel: kernelSize.kernelPair, stride: stride.kernelPair, padding: padding.kernelPair,
            dilation: dilation.kernelPair, count_include_pad: countsPadding ? 1 : 0, divisor_override: divisor ?? 0)
    }
}
