import Switchback
import TestSupport

/// Convolutions, their transposes, and the windows that they are made of.
let convolutionParity: [String: ParityOperation] = [
    "conv1d": { a in
        [
            a[0].conv1d(
                weight: a[1], bias: a["bias"], stride: a.int("stride") ?? 1, padding: a.int("padding") ?? 0,
                dilation: a.int("dilation") ?? 1, groups: a.int("groups") ?? 1)
        ]
    },
    "conv2d": { a in
        let padding: ConvolutionPadding =
            a.string("padding") == "same" ? .same : (a.pair("padding") ?? [0, 0]).convolutionPadding
        return [
            a[0].conv2d(
                weight: a[1], bias: a["bias"], stride: a.pair("stride") ?? [1, 1], padding: padding,
                dilation: a.pair("dilation") ?? [1, 1], groups: a.int("groups") ?? 1)
        ]
    },
    "conv3d": { a in
        [a[0].conv3d(weight: a[1], bias: a["bias"], stride: a.ints("stride")!, padding: a.int("padding")!)]
    },
    "conv_transpose1d": { a in
        [
            a[0].convTranspose1d(
                weight: a[1], bias: a["bias"], stride: a.int("stride") ?? 1, padding: a.int("padding") ?? 0)
        ]
    },
    "conv_transpose2d": { a in
        [
            a[0].convTranspose2d(
                weight: a[1], bias: a["bias"], stride: a.int("stride") ?? 1, padding: a.int("padding") ?? 0,
                outputPadding: a.int("output_padding") ?? 0, groups: a.int("groups") ?? 1,
                dilation: a.int("dilation") ?? 1)
        ]
    },
    "unfold": { a in
        [
            a[0].unfold(
                kernelSize: a.ints("kernel_size")!, dilation: a.ints("dilation")!, padding: a.ints("padding")!,
                stride: a.ints("stride")!)
        ]
    },
    "fold": { [$0[0].fold(outputSize: $0.ints("output_size")!, kernelSize: $0.ints("kernel_size")!)] },
    "pixel_shuffle": { [$0[0].pixelShuffle($0.int("upscale_factor")!)] },
]
