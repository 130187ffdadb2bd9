// The memory order of image tensors. They have shape [N, C, H, W] for everyone, but the kernels want the channels of a
// pixel side by side, so this is how results are laid out and what operands are brought to.

extension NDArray {
    /// New memory for an array whose second dimension, the channels, runs fastest.
    init(emptyChannelsLast shape: Shape, dtype: DType, backend: any Backend.Type) {
        self.init(empty: shape, dtype: dtype, backend: backend)
        var step = 1
        for dim in [1] + Array((2..<shape.count).reversed()) + [0] {
            strides[dim] = step
            step *= Swift.max(shape[dim], 1)
        }
    }

    /// The same elements with the channels innermost: itself if they lie so, else a copy.
    func channelsLast() -> NDArray {
        if rank == 2 { return contiguous() }
        if isChannelsLast { return self }
        let result = NDArray(emptyChannelsLast: shape, dtype: dtype, backend: backend)
        backend.copy(self, into: result)
        return result
    }

    /// A channels-last array seen with its dimensions in the order of memory; `dim` is where a dimension went.
    var memoryOrder: (view: NDArray, position: (_ dim: Int) -> Int) {
        if isContiguous || !isChannelsLast { return (self, { $0 }) }
        let last = rank - 1
        let order = Shape([0] + Array(2...last) + [1])
        return (permuted(order), { dim in dim == 0 ? 0 : dim == 1 ? last : dim - 1 })
    }
}

extension IntPair {
    /// As C has it.
    var kernelPair: (Int, Int) { (height, width) }
}
