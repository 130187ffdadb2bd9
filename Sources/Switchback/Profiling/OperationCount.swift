/// How many floating-point operations an operation takes, a multiplication and an addition counting as two: of products,
/// convolutions and attention, in which nearly all of a network's are. 0 of others.
///
/// - Parameters:
///   - inputs: the operands, as the operation records them.
func operationCount(_ name: StaticString, _ inputs: [NDArray], _ outputs: [NDArray]) -> Double {
    guard inputs.count >= 2, let output = outputs.first else { return 0 }
    let (a, b) = (inputs[0].shape, inputs[1].shape)
    switch "\(name)" {
    case "matmul", "linear":
        return 2 * Double(output.count) * Double(a.last ?? 1)
    case "conv2d":
        return 2 * Double(output.count) * Double(b.dropFirst().reduce(1, *))
    case "conv2d input gradient":
        // Also a transposed convolution: every element of the smaller image meets its filters' weights.
        return 2 * Double(inputs[0].count) * Double(b.dropFirst().reduce(1, *))
    case "conv2d weight gradient":
        return 2 * Double(inputs[1].count) * Double(output.shape.dropFirst().reduce(1, *))
    case "scaled_dot_product_attention":
        // q kᵀ and the weights' product with v.
        let keys = b[b.count - 2]
        return 2 * Double(inputs[0].count + output.count) * Double(keys)
    default: return 0
    }
}
