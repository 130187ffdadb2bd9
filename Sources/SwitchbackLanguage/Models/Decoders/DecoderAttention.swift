import Switchback

/// Attention in which neighboring heads of queries share keys and values (Ainslie et al., "GQA", 2023).
final class DecoderAttention: Module {
    let qProj, kProj, vProj, qkvProj: Linear?
    let oProj: Linear
    let qNorm, kNorm: Module?
    private let sizes: LlamaConfiguration
    private let rule: AttentionRule
    private let index: Int

    init(_ c: LlamaConfiguration, index: Int) {
        let (queries, shared) = (c.heads * c.headWidth, c.keyValueHeads * c.headWidth)
        let isJoined = c.style.projections != .apart
        func projection(_ count: Int, _ isThere: Bool) -> Linear? {
            isThere ? Linear(c.width, count, bias: c.queryBias) : nil
        }
        qProj = projection(queries, !isJoined)
        kProj = projection(shared, !isJoined)
        vProj = projection(shared, !isJoined)
        qkvProj = projection(queries + 2 * shared, isJoined)
        oProj = Linear(queries, c.width, bias: c.outputBias)
        func norm(_ count: Int) -> Module? {
            switch c.style.headNorm {
            case .none: nil
            case .single: c.makeNorm(c.headWidth)
            case .joint: c.makeNorm(count)
            }
        }
        (qNorm, kNorm) = (norm(queries), norm(shared))
        sizes = c
        rule = AttentionRule(
            scale: c.style.attentionScale, window: c.style.windows[index], cap: c.style.attentionCap)
        self.index = index
    }

    override var partNames: [String: String] { sizes.style.names }

    func callAsFunction(_ x: Tensor, _ angles: DecoderAngles?, cache: AttentionMemory?) -> Tensor {
        running(x) {
            var parts = projected(x)
            if sizes.style.headNorm == .joint, let qNorm, let kNorm {
                (parts[0], parts[1]) = (qNorm(parts[0]), kNorm(parts[1]))
            }
            var queries = parts[0].heads(sizes.heads)
            var keys = parts[1].heads(sizes.keyValueHeads)
            let values = parts[2].heads(sizes.keyValueHeads)
            if sizes.style.headNorm == .single, let qNorm, let kNorm {
                (queries, keys) = (qNorm(queries), kNorm(keys))
            }
            if let angles { (queries, keys) = (angles.turn(queries), angles.turn(keys)) }
            let dropout = isTraining ? sizes.style.dropouts.attention : 0
            let mixed =
                cache?.attend(index, query: queries, key: keys, value: values, rule)
                ?? Tensor.causalAttention(queries, keys, values, rule, dropout: dropout)
            return oProj(mixed.joiningHeads())
        }
    }

    /// Queries, keys and values, [N, T, heads · D] each.
    private func projected(_ x: Tensor) -> [Tensor] {
        guard let qkvProj else { return [qProj, kProj, vProj].compactMap { $0?(x) } }
        let joined = qkvProj(x)
        if sizes.style.projections == .joinedByGroup {
            let sharing = sizes.heads / sizes.keyValueHeads
            // [N, T, groups, queries of the group and its key and value, D]
            let groups = joined.unflatten(2, [sizes.keyValueHeads, sharing + 2, sizes.headWidth])
            return [(0, sharing), (sharing, 1), (sharing + 1, 1)].map { start, count in
                groups.narrow(dim: 3, start: start, length: count).flatten(start: 2)
            }
        }
        let (queries, shared) = (sizes.heads * sizes.headWidth, sizes.keyValueHeads * sizes.headWidth)
        return [(0, queries), (queries, shared), (queries + shared, shared)].map { start, count in
            joined.narrow(dim: 2, start: start, length: count)
        }
    }
}
