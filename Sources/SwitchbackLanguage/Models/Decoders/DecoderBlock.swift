import Switchback

/// Attention and a network, each added to what came in.
final class DecoderBlock: Module {
    let selfAttn: DecoderAttention
    let mlp: Module
    let inputLayernorm, postAttentionLayernorm, preFeedforwardLayernorm, postFeedforwardLayernorm: Module?
    private let drop: Dropout
    private let style: DecoderStyle

    /// - Parameter routing: where networks of experts note what they chose.
    init(_ c: LlamaConfiguration, index: Int, routing: RoutingRecord) {
        style = c.style
        selfAttn = DecoderAttention(c, index: index)
        let experts = style.experts.flatMap { $0.layers.contains(index) ? $0 : nil }
        mlp = experts.map { ExpertMixture(c, $0, routing) } ?? DecoderNetwork(c, inside: c.feedForward)
        let place = style.normPlace
        inputLayernorm = place == .after ? nil : c.makeNorm(c.width)
        postAttentionLayernorm = style.order == .parallelWithOneNorm ? nil : c.makeNorm(c.width)
        preFeedforwardLayernorm = place == .around ? c.makeNorm(c.width) : nil
        postFeedforwardLayernorm = place == .around || place == .after ? c.makeNorm(c.width) : nil
        drop = Dropout(p: style.dropouts.residual)
    }

    override var partNames: [String: String] { style.names }

    /// The parts; those of a network without a name, as OPT's is, among them.
    override func namedParts() -> [(name: String, part: Part)] {
        super.namedParts().flatMap { name, part -> [(name: String, part: Part)] in
            if name.isEmpty, case .module(let network) = part { return network.namedParts() }
            return [(name, part)]
        }
    }

    func callAsFunction(_ x: Tensor, _ angles: DecoderAngles?, cache: AttentionMemory?) -> Tensor {
        running(x) {
            switch (style.order, style.normPlace) {
            case (.sequential, .afterSum): normalizingSums(x, angles, cache)
            case (.sequential, _): oneAfterTheOther(x, angles, cache)
            default: bothAtOnce(x, angles, cache)
            }
        }
    }

    private func oneAfterTheOther(_ x: Tensor, _ angles: DecoderAngles?, _ cache: AttentionMemory?) -> Tensor {
        let isBefore = style.normPlace == .before
        var change = selfAttn(inputLayernorm?(x) ?? x, angles, cache: cache)
        if !isBefore { change = postAttentionLayernorm?(change) ?? change }
        let attended = x + drop(change).scaled(by: style.residualScale)
        let before = isBefore ? postAttentionLayernorm : preFeedforwardLayernorm
        change = mlp(before?(attended) ?? attended)
        return attended + drop(postFeedforwardLayernorm?(change) ?? change).scaled(by: style.residualScale)
    }

    private func normalizingSums(_ x: Tensor, _ angles: DecoderAngles?, _ cache: AttentionMemory?) -> Tensor {
        let sum = x + drop(selfAttn(x, angles, cache: cache))
        let attended = inputLayernorm?(sum) ?? sum
        let whole = attended + drop(mlp(attended))
        return postAttentionLayernorm?(whole) ?? whole
    }

    private func bothAtOnce(_ x: Tensor, _ angles: DecoderAngles?, _ cache: AttentionMemory?) -> Tensor {
        let normal = inputLayernorm?(x) ?? x
        return x + drop(selfAttn(normal, angles, cache: cache)) + drop(mlp(postAttentionLayernorm?(x) ?? normal))
    }
}
