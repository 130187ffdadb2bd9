// Windows that slide over the spatial dimensions of an image: what convolution and pooling are composed of where no
// fused kernel covers the element type.

/// A window over any number of spatial dimensions; each shape has one number for each of them.
struct Window: Sendable, Hashable {
    var size: Shape
    var stride: Shape
    /// What lies before the first element; what lies after the last follows from the number of positions.
    var padding: Shape
    var dilation: Shape

    init(size: Shape, stride: Shape, padding: Shape, dilation: Shape) {
        self.size = size
        self.stride = stride
        self.padding = padding
        self.dilation = dilation
    }

    /// The window of a two-dimensional convolution.
    init(size: IntPair, _ convolution: Convolution2D) {
        self.init(
            size: size.shape, stride: convolution.stride.shape, padding: convolution.padding.shape,
            dilation: convolution.dilation.shape)
    }

    var rank: Int { size.count }

    /// From the first element that the window sees along a dimension to the last.
    func extent(_ dim: Int) -> Int { dilation[dim] * (size[dim] - 1) + 1 }

    /// How many positions the window has over `input`, when `after` is padded behind its last elements.
    func positions(over input: Shape, paddedAfter after: Shape) -> Shape {
        Shape(
            (0..<rank).map { dim in
                let room = input[dim] + padding[dim] + after[dim] - extent(dim)
                return room < 0 ? 0 : room / stride[dim] + 1
            })
    }

    /// The size of an input, padding included, of which the window at all `positions` sees no element outside.
    fileprivate func paddedSize(_ dim: Int, of input: Int, positions: Int) -> Int {
        max(padding[dim] + input, (positions - 1) * stride[dim] + extent(dim))
    }
}

extension Tensor {
    /// Every window's elements: [N, C, spatial…] → [N, C, window…, positions…]. What lies outside counts as `outside`.
    final func windows(_ window: Window, positions: Shape, outside: Double = 0) -> Tensor {
        let original = shape
        let result = array.windows(window, positions: positions, outside: outside)
        return Tensor.record("unfold", result, from: [self]) { _, gradient in
            [gradient.windowsSummed(window, into: original)]
        }
    }

    /// The adjoint of `windows`: [N, C, window…, positions…] → `shape`, [N, C, spatial…], where elements that several
    /// windows see are summed.
    final func windowsSummed(_ window: Window, into shape: Shape) -> Tensor {
        let positions = Shape(self.shape.suffix(window.rank))
        let result = array.windowsSummed(window, into: shape)
        return Tensor.record("fold", result, from: [self]) { _, gradient in
            [gradient.windows(window, positions: positions)]
        }
    }
}

extension NDArray {
    /// A view with a dimension for the place in the window and one for its position, for each spatial dimension.
    fileprivate func windows(_ window: Window, positions: Shape, outside: Double) -> NDArray {
        let source = padded(for: window, positions: positions, with: outside)
        var shape: Shape = [self.shape[0], self.shape[1]]
        var strides: Shape = [source.strides[0], source.strides[1]]
        for dim in 0..<window.rank {
            shape.append(window.size[dim])
            strides.append(source.strides[2 + dim] * window.dilation[dim])
        }
        for dim in 0..<window.rank {
            shape.append(positions[dim])
            strides.append(source.strides[2 + dim] * window.stride[dim])
        }
        return NDArray(
            storage: source.storage, offset: source.offset, shape: shape, strides: strides, dtype: dtype)
    }

    /// The array with what windows see around it; itself if they see nothing.
    private func padded(for window: Window, positions: Shape, with value: Double) -> NDArray {
        let paddedShape = shape.padded(for: window, positions: positions)
        if paddedShape == shape { return self }
        let result = NDArray(filled: value, shape: paddedShape, dtype: dtype, backend: backend)
        copy(into: result.inside(window, shape))
        return result
    }

    fileprivate func windowsSummed(_ window: Window, into shape: Shape) -> NDArray {
        let positions = Shape(self.shape.suffix(window.rank))
        let paddedShape = shape.padded(for: window, positions: positions)
        let result = NDArray(filled: 0, shape: paddedShape, dtype: dtype, backend: backend)
        result.accumulate(self) { $1.addWindows(window, positions: positions, into: $0) }
        return result.inside(window, shape)
    }

    private func addWindows(_ window: Window, positions: Shape, into result: NDArray) {
        for place in 0..<window.size.elementCount {
            var source = self
            var target = result
            var rest = place
            for dim in (0..<window.rank).reversed() {
                let offset = rest % window.size[dim]
                rest /= window.size[dim]
                source = source.selected(2 + dim, at: offset)
                target = target.sliced(
                    2 + dim, start: offset * window.dilation[dim], length: positions[dim], step: window.stride[dim])
            }
            backend.binary(.add, target, source, into: target)
        }
    }

    /// The part of a padded array that is not padding.
    private func inside(_ window: Window, _ shape: Shape) -> NDArray {
        var result = self
        for dim in 0..<window.rank {
            result = result.sliced(2 + dim, start: window.padding[dim], length: shape[2 + dim])
        }
        return result
    }
}

extension Shape {
    /// The shape of an image of this shape, [N, C, spatial…], with what windows see around it.
    fileprivate func padded(for window: Window, positions: Shape) -> Shape {
        var result = self
        for dim in 0..<window.rank {
            result[2 + dim] = window.paddedSize(dim, of: self[2 + dim], positions: positions[dim])
        }
        return result
    }
}
