import Switchback

/// The window of a convolution or a pooling, as a node's attributes describe it.
struct ONNXWindow {
    let kernel: [Int]
    let strides: [Int]
    let dilations: [Int]
    /// The padding before and after each spatial dimension.
    let before: [Int]
    let after: [Int]

    /// - Parameter input: the spatial sizes of the image.
    init(_ call: ONNXCall, kernel: [Int], input: [Int]) throws {
        let rank = input.count
        let ones = [Int](repeating: 1, count: rank)
        let (steps, gaps) = (call.node.ints("strides") ?? ones, call.node.ints("dilations") ?? ones)
        for list in [kernel, steps, gaps] {
            try call.require(
                list.count == rank && list.allSatisfy { $0 > 0 && $0 < 1 << 24 },
                "\(list) is not a kernel, stride or dilation of \(rank) positive numbers")
        }
        let extents = zip(kernel, gaps).map { $1 * ($0 - 1) + 1 }
        (self.kernel, strides, dilations) = (kernel, steps, gaps)
        let mode = call.node.text("auto_pad") ?? "NOTSET"
        switch mode {
        case "SAME_UPPER", "SAME_LOWER":
            let total = (0..<rank).map { dim -> Int in
                let positions = (input[dim] + steps[dim] - 1) / steps[dim]
                return max(0, (positions - 1) * steps[dim] + extents[dim] - input[dim])
            }
            let small = total.map { $0 / 2 }
            let large = zip(total, small).map { $0 - $1 }
            (before, after) = mode == "SAME_UPPER" ? (small, large) : (large, small)
        case "VALID": (before, after) = ([Int](repeating: 0, count: rank), [Int](repeating: 0, count: rank))
        default:
            let pads = call.node.ints("pads") ?? [Int](repeating: 0, count: 2 * rank)
            try call.require(
                pads.count == 2 * rank && pads.allSatisfy { $0 >= 0 && $0 < 1 << 24 },
                "\(pads) are not \(2 * rank) widths of padding")
            (before, after) = (Array(pads[..<rank]), Array(pads[rank...]))
        }
        for dim in 0..<rank {
            try call.require(
                input[dim] + before[dim] + after[dim] >= extents[dim],
                "a window of \(kernel) does not fit into an image of \(input)")
        }
    }

    var rank: Int { kernel.count }
    var isSymmetric: Bool { before == after }

    /// How many positions the window has; rounded up, it may reach beyond the padded image.
    func positions(_ input: [Int], roundedUp: Bool) -> [Int] {
        (0..<rank).map { dim -> Int in
            let room = input[dim] + before[dim] + after[dim] - dilations[dim] * (kernel[dim] - 1) - 1
            let count = (roundedUp ? room + strides[dim] - 1 : room) / strides[dim] + 1
            let startsBehind = (count - 1) * strides[dim] >= input[dim] + before[dim]
            return roundedUp && startsBehind ? count - 1 : count
        }
    }

    /// Throws where windows, padding or what all windows see together go beyond the limit.
    func allowWork(_ call: ONNXCall, _ x: Tensor, _ positions: [Int]) throws {
        _ = try call.allow([x.shape[0], x.shape[1]] + (0..<rank).map { x.shape[2 + $0] + before[$0] + after[$0] })
        // Element types without a kernel of their own hold all windows at once.
        let images = x.dtype == .float32 ? [] : [x.shape[0], x.shape[1]]
        _ = try call.allow(images + kernel + positions)
    }

    /// How much has to stand behind the image for so many positions.
    func reach(_ positions: [Int], _ input: [Int]) -> [Int] {
        (0..<rank).map { dim -> Int in
            let end = (positions[dim] - 1) * strides[dim] + dilations[dim] * (kernel[dim] - 1) + 1
            return max(0, end - input[dim] - before[dim])
        }
    }

    /// Widths in the order of `pad`: before and after, the last dimension first.
    func frame(_ after: [Int]) -> [Int] { (0..<rank).reversed().flatMap { [before[$0], after[$0]] } }
}
