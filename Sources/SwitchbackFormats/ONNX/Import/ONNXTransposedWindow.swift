import Switchback

/// The window of a transposed convolution, and what of its full output is kept.
struct ONNXTransposedWindow {
    let strides: [Int]
    let dilations: [Int]
    /// The spatial sizes of the output before anything is cut off.
    let full: [Int]
    private let before: [Int]
    private let after: [Int]

    init(_ call: ONNXCall, kernel: [Int], input: [Int]) throws {
        let ones = kernel.map { _ in 1 }
        strides = call.node.ints("strides") ?? ones
        dilations = call.node.ints("dilations") ?? ones
        let rest = call.node.ints("output_padding") ?? kernel.map { _ in 0 }
        for list in [strides, dilations, rest] {
            try call.require(
                list.count == kernel.count && list.allSatisfy { $0 >= 0 && $0 < 1 << 24 },
                "\(list) are not \(kernel.count) strides, dilations or widths")
        }
        try call.require(strides.allSatisfy { $0 > 0 } && dilations.allSatisfy { $0 > 0 }, "a stride or dilation is 0")
        var full: [Int] = []
        for dim in kernel.indices {
            full.append((input[dim] - 1) * strides[dim] + dilations[dim] * (kernel[dim] - 1) + 1)
        }
        self.full = full
        let extended = zip(full, rest).map { $0 + $1 }
        let cut = try Self.cut(call, extended, input: input, strides)
        before = cut.before
        // What is added behind the output is cut off less.
        after = zip(cut.after, rest).map { $0 - $1 }
        for dim in full.indices {
            try call.require(
                full[dim] - max(before[dim], 0) - max(after[dim], 0) > 0, "nothing is left of its output")
        }
    }

    /// How much is cut off before and behind an output of `extended`.
    private static func cut(
        _ call: ONNXCall, _ extended: [Int], input: [Int], _ strides: [Int]
    ) throws -> (before: [Int], after: [Int]) {
        let mode = call.node.text("auto_pad") ?? "NOTSET"
        let wanted = call.node.ints("output_shape").map { Array($0.suffix(extended.count)) }
        if wanted == nil && !mode.hasPrefix("SAME") {
            let pads = call.node.ints("pads") ?? [Int](repeating: 0, count: 2 * extended.count)
            try call.require(
                pads.count == 2 * extended.count && pads.allSatisfy { $0 >= 0 && $0 < 1 << 24 },
                "\(pads) is not padding")
            return (Array(pads[..<extended.count]), Array(pads[extended.count...]))
        }
        let sizes = wanted ?? zip(input, strides).map { $0 * $1 }
        try call.require(
            sizes.count == extended.count && sizes.allSatisfy { $0 > 0 && $0 < 1 << 24 },
            "\(sizes) is not an output shape")
        let total = zip(extended, sizes).map { $0 - $1 }
        // Rounded down, as what is missing from a larger output is added behind.
        let small = total.map { $0 >> 1 }
        let large = zip(total, small).map { $0 - $1 }
        return mode == "SAME_UPPER" ? (small, large) : (large, small)
    }

    /// The widths for `pad`, negative where something is cut off; the last dimension first.
    var frame: [Int] { full.indices.reversed().flatMap { [-before[$0], -after[$0]] } }
}
