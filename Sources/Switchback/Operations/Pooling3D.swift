// Pooling of volumes and films, [N, C, D, H, W], or without N: always composed of the windows' elements.

extension Tensor {
    /// The maximum of each window: [N, C, D, H, W] → [N, C, D', H', W'], or without N; as `maxPool2d`.
    public final func maxPool3d(
        kernelSize: some IntTripleConvertible, stride: (any IntTripleConvertible)? = nil,
        padding: some IntTripleConvertible = 0, dilation: some IntTripleConvertible = 1, ceilMode: Bool = false
    ) -> Tensor {
        let window = Window(kernelSize, stride: stride, padding: padding, dilation: dilation)
        return batched("maxPool3d", spatialRank: 3) { volume in
            let positions = volume.poolingPositions("maxPool3d", window, ceilMode: ceilMode)
            return volume.windows(window, positions: positions, outside: dtype.lowest)
                .flatten(start: 2, end: 4).poolMaxima(dim: 2).values
        }
    }

    /// The average of each window: [N, C, D, H, W] → [N, C, D', H', W'], or without N; as `avgPool2d`.
    public final func avgPool3d(
        kernelSize: some IntTripleConvertible, stride: (any IntTripleConvertible)? = nil,
        padding: some IntTripleConvertible = 0, ceilMode: Bool = false, countIncludePad: Bool = true,
        divisorOverride: Int? = nil
    ) -> Tensor {
        require(divisorOverride != 0, "avgPool3d", "the divisor must not be 0")
        let window = Window(kernelSize, stride: stride, padding: padding, dilation: 1)
        return batched("avgPool3d", spatialRank: 3) { volume in
            let positions = volume.poolingPositions("avgPool3d", window, ceilMode: ceilMode)
            return volume.inFloat32 { volume in
                let sums = volume.windows(window, positions: positions).sum(dims: [2, 3, 4])
                if let divisorOverride { return sums / Double(divisorOverride) }
                return sums / volume.elementCounts(window, positions, countsPadding: countIncludePad)
            }
        }
    }

    /// How many elements the windows at each position count: those inside the volume, or with padding.
    private func elementCounts(_ window: Window, _ positions: Shape, countsPadding: Bool) -> Tensor {
        let axes = (0..<window.rank).map { dim -> Tensor in
            let (input, padding) = (shape[2 + dim], window.padding[dim])
            let bounds = countsPadding ? -padding..<input + padding : 0..<input
            let counts = (0..<positions[dim]).map { position -> Double in
                let start = position * window.stride[dim] - padding
                return Double((start..<start + window.size[dim]).clamped(to: bounds).count)
            }
            let form = Shape(repeating: 1, count: window.rank).replacing(dim, with: positions[dim])
            return Tensor(counts, shape: form, dtype: dtype, like: self)
        }
        return axes.dropFirst().reduce(axes[0], *)
    }
}

extension Window {
    fileprivate init(
        _ size: some IntTripleConvertible, stride: (any IntTripleConvertible)?, padding: some IntTripleConvertible,
        dilation: some IntTripleConvertible
    ) {
        self.init(
            size: size.intTriple, stride: (stride ?? size).intTriple, padding: padding.intTriple,
            dilation: dilation.intTriple)
    }
}
