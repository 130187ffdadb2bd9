/// The function that computes `function` for each of many examples: PyTorch's `torch.func.vmap`.
///
/// Examples lie along a dimension of the operands, and `function` sees one at a time, without that dimension. What it
/// captures, or gets from an operand without one, is the same for all. So what is written for one example serves a batch, and
/// a function that cannot be written for a batch, such as a gradient, is had for each example:
///
/// ```swift
/// func loss(_ weight: Tensor, _ x: Tensor, _ y: Tensor) -> Tensor { x.matmul(weight).mseLoss(y) }
/// let perExample = vmap(of: { example in grad(of: { loss($0, example[0], example[1]) })(weight) })
/// let gradients = perExample([inputs, targets])  // [N, weight…]
/// ```
///
/// It calls `function` once for each example, one after another, and stacks the results: right for whatever `function` does,
/// with the gradients of the stack, and as slow as the loop. Random numbers differ between examples, and a module with running
/// statistics counts each example as a batch.
///
/// - Parameters:
///   - inDims: for each operand, the dimension that examples lie along, or `nil` for one that all share; 0 for each by
///     default.
///   - outDim: the dimension of the result that examples lie along.
/// - Returns: a function that stops where the operands hold different numbers of examples, or none, and where results differ
///   in shape.
public func vmap(
    of function: @escaping ([Tensor]) -> Tensor, inDims: [Int?]? = nil, outDim: Int = 0
) -> ([Tensor]) -> Tensor {
    let mapped = vmap(of: { [function($0)] }, inDims: inDims, outDims: [outDim])
    return { mapped($0)[0] }
}

/// As the other `vmap`, for a function of several results: such as the gradients of all parameters.
///
/// - Parameter outDims: for each result, the dimension that examples lie along; 0 for each by default.
public func vmap(
    of function: @escaping ([Tensor]) -> [Tensor], inDims: [Int?]? = nil, outDims: [Int]? = nil
) -> ([Tensor]) -> [Tensor] {
    { operands in
        let examples = Examples(operands, along: inDims ?? operands.map { _ in 0 })
        let results = (0..<examples.count).map { function(examples[$0]) }
        let dims = outDims ?? results[0].map { _ in 0 }
        require(
            dims.count == results[0].count, "vmap",
            "outDims names \(dims.count.counted("dimension")) for \(results[0].count.counted("result"))")
        return dims.indices.map { position in Examples.joined(results.map { $0[position] }, along: dims[position]) }
    }
}

/// Operands that hold an example at each index of a dimension.
private struct Examples {
    let count: Int
    private let operands: [Tensor]
    private let dims: [Int?]

    init(_ operands: [Tensor], along dims: [Int?]) {
        require(
            dims.count == operands.count, "vmap",
            "inDims names \(dims.count.counted("dimension")) for \(operands.count.counted("operand"))")
        var sizes: [Int] = []
        for (operand, dim) in zip(operands, dims) {
            guard let dim else { continue }
            require(operand.rank > 0, "vmap", "a single number holds no examples; inDims has nil for what all share")
            sizes.append(operand.shape[operand.dimension(dim, "vmap")])
        }
        require(!sizes.isEmpty, "vmap", "no operand holds examples: inDims names the dimension of at least one")
        require(
            sizes.allSatisfy { $0 == sizes[0] }, "vmap",
            "the operands hold different numbers of examples: \(sizes.map(String.init).joined(separator: ", "))")
        require(sizes[0] > 0, "vmap", "there are no examples, and without one the shape of the result is not known")
        count = sizes[0]
        self.operands = operands
        self.dims = dims
    }

    /// The operands of one example.
    subscript(_ index: Int) -> [Tensor] {
        zip(operands, dims).map { operand, dim in dim.map { operand.select(dim: $0, index: index) } ?? operand }
    }

    static func joined(_ results: [Tensor], along dim: Int) -> Tensor {
        let shape = results[0].shape
        if let other = results.first(where: { $0.shape != shape }) {
            fail("vmap", "the function gave results of different shapes for its examples: \(shape) and \(other.shape)")
        }
        require(
            dim >= -shape.count - 1 && dim <= shape.count, "vmap",
            "examples of shape \(shape) can lie along the dimensions \(-shape.count - 1) to \(shape.count), not \(dim)")
        return Tensor.stack(results, dim: dim)
    }
}
