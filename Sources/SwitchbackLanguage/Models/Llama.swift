import Switchback
import SwitchbackFormats

/// Llama (Touvron et al., 2023; Grattafiori et al., "The Llama 3 Herd of Models", 2024), with the names of Hugging
/// Face's `LlamaForCausalLM`, and the families that differ from it in some parts: `LlamaConfiguration.family` and
/// `DecoderStyle` tell in which.
public final class Llama: LanguageModel {
    public let sizes: LlamaConfiguration
    private let model: Body
    private let lmHead: Linear
    private let rotary: RotaryEmbedding
    /// Of layers with windows, where these have other wavelengths.
    private let windowRotary: RotaryEmbedding?

    private final class Body: Module {
        let embedTokens: Embedding
        let layers: [Block]
        let norm: Module

        init(_ c: LlamaConfiguration) {
            embedTokens = Embedding(c.vocabularySize, c.width)
            layers = (0..<c.layers).map { Block(c, index: $0) }
            norm = c.makeNorm(c.width)
        }
    }

    public init(_ configuration: LlamaConfiguration) {
        sizes = configuration
        model = Body(configuration)
        lmHead =
            configuration.tiesEmbeddings
            ? Linear(weight: model.embedTokens.weight)
            : Linear(configuration.width, configuration.vocabularySize, bias: false)
        let rotated = Int(Double(configuration.headWidth) * configuration.style.rotatedPart)
        rotary = RotaryEmbedding(
            headWidth: rotated, base: configuration.rotaryBase, scaling: configuration.rotaryScaling)
        windowRotary = configuration.style.windowRotaryBase.map {
            RotaryEmbedding(headWidth: rotated, base: $0, scaling: .none)
        }
        super.init(vocabularySize: configuration.vocabularySize, contextLength: configuration.contextLength)
        for (name, parameter) in namedParameters {
            if parameter.rank > 1 { parameter.initialize(.normal(standardDeviation: 0.02)) }
            if name.hasSuffix("bias") { parameter.initialize(.zeros) }
        }
    }

    public override var hasBlocks: Bool { true }

    public override func features(_ tokens: Tensor, memory: ReadingMemory? = nil) -> Tensor {
        let cache = memory as? AttentionMemory
        let count = tokens.size(1)
        let positions = cache?.positions(of: count) ?? Array(0..<count)
        let angles = rotary.angles(at: positions, like: tokens)
        let windowAngles = windowRotary?.angles(at: positions, like: tokens) ?? angles
        let style = sizes.style
        var x = model.embedTokens(tokens).scaled(by: style.embeddingScale)
        for (index, layer) in model.layers.enumerated() {
            let own = style.windows[index] == nil ? angles : windowAngles
            let turning = style.unrotatedLayers.contains(index) ? nil : own
            x = recomputing(x) { layer($0, turning, cache: cache) }
        }
        cache?.advance(by: count)
        return model.norm(x).scaled(by: style.logitScale)
    }

    public override var logitCap: Double? { sizes.style.logitCap }

    public override var outputWeight: Parameter { lmHead.weight }

    public override func makeMemory(batch: Int, capacity: Int) -> ReadingMemory {
        KeyValueCache(
            layers: sizes.layers, batch: batch, heads: sizes.keyValueHeads, capacity: capacity,
            headWidth: sizes.headWidth)
    }

    public override var configurationFields: [(name: String, value: JSON)] { sizes.fields }

    /// Attention and a gated network, each added to what came in.
    private final class Block: Module {
        let selfAttn: Attention
        let mlp: Module
        let inputLayernorm, postAttentionLayernorm, preFeedforwardLayernorm, postFeedforwardLayernorm: Module?
        let scale: Double
        let place: DecoderStyle.NormPlace

        init(_ c: LlamaConfiguration, index: Int) {
            selfAttn = Attention(c, index: index)
            mlp = c.style.joinsProjections ? JoinedFeedForward(c) : FeedForward(c)
            place = c.style.normPlace
            inputLayernorm = place == .after ? nil : c.makeNorm(c.width)
            postAttentionLayernorm = c.makeNorm(c.width)
            preFeedforwardLayernorm = place == .around ? c.makeNorm(c.width) : nil
            postFeedforwardLayernorm = place == .before ? nil : c.makeNorm(c.width)
            scale = c.style.residualScale
        }

        func callAsFunction(_ x: Tensor, _ angles: DecoderAngles?, cache: AttentionMemory?) -> Tensor {
            running(x) {
                var change = selfAttn(inputLayernorm?(x) ?? x, angles, cache: cache)
                if place != .before { change = postAttentionLayernorm?(change) ?? change }
                let attended = x + change.scaled(by: scale)
                let before = place == .before ? postAttentionLayernorm : preFeedforwardLayernorm
                change = mlp(before?(attended) ?? attended)
                return attended + (postFeedforwardLayernorm?(change) ?? change).scaled(by: scale)
            }
        }
    }

    /// Attention in which neighboring heads of queries share keys and values (Ainslie et al., "GQA", 2023).
    private final class Attention: Module {
        let qProj, kProj, vProj, qkvProj: Linear?
        let oProj: Linear
        let qNorm, kNorm: Module?
        let sizes: LlamaConfiguration
        let rule: AttentionRule
        let index: Int

        init(_ c: LlamaConfiguration, index: Int) {
            let (queries, shared) = (c.heads * c.headWidth, c.keyValueHeads * c.headWidth)
            let isJoined = c.style.joinsProjections
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

        /// Queries, keys and values, [N, T, heads · D] each.
        private func projected(_ x: Tensor) -> [Tensor] {
            guard let qkvProj else { return [qProj, kProj, vProj].compactMap { $0?(x) } }
            let joined = qkvProj(x)
            let (queries, shared) = (sizes.heads * sizes.headWidth, sizes.keyValueHeads * sizes.headWidth)
            return [(0, queries), (queries, shared), (queries + shared, shared)].map { start, count in
                joined.narrow(dim: 2, start: start, length: count)
            }
        }

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
                let mixed =
                    cache?.attend(index, query: queries, key: keys, value: values, rule)
                    ?? Tensor.causalAttention(queries, keys, values, rule)
                return oProj(mixed.joiningHeads())
            }
        }
    }

    /// A gated network (Shazeer, "GLU Variants Improve Transformer", 2020).
    private final class FeedForward: Module {
        let gateProj, upProj, downProj: Linear
        let gatesWithGELU: Bool

        init(_ c: LlamaConfiguration) {
            gateProj = Linear(c.width, c.feedForward, bias: c.feedForwardBias)
            upProj = Linear(c.width, c.feedForward, bias: c.feedForwardBias)
            downProj = Linear(c.feedForward, c.width, bias: c.feedForwardBias)
            gatesWithGELU = c.style.gatesWithGELU
        }

        override func forward(_ x: Tensor) -> Tensor {
            let gate = gateProj(x)
            return downProj((gatesWithGELU ? gate.gelu(approximate: .tanh) : gate.silu()) * upProj(x))
        }
    }

    /// A gated network whose gate and first layer are one.
    private final class JoinedFeedForward: Module {
        let gateUpProj, downProj: Linear

        init(_ c: LlamaConfiguration) {
            gateUpProj = Linear(c.width, 2 * c.feedForward, bias: c.feedForwardBias)
            downProj = Linear(c.feedForward, c.width, bias: c.feedForwardBias)
        }

        override func forward(_ x: Tensor) -> Tensor {
            let parts = gateUpProj(x).chunk(2, dim: -1)
            return downProj(parts[0].silu() * parts[1])
        }
    }
}
