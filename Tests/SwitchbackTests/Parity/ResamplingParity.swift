import Switchback
import TestSupport

/// Resizing and sampling of images.
let resamplingParity: [String: ParityOperation] = [
    "interpolate": { a in
        let modes: [String: InterpolationMode] = [
            "nearest": .nearest, "nearest-exact": .nearestExact, "linear": .linear, "bilinear": .bilinear,
            "bicubic": .bicubic, "area": .area,
        ]
        return [
            a[0].interpolate(
                size: a.pair("size"), scaleFactor: a.double("scale_factor"), mode: modes[a.string("mode")!]!,
                alignCorners: a.bool("align_corners") ?? false, antialias: a.bool("antialias") ?? false)
        ]
    },
    "grid_sample": { a in
        [
            a[0].gridSample(
                grid: a[1], mode: GridSampleMode(rawValue: a.string("mode")!)!,
                paddingMode: GridSamplePadding(rawValue: a.string("padding_mode")!)!,
                alignCorners: a.bool("align_corners")!)
        ]
    },
    "affine_grid": { [$0[0].affineGrid(size: Shape($0.ints("size")!), alignCorners: $0.bool("align_corners")!)] },
]
