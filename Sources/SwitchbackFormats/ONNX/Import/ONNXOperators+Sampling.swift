import Switchback

// Images sampled at the positions of a grid.

extension ONNXOperators {
    static let sampling: [String: ONNXOperator] = [
        "GridSample": { call in
            let x = try call.floats()
            let grid = try call.floats(1, like: x)
            try call.require(
                x.rank == 4 && grid.rank == 4 && x.count > 0 && grid.count > 0 && grid.shape[0] == x.shape[0]
                    && grid.shape[3] == 2, "a grid of \(grid.shape) does not fit images of \(x.shape)")
            _ = try call.allow([x.shape[0], x.shape[1], grid.shape[1], grid.shape[2]])
            let modes = ["linear": GridSampleMode.bilinear, "cubic": .bicubic]
            let (mode, padding) = (call.node.text("mode") ?? "linear", call.node.text("padding_mode") ?? "zeros")
            guard let mode = modes[mode] ?? GridSampleMode(rawValue: mode),
                let padding = GridSamplePadding(rawValue: padding)
            else { throw call.problem("the mode \(mode) with \(padding) is unknown") }
            let aligns = call.node.flag("align_corners")
            return [x.gridSample(grid: grid, mode: mode, paddingMode: padding, alignCorners: aligns)]
        },
        "AffineGrid": { call in
            let maps = try call.floats()
            guard let size = try call.integers(1), size.count == 4, size.allSatisfy({ $0 > 0 }),
                maps.shape == [size[0], 2, 3]
            else { throw call.problem("maps of \(maps.shape) do not fit its size, or it is not of the plane") }
            _ = try call.allow([size[0], size[2], size[3], 3])
            return [maps.affineGrid(size: Shape(size), alignCorners: call.node.flag("align_corners"))]
        },
    ]
}
