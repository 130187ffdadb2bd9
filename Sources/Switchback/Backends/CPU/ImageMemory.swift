// The memory order of image tensors. They have shape [N, C, H, W] for everyone, but the kernels want the channels of a
// pixel side by side, so this is how results are laid out and what operands are brought to.

extension NDArray {
    /// New memory for an array whose second dimension, the channels, runs fastest.
    init(emptyChannelsLast shape: Shape, dtype: DType, backend: any Backend.Type) {
        self = NDArray(empty: shape, dtype: dtype, backend: backend).seen(shape, strides: shape.channelsLastStrides())
    }

    /// The same elements with the channels innermost: itself if they lie so, else a copy.
    func channelsLast() -> NDArray {
        if rank == 2 { return contiguous() }
        if isChannelsLast {
            // Dimensions of size 1 may have any stride; kernels expect that of the order.
            return seen(shape, strides: shape.channelsLastStrides())
        }
        let result = NDArray(emptyChannelsLast: shape, dtype: dtype, backend: backend)
        backend.copy(self, into: result)
        return result
    }

    /// As `channelsLast()`; but a slice of the channels of such an array is taken as it lies, with pixels further
    /// apart.
    func channelsTogether() -> NDArray {
        let strides = shape.channelsLastStrides(pixel: pixelStride)
        let liesSo = (0..<rank).allSatisfy { shape[$0] == 1 || self.strides[$0] == strides[$0] }
        return liesSo && count > 0 && pixelStride >= shape[1] ? seen(shape, strides: strides) : channelsLast()
    }

    /// The elements from one pixel to the next.
    var pixelStride: Int {
        let dim = (Array(2..<rank).reversed() + [0]).first { shape[$0] > 1 }
        return dim.map { strides[$0] } ?? shape[1]
    }

    /// A channels-last array seen with its dimensions in the order of memory; `dim` is where a dimension went.
    var memoryOrder: (view: NDArray, position: (_ dim: Int) -> Int) {
        if isContiguous || !isChannelsLast { return (self, { $0 }) }
        let last = rank - 1
        let order = Shape([0] + Array(2...last) + [1])
        return (permuted(order), { dim in dim == 0 ? 0 : dim == 1 ? last : dim - 1 })
    }
}

extension Shape {
    /// Strides with the second dimension innermost and the first outermost; dense, or with `pixel` elements from one
    /// pixel to the next.
    fileprivate func channelsLastStrides(pixel: Int? = nil) -> Shape {
        var strides = self
        strides[1] = 1
        var step = pixel ?? Swift.max(self[1], 1)
        for dim in Array((2..<count).reversed()) + [0] {
            strides[dim] = step
            step *= Swift.max(self[dim], 1)
        }
        return strides
    }
}

extension IntPair {
    /// As C has it.
    var kernelPair: (Int, Int) { (height, width) }
}
