import Switchback
import TestSupport

let poolingParity: [String: ParityOperation] = [
    "max_pool1d": { a in
        [a[0].maxPool1d(kernelSize: a.int("kernel_size")!, stride: a.int("stride"), padding: a.int("padding") ?? 0)]
    },
    "max_pool2d": { a in
        [
            a[0].maxPool2d(
                kernelSize: a.pair("kernel_size")!, stride: a.pair("stride"), padding: a.pair("padding") ?? [0, 0],
                dilation: a.pair("dilation") ?? [1, 1], ceilMode: a.bool("ceil_mode") ?? false)
        ]
    },
    "avg_pool1d": { a in
        [a[0].avgPool1d(kernelSize: a.int("kernel_size")!, stride: a.int("stride"), padding: a.int("padding") ?? 0)]
    },
    "avg_pool2d": { a in
        [
            a[0].avgPool2d(
                kernelSize: a.pair("kernel_size")!, stride: a.pair("stride"), padding: a.pair("padding") ?? [0, 0],
                ceilMode: a.bool("ceil_mode") ?? false, countIncludePad: a.bool("count_include_pad") ?? true,
                divisorOverride: a.int("divisor_override"))
        ]
    },
    "adaptive_avg_pool1d": { [$0[0].adaptiveAvgPool1d(outputSize: $0.int("output_size")!)] },
    "adaptive_avg_pool2d": { [$0[0].adaptiveAvgPool2d(outputSize: $0.pair("output_size")!)] },
    "adaptive_max_pool2d": { [$0[0].adaptiveMaxPool2d(outputSize: $0.pair("output_size")!)] },
]
