import Switchback

/// The positions at which a detector predicts: the centers of the cells of its feature maps, the finest map first,
/// each row by row.
public struct AnchorGrid {
    public let levels: [PositionMap]
    public let count: Int
    /// Centers and strides as a graph computes them in which the size of the image is open, or of several grids.
    private var computed: (centers: Tensor, strides: Tensor)?

    /// - Parameters:
    ///   - sizes: height and width of each map.
    ///   - strides: pixels per cell of each.
    public init(sizes: [(Int, Int)], strides: [Int]) {
        var levels: [PositionMap] = []
        var start = 0
        for ((height, width), stride) in zip(sizes, strides) {
            levels.append(PositionMap(height: height, width: width, stride: stride, start: start))
            start += height * width
        }
        self.levels = levels
        count = start
    }

    /// The size of the image in pixels: height and width.
    public var imageSize: (height: Int, width: Int) {
        levels.first.map { ($0.height * $0.stride, $0.width * $0.stride) } ?? (0, 0)
    }

    /// Some of the maps, as a grid of their own.
    func keeping(_ levels: Range<Int>) -> AnchorGrid {
        let kept = self.levels[levels]
        return AnchorGrid(sizes: kept.map { ($0.height, $0.width) }, strides: kept.map(\.stride))
    }

    /// The centers in cells, x and y: [positions, 2], where `tensor` lies.
    public func centers(like tensor: Tensor) -> Tensor {
        if let computed { return computed.centers }
        var values: [Float] = []
        values.reserveCapacity(2 * count)
        for level in levels {
            for y in 0..<level.height {
                for x in 0..<level.width {
                    values.append(Float(x) + 0.5)
                    values.append(Float(y) + 0.5)
                }
            }
        }
        return Tensor(values, shape: [count, 2], like: tensor)
    }

    /// A grid of images that were scaled, and mirrored if they have a width there.
    struct Part {
        let grid: AnchorGrid
        /// Pixels of the image before to one of the scaled image.
        let scale: Double
        /// In pixels of the scaled image.
        let mirroredWidth: Double?
    }

    /// The positions of several grids in the image before it was scaled.
    init(joining parts: [Part], like tensor: Tensor) {
        levels = parts.flatMap(\.grid.levels)
        count = parts.reduce(0) { $0 + $1.grid.count }
        let places = parts.map { part -> (centers: Tensor, strides: Tensor) in
            let (centers, strides) = (part.grid.centers(like: tensor), part.grid.strides(like: tensor))
            let columns = centers.narrow(dim: 1, start: 0, length: 1)
            let place = part.mirroredWidth.map { $0 / strides - columns } ?? columns
            let rows = centers.narrow(dim: 1, start: 1, length: 1)
            return (Tensor.cat([place, rows], dim: 1), strides * part.scale)
        }
        computed = (Tensor.cat(places.map(\.centers), dim: 0), Tensor.cat(places.map(\.strides), dim: 0))
    }

    /// The stride at each position, [positions, 1], where `tensor` lies.
    public func strides(like tensor: Tensor) -> Tensor {
        if let computed { return computed.strides }
        let values = levels.flatMap { [Float](repeating: Float($0.stride), count: $0.height * $0.width) }
        return Tensor(values, shape: [count, 1], like: tensor)
    }

    /// The same grid, computed by operations of tensors, so that a graph of them finds the positions of any image.
    ///
    /// - Parameters:
    ///   - images: [N, 3, H, W].
    ///   - rows: an output with a row for each position, [N, positions, values].
    func computed(from images: Tensor, rows: Tensor) -> AnchorGrid {
        let height = images[0, 0, 0..., 0].onesByComputation.sum(dim: 0, keepDim: true)
        let width = images[0, 0, 0].onesByComputation.sum(dim: 0, keepDim: true)
        let position = rows[0, 0..., 0].onesByComputation.cumsum(dim: 0) - 1
        var (start, end) = (position * 0, position * 0)
        var stride = start + Double(levels[0].stride)
        for (level, next) in zip(levels, levels.dropFirst()) {
            end = end + height * width / Double(level.stride * level.stride)
            let isBehind = position.ge(end).to(.float32)
            start = start + (end - start) * isBehind
            stride = stride + isBehind * Double(next.stride - level.stride)
        }
        let place = position - start
        let columns = width / stride
        let y = (place / columns).floor()
        var grid = self
        grid.computed = (Tensor.stack([place - y * columns + 0.5, y + 0.5], dim: 1), stride.unsqueeze(1))
        return grid
    }
}

extension Tensor {
    /// Boxes as left, top, right and bottom, [..., 4], from distances to their sides and the points between them, [...,
    /// 2].
    func corners(around centers: Tensor) -> Tensor {
        let sides = split([2, 2], dim: -1)
        return Tensor.cat([centers - sides[0], centers + sides[1]], dim: -1)
    }

    /// Boxes as center x, center y, width and height, [..., 4], from left, top, right and bottom.
    func centered() -> Tensor {
        let ends = split([2, 2], dim: -1)
        return Tensor.cat([(ends[0] + ends[1]) / 2, ends[1] - ends[0]], dim: -1)
    }
}
