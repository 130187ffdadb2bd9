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
]
