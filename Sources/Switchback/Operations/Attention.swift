extension Tensor {
    /// Scaled dot-product attention (Vaswani et al., "Attention Is All You Need", 2017): softmax(scale · q kᵀ) v.
    ///
    /// Shapes are query [..., H, T, D], key [..., H, S, D] and value [..., H, S, E]; the result is [..., H, T, E].
    /// Leading dimensions broadcast to each other.
    /// Queries that see no key give 0. Computes in the precision of `withPrecision`. Without a mask's gradient and dropout, the matrix of scores is never held.
    ///
    /// - Parameters:
    ///   - mask: broadcasts to [..., H, T, S]: true where a query sees a key, or numbers that are added to the scores.
    ///   - dropout: the probability with which a weight is dropped.
    ///   - isCausal: whether query t sees only the keys 0 ... t.
    ///   - scale: 1 / √D by default.
    ///   - enableGQA: whether key and value may have fewer heads, each shared by as many neighboring query heads.
    public static func scaledDotProductAttention(
        _ query: Tensor, _ key: Tensor, _ value: Tensor, mask: Tensor? = nil, dropout: Double = 0,
        isCausal: Bool = false, scale: Double? = nil, enableGQA: Bool = false, generator: Generator? = nil
    ) -> Tensor {
        let (query, key, value) = broadcastBatches(query, key, value, enableGQA: enableGQA)
        checkAttention(query, key, value, mask, enableGQA: enableGQA)
        let scale = scale ?? 1 / Double(Swift.max(query.size(-1), 1)).squareRoot()
        if ThreadState.isObserved {
            let shown = ObservedAttention(query: query, key: key, mask: mask, isCausal: isCausal, scale: scale)
            ThreadState.current.observe { $0.attends(shown) }
        }
        let type = query.dtype
        if type.byteCount == 2 {
            let operands = [query, key, value].map { $0.to(.float32) }
            let mask = mask.map { $0.dtype == .bool ? $0 : $0.to(.float32) }
            return scaledDotProductAttention(
                operands[0], operands[1], operands[2], mask: mask, dropout: dropout, isCausal: isCausal, scale: scale,
                enableGQA: enableGQA, generator: generator
            ).to(type)
        }
        let additive = mask.map { additiveMask($0, like: query) }
        if dropout == 0 && !(additive?.requiresGrad ?? false),
            let fused = fusedAttention(query, key, value, additive, isCausal: isCausal, scale: scale)
        {
            return fused
        }
        let weights = attentionWeights(
            query, key.sharedHeads(as: query), additive, isCausal: isCausal, scale: scale)
        return weights.dropout(p: dropout, training: dropout > 0, generator: generator)
            .matmul(value.sharedHeads(as: query))
    }

    /// softmax(scale · q kᵀ + mask), [..., T, S]; rows without any visible key are 0.
    fileprivate static func attentionWeights(
        _ query: Tensor, _ key: Tensor, _ mask: Tensor?, isCausal: Bool, scale: Double
    ) -> Tensor {
        var scores = (query * scale).matmul(key.transpose(-2, -1))
        if let mask { scores = scores + mask }
        if isCausal {
            let visible = Tensor.number(1, like: query).expand(to: [query.size(-2), key.size(-2)]).to(.bool).tril()
            scores = scores.maskedFill(visible.logicalNot(), -Double.infinity)
        }
        let hidden = scores.detach().eq(-Double.infinity).all(dim: -1, keepDim: true)
        return scores.softmax(dim: -1).maskedFill(hidden, 0)
    }

    /// Attention of operands with four dimensions by the backend's kernel; `nil` if it has none.
    private static func fusedAttention(
        _ query: Tensor, _ key: Tensor, _ value: Tensor, _ mask: Tensor?, isCausal: Bool, scale: Double
    ) -> Tensor? {
        if query.rank != 4 {
            // Leading dimensions count as one batch.
            guard query.rank > 4 || query.rank == 3 else { return nil }
            func merged(_ x: Tensor) -> Tensor { x.rank == 3 ? x.unsqueeze(0) : x.flatten(end: x.rank - 4) }
            let full = mask.map { $0.expand(to: Shape(query.shape.dropLast() + [key.size(-2)])) }
            return fusedAttention(
                merged(query), merged(key), merged(value), full.map(merged), isCausal: isCausal, scale: scale
            )?.reshape(Shape(query.shape.dropLast() + [value.size(-1)]))
        }
        let scores = query.shape.replacing(3, with: key.shape[2])
        let mask = mask?.array.expanded(to: scores)
        let (q, k, v) = (query.operand(), key.operand(), value.operand())
        guard
            query.shape[0] == key.shape[0],
            let result = query.backend.attention(
                query: q.array, key: k.array, value: v.array, mask: mask, isCausal: isCausal, scale: scale)
        else { return nil }
        return record(
            .scaledDotProductAttention, result.y, from: [query, key, value],
            saving: [q, k, v, mask.map { Tensor($0) }, compacted(result.y), Tensor(result.logSum)], once: true
        ) { saved, gradient in
            let (query, key, value) = (saved.tensor(0), saved.tensor(1), saved.tensor(2))
            let found = query.backend.attentionGradient(
                gradient.array, query: query.array, key: key.array, value: value.array, mask: saved[3]?.array,
                isCausal: isCausal, scale: scale, y: saved.tensor(4).array.cast(to: gradient.dtype),
                logSum: saved.tensor(5).array)
            guard let found else {
                fail("scaledDotProductAttention", "the backend has no gradient of its fused attention")
            }
            return [Tensor(found.query), Tensor(found.key), Tensor(found.value)]
        }
    }

    /// A mask as numbers that are added to scores: −∞ where a bool one is false.
    private static func additiveMask(_ mask: Tensor, like query: Tensor) -> Tensor {
        if mask.dtype != .bool { return mask.to(query.dtype) }
        let zeros = Tensor(NDArray(filled: 0, shape: mask.shape, dtype: query.dtype, backend: query.backend))
        return zeros.maskedFill(mask.logicalNot(), -Double.infinity)
    }

    /// Keys or values with each head repeated for the query heads that share it.
    private func sharedHeads(as query: Tensor) -> Tensor {
        if rank < 3 || size(-3) == query.size(-3) { return self }
        return repeatInterleave(query.size(-3) / size(-3), dim: -3)
    }

    /// The operands with leading dimensions of one shape, without the heads where these may differ. Themselves if they
    /// have that or do not broadcast.
    private static func broadcastBatches(
        _ query: Tensor, _ key: Tensor, _ value: Tensor, enableGQA: Bool
    ) -> (Tensor, Tensor, Tensor) {
        let kept = enableGQA ? 3 : 2
        let operands = [query, key, value]
        guard operands.allSatisfy({ $0.rank >= kept }) else { return (query, key, value) }
        let leads = operands.map { Shape($0.shape.dropLast(kept)) }
        if leads[0] == leads[1] && leads[0] == leads[2] { return (query, key, value) }
        guard let keys = Shape.broadcast(leads[1], leads[2]), let common = Shape.broadcast(leads[0], keys) else {
            return (query, key, value)
        }
        let expanded = operands.map { $0.expand(to: Shape(Array(common) + Array($0.shape.suffix(kept)))) }
        return (expanded[0], expanded[1], expanded[2])
    }

    private static func checkAttention(
        _ query: Tensor, _ key: Tensor, _ value: Tensor, _ mask: Tensor?, enableGQA: Bool
    ) {
        query.requireSameBackend("scaledDotProductAttention", key, value, mask)
        let shapes = "the shapes of query, key and value are \(query.shape), \(key.shape) and \(value.shape)"
        require(
            query.rank >= 2 && key.rank == query.rank && value.rank == query.rank
                && query.size(-1) == key.size(-1) && key.size(-2) == value.size(-2), "scaledDotProductAttention",
            "\(shapes); expected [..., T, D], [..., S, D] and [..., S, E]")
        require(
            query.dtype.isFloatingPoint && key.dtype == query.dtype && value.dtype == query.dtype,
            "scaledDotProductAttention",
            "query, key and value are \(query.dtype), \(key.dtype) and \(value.dtype); they must be of one "
                + "floating-point type")
        if query.rank > 2 {
            let (heads, shared) = (query.size(-3), key.size(-3))
            require(
                heads == shared || (enableGQA && shared > 0 && heads % shared == 0), "scaledDotProductAttention",
                "\(shapes); the heads must be as many, or with enableGQA the query's a multiple of the others'")
        }
        guard let mask else { return }
        let scores = Shape(query.shape.dropLast() + [key.size(-2)])
        require(
            Shape.broadcast(mask.shape, scores) == scores, "scaledDotProductAttention",
            "the mask has shape \(mask.shape), which does not broadcast to the scores' \(scores)")
    }
}

// MARK: - With several heads

extension Tensor {
    /// Multi-head attention (Vaswani et al., 2017): query, key and value are projected, cut into heads that attend each
    /// by itself, joined again and projected. PyTorch's `torch.nn.functional.multi_head_attention_forward`.
    ///
    /// Shapes are query [T, N, E], key and value [S, N, E], or with the batch first [N, T, E] and [N, S, E].
    ///
    /// - Parameters:
    ///   - inProjWeight: [3 · E, E], for query, key and value one below the other.
    ///   - inProjBias: [3 · E].
    ///   - outProjWeight: [E, E].
    ///   - outProjBias: [E].
    ///   - keyPaddingMask: [N, S], true where a key is padding, or numbers that are added to its scores.
    ///   - attnMask: [T, S] or [N · heads, T, S], true where a query must *not* see a key (as in PyTorch's
    ///     layer, and unlike `scaledDotProductAttention`), or numbers that are added to the scores.
    ///   - needWeights: whether the weights are wanted too; it costs the matrix of scores.
    ///   - averageAttnWeights: whether weights are averaged over heads, [N, T, S], instead of [N, heads, T, S].
    public static func multiHeadAttention(
        _ query: Tensor, _ key: Tensor, _ value: Tensor, heads: Int, inProjWeight: Tensor, inProjBias: Tensor? = nil,
        outProjWeight: Tensor, outProjBias: Tensor? = nil, keyPaddingMask: Tensor? = nil, attnMask: Tensor? = nil,
        isCausal: Bool = false, dropout: Double = 0, batchFirst: Bool = false, needWeights: Bool = true,
        averageAttnWeights: Bool = true
    ) -> (output: Tensor, weights: Tensor?) {
        let width = query.size(-1)
        require(
            query.rank == 3 && key.rank == 3 && value.rank == 3 && heads > 0 && width % heads == 0,
            "multiHeadAttention",
            "the shapes are \(query.shape), \(key.shape) and \(value.shape); expected three dimensions, the last "
                + "divisible into \(heads) heads")
        let inputs = batchFirst ? [query, key, value] : [query, key, value].map { $0.transpose(0, 1) }
        /// `count` of query, key and value, from number `first` on, as one product.
        func project(_ input: Tensor, _ first: Int, _ count: Int) -> [Tensor] {
            func part(_ parameter: Tensor) -> Tensor {
                count == 3 ? parameter : parameter.narrow(dim: 0, start: first * width, length: count * width)
            }
            let flat = input.linear(weight: part(inProjWeight), bias: inProjBias.map(part))
            return flat.chunk(count, dim: 2).map { $0.unflatten(2, [heads, width / heads]).transpose(1, 2) }
        }
        let projected: [Tensor]
        if query === key && key === value {
            projected = project(inputs[0], 0, 3)
        } else if key === value {
            projected = project(inputs[0], 0, 1) + project(inputs[1], 1, 2)
        } else {
            projected = (0..<3).flatMap { project(inputs[$0], $0, 1) }
        }
        let mask = joinedMask(keyPaddingMask, attnMask, heads: heads, like: query)
        var attention: Tensor?
        let mixed: Tensor
        if needWeights {
            let scale = 1 / Double(width / heads).squareRoot()
            let found = attentionWeights(projected[0], projected[1], mask, isCausal: isCausal, scale: scale)
            let dropped = found.dropout(p: dropout, training: dropout > 0)
            attention = averageAttnWeights ? dropped.mean(dim: 1) : dropped
            mixed = dropped.matmul(projected[2])
        } else {
            mixed = scaledDotProductAttention(
                projected[0], projected[1], projected[2], mask: mask, dropout: dropout, isCausal: isCausal)
        }
        let joined = mixed.transpose(1, 2).flatten(start: 2)
        let output = joined.linear(weight: outProjWeight, bias: outProjBias)
        return (batchFirst ? output : output.transpose(0, 1), attention)
    }

    /// Both masks as numbers that are added to the scores [N, heads, T, S].
    private static func joinedMask(
        _ keyPadding: Tensor?, _ attention: Tensor?, heads: Int, like query: Tensor
    ) -> Tensor? {
        func additive(_ mask: Tensor) -> Tensor {
            additiveMask(mask.dtype == .bool ? mask.logicalNot() : mask, like: query)
        }
        let keys = keyPadding.map { additive($0).unsqueeze(1).unsqueeze(1) }
        let pairs = attention.map { mask -> Tensor in
            mask.rank == 3 ? additive(mask).unflatten(0, [-1, heads]) : additive(mask)
        }
        guard let keys else { return pairs }
        return pairs.map { keys + $0 } ?? keys
    }
}
