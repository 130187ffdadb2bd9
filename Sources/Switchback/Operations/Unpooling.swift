// Pools that tell where their maxima were, and the way back. A position counts the elements of a plane [H, W], or of a
// sequence [L], in row-major order.

extension Tensor {
    /// As `maxPool2d`, with the position of each maximum (int64).
    public final func maxPool2dWithIndices(
        kernelSize: some IntPairConvertible, stride: (any IntPairConvertible)? = nil,
        padding: some IntPairConvertible = 0, dilation: some IntPairConvertible = 1, ceilMode: Bool = false
    ) -> (values: Tensor, indices: Tensor) {
        let window = Window(
            size: kernelSize.intPair.shape, stride: (stride ?? kernelSize).intPair.shape,
            padding: padding.intPair.shape, dilation: dilation.intPair.shape)
        return maximaWithIndices("maxPool2dWithIndices", window, ceilMode: ceilMode)
    }

    /// As `maxPool1d`, with the position of each maximum (int64).
    public final func maxPool1dWithIndices(
        kernelSize: Int, stride: Int? = nil, padding: Int = 0, dilation: Int = 1, ceilMode: Bool = false
    ) -> (values: Tensor, indices: Tensor) {
        let window = Window(
            size: [kernelSize], stride: [stride ?? kernelSize], padding: [padding], dilation: [dilation])
        return maximaWithIndices("maxPool1dWithIndices", window, ceilMode: ceilMode)
    }

    /// As `maxPool3d`, with the position of each maximum (int64).
    public final func maxPool3dWithIndices(
        kernelSize: some IntTripleConvertible, stride: (any IntTripleConvertible)? = nil,
        padding: some IntTripleConvertible = 0, dilation: some IntTripleConvertible = 1, ceilMode: Bool = false
    ) -> (values: Tensor, indices: Tensor) {
        let window = Window(
            size: kernelSize.intTriple, stride: (stride ?? kernelSize).intTriple, padding: padding.intTriple,
            dilation: dilation.intTriple)
        return maximaWithIndices("maxPool3dWithIndices", window, ceilMode: ceilMode)
    }

    private func maximaWithIndices(
        _ operation: String, _ window: Window, ceilMode: Bool
    ) -> (values: Tensor, indices: Tensor) {
        if rank == window.rank + 1 {
            let (values, indices) = unsqueeze(0).maximaWithIndices(operation, window, ceilMode: ceilMode)
            return (values.squeeze(0), indices.squeeze(0))
        }
        require(rank == window.rank + 2, operation, "the input has shape \(shape), not [N, C, spatial…]")
        let positions = poolingPositions(operation, window, ceilMode: ceilMode)
        let last = 1 + window.rank
        let seen = windows(window, positions: positions, outside: dtype.lowest).flatten(start: 2, end: last)
        let (values, chosen) = seen.poolMaxima(dim: 2)
        // The same windows over a plane that holds positions; what is chosen outside of it is as low as all inside.
        let plane = Shape(shape.dropFirst(2))
        let places = Tensor(Array(0..<plane.elementCount), shape: Shape([1, 1] + plane), like: self)
            .windows(window, positions: positions, outside: -1).flatten(start: 2, end: last)
        let indices = places.expand(to: seen.shape).gathered(2, chosen.unsqueeze(2)).squeeze(2).clamp(min: 0)
        return (values, indices)
    }
}

extension Tensor {
    /// The largest elements along one dimension and their positions, as pools choose them: the first of equal ones, but of
    /// several NaN the last.
    final func poolMaxima(dim: Int) -> (values: Tensor, indices: Tensor) {
        if !dtype.isFloatingPoint { return max(dim: dim) }
        let (largest, first) = detach().max(dim: dim)
        let isNaN = detach().isnan().to(.uint8)
        let last = size(dim) - 1 - isNaN.flip([dim]).argmax(dim: dim)
        let chosen = Tensor.where(largest.isnan(), last, first)
        return (gathered(dimension(dim, "pool"), chosen.unsqueeze(dim)).squeeze(dim), chosen)
    }
}

// MARK: - Back

extension Tensor {
    /// Puts maxima back where they were, and 0 elsewhere: the partial inverse of `maxPool2dWithIndices`,
    /// [N, C, H', W'] → [N, C, H, W], or without N.
    ///
    /// - Parameters:
    ///   - indices: as the pooling gave them.
    ///   - outputSize: height and width; (H' − 1) · stride − 2 · padding + kernelSize by default.
    public final func maxUnpool2d(
        _ indices: Tensor, kernelSize: some IntPairConvertible, stride: (any IntPairConvertible)? = nil,
        padding: some IntPairConvertible = 0, outputSize: [Int]? = nil
    ) -> Tensor {
        unpooled(
            "maxUnpool2d", indices, kernelSize.intPair.shape, (stride ?? kernelSize).intPair.shape,
            padding.intPair.shape, outputSize)
    }

    /// As `maxUnpool2d`, for sequences: [N, C, L'] → [N, C, L], or without N.
    public final func maxUnpool1d(
        _ indices: Tensor, kernelSize: Int, stride: Int? = nil, padding: Int = 0, outputSize: [Int]? = nil
    ) -> Tensor {
        unpooled("maxUnpool1d", indices, [kernelSize], [stride ?? kernelSize], [padding], outputSize)
    }

    /// As `maxUnpool2d`, for volumes: [N, C, D', H', W'] → [N, C, D, H, W], or without N.
    public final func maxUnpool3d(
        _ indices: Tensor, kernelSize: some IntTripleConvertible, stride: (any IntTripleConvertible)? = nil,
        padding: some IntTripleConvertible = 0, outputSize: [Int]? = nil
    ) -> Tensor {
        unpooled(
            "maxUnpool3d", indices, kernelSize.intTriple, (stride ?? kernelSize).intTriple, padding.intTriple,
            outputSize)
    }

    private func unpooled(
        _ operation: String, _ indices: Tensor, _ size: Shape, _ stride: Shape, _ padding: Shape, _ outputSize: [Int]?
    ) -> Tensor {
        let spatial = size.count
        require(
            (rank == spatial + 1 || rank == spatial + 2) && indices.shape == shape, operation,
            "the maxima have shape \(shape) and the indices \(indices.shape); both are [N, C, spatial…], or without N")
        let lead = Shape(shape.dropLast(spatial))
        let inferred = (0..<spatial).map { (shape[lead.count + $0] - 1) * stride[$0] - 2 * padding[$0] + size[$0] }
        let output = Shape(outputSize.map { Array($0.suffix(spatial)) } ?? inferred)
        require(
            output.count == spatial && output.allSatisfy { $0 >= 0 }, operation,
            "\(output) is not a size for \(spatial) spatial dimensions")
        let count = output.elementCount
        let places = indices.flatten(start: lead.count).indices(below: count, operation) {
            "the \(count) places of \(output)"
        }
        let (maxima, dim) = (flatten(start: lead.count), lead.count)
        let result = newZeros(Shape(lead + [count])).array
        backend.scatter(.set, result, dim: dim, index: places.array, source: maxima.array)
        // As in PyTorch, maxima that share a place all get its gradient.
        return Tensor.record("maxUnpool", result, of: maxima, saving: places) {
            $1.gathered(dim, $0.tensor(0))
        }.reshape(Shape(lead + Array(output)))
    }
}
