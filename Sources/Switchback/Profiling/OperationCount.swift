extension OperationName.Kind {
    /// How many floating-point operations an operation of this kind takes, a multiplication and an addition counting as
    /// two: of products, convolutions and attention, in which nearly all of a network's are. 0 of others.
    ///
    /// - Parameter inputs: the operands, as the operation records them.
    func floatingPointOperations(from inputs: [NDArray], to outputs: [NDArray]) -> Double {
        guard inputs.count >= 2, let output = outputs.first else { return 0 }
        let (a, b) = (inputs[0].shape, inputs[1].shape)
        switch self {
        case .product:
            return 2 * Double(output.count) * Double(a.last ?? 1)
        case .convolution:
            return 2 * Double(output.count) * Double(b.dropFirst().reduce(1, *))
        case .convolutionInputGradient:
            // Also a transposed convolution: every element of the smaller image meets its filters' weights.
            return 2 * Double(inputs[0].count) * Double(b.dropFirst().reduce(1, *))
        case .convolutionWeightGradient:
            return 2 * Double(inputs[1].count) * Double(output.shape.dropFirst().reduce(1, *))
        case .attention:
            // q kᵀ and the weights' product with v.
            let keys = b[b.count - 2]
            return 2 * Double(inputs[0].count + output.count) * Double(keys)
        default:
            return 0
        }
    }
}
