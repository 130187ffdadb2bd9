/// Attention with several heads (Vaswani et al., "Attention is all you need", 2017, section 3.2.2). As
/// `torch.nn.MultiheadAttention`, whose parameter names it has.
public final class MultiHeadAttention: Module {
    /// [3·width, width]: the projections to queries, keys and values.
    public let inProjWeight: Parameter
    /// [3·width].
    public let inProjBias: Parameter?
    /// The projection of the concatenated heads.
    public let outProj: Linear
    private let heads: Int
    private let dropout: Double
    private let batchFirst: Bool

    /// - Parameters:
    ///   - width: the size of queries, keys and values; a multiple of `heads`.
    ///   - dropout: the probability with which an attention weight is dropped in training.
    ///   - batchFirst: whether operands are [N, L, width] instead of [L, N, width].
    public init(
        _ width: Int, heads: Int, dropout: Double = 0, bias: Bool = true, batchFirst: Bool = false,
        dtype: DType = .float32, generator: Generator? = nil
    ) {
        require(
            heads > 0 && width % heads == 0, "MultiHeadAttention",
            "a width of \(width) cannot be divided into \(heads) heads")
        inProjWeight = Parameter([3 * width, width], .xavierUniform(), dtype: dtype, generator: generator)
        inProjBias = bias ? Parameter([3 * width], .zeros, dtype: dtype) : nil
        outProj = Linear(width, width, bias: bias, dtype: dtype, generator: generator)
        outProj.bias?.initialize(.zeros)
        self.heads = heads
        self.dropout = dropout
        self.batchFirst = batchFirst
    }

    /// What each query sees of the values, as much of each as its key fits: [T, N, width], or with the batch first
    /// [N, T, width], as the query.
    ///
    /// - Parameters:
    ///   - keyPaddingMask: [N, S], true where a key is padding, or numbers that are added to its scores.
    ///   - mask: [T, S] or [N·heads, T, S], true where a query must not see a key, or numbers that are added.
    ///   - isCausal: whether query t sees only the keys 0 ... t.
    public func callAsFunction(
        _ query: Tensor, _ key: Tensor, _ value: Tensor, keyPaddingMask: Tensor? = nil, mask: Tensor? = nil,
        isCausal: Bool = false
    ) -> Tensor {
        running(query) {
            attend(query, key, value, keyPaddingMask, mask, isCausal: isCausal, needWeights: false).output
        }
    }

    /// As the call, and beside the output the weights that it was made with, averaged over the heads, [N, T, S].
    public func withWeights(
        _ query: Tensor, _ key: Tensor, _ value: Tensor, keyPaddingMask: Tensor? = nil, mask: Tensor? = nil,
        isCausal: Bool = false
    ) -> (output: Tensor, weights: Tensor) {
        var weights: Tensor?
        let output = running(query) {
            let result = attend(query, key, value, keyPaddingMask, mask, isCausal: isCausal, needWeights: true)
            weights = result.weights
            return result.output
        }
        return (output, weights!)
    }

    /// Self-attention: the input is query, key and value.
    public override func forward(_ input: Tensor) -> Tensor {
        attend(input, input, input, nil, nil, isCausal: false, needWeights: false).output
    }

    private func attend(
        _ query: Tensor, _ key: Tensor, _ value: Tensor, _ keyPaddingMask: Tensor?, _ mask: Tensor?, isCausal: Bool,
        needWeights: Bool
    ) -> (output: Tensor, weights: Tensor?) {
        Tensor.multiHeadAttention(
            query, key, value, heads: heads, inProjWeight: inProjWeight, inProjBias: inProjBias,
            outProjWeight: outProj.weight, outProjBias: outProj.bias, keyPaddingMask: keyPaddingMask, attnMask: mask,
            isCausal: isCausal, dropout: isTraining ? dropout : 0, batchFirst: batchFirst, needWeights: needWeights)
    }

    public override var configuration: String {
        "\(outProj.weight.size(0)), heads: \(heads), dropout: \(dropout), batchFirst: \(batchFirst)"
    }

    /// Of self-attention: four projections, and two products of each query with all keys.
    public override func operationCount(input: Tensor, output: Tensor) -> Int {
        let (length, width) = (input.size(batchFirst ? 1 : 0), input.size(2))
        return output.count * (8 * width + 4 * length)
    }
}
