import Kernels

extension CPUBackend {
    public static func softmax(_ x: NDArray, dim: Int, logarithm: Bool) -> NDArray? {
        guard areFloats(x) else { return nil }
        let source = x.isChannelsLast ? x : x.contiguous()
        let y = source.emptyLike()
        // Nothing within a dimension of size 0 is not a row of single elements.
        if y.count == 0 { return y }
        let form = SoftmaxForm(source, dim)
        withExtendedLifetime(source) {
            if form.inner > 1 {
                sb_softmax_strided(form.outer, form.size, form.inner, source.floats, y.floats, logarithm ? 1 : 0)
            } else if logarithm {
                sb_log_softmax(form.outer, form.size, source.floats, y.floats)
            } else {
                sb_softmax(form.outer, form.size, source.floats, y.floats)
            }
        }
        return y
    }

    public static func softmaxGradient(_ gradient: NDArray, output: NDArray, dim: Int, logarithm: Bool) -> NDArray? {
        guard areFloats(gradient, output) else { return nil }
        let gy = output.isContiguous ? gradient.contiguous() : gradient.channelsLast()
        let gx = output.emptyLike()
        if gx.count == 0 { return gx }
        let form = SoftmaxForm(output, dim)
        withExtendedLifetime(gy) {
            if form.inner > 1 {
                sb_softmax_strided_backward(
                    form.outer, form.size, form.inner, gy.floats, output.floats, gx.floats, logarithm ? 1 : 0)
            } else if logarithm {
                sb_log_softmax_backward(form.outer, form.size, gy.floats, output.floats, gx.floats)
            } else {
                sb_softmax_backward(form.outer, form.size, gy.floats, output.floats, gx.floats)
            }
        }
        return gx
    }
}

/// A dense array as [outer, size, inner] around the dimension that is summed over, in the order of memory.
private struct SoftmaxForm {
    let outer, size, inner: Int

    init(_ x: NDArray, _ dim: Int) {
        let (view, position) = x.memoryOrder
        let dim = position(dim)
        size = view.rank == 0 ? 1 : view.shape[dim]
        inner = view.rank == 0 ? 1 : view.shape[(dim + 1)...].reduce(1, *)
        outer = view.rank == 0 ? 1 : view.shape[..<dim].reduce(1, *)
    }
}
