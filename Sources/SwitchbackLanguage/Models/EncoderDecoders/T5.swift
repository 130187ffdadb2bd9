import Foundation
import Switchback
import SwitchbackFormats

/// T5 (Raffel et al., "Exploring the Limits of Transfer Learning with a Unified Text-to-Text Transformer", 2020) and
/// Flan-T5 (Chung et al., 2022), with the names of Hugging Face's `T5ForConditionalGeneration`; without dropout, for
/// inference.
public final class T5: EncoderDecoder {
    public let sizes: T5Configuration
    private let shared: Embedding
    private let encoder, decoder: Stack
    private let lmHead: Linear

    public init(_ configuration: T5Configuration) {
        sizes = configuration
        shared = Embedding(configuration.vocabularySize, configuration.width)
        encoder = Stack(configuration, isDecoder: false)
        decoder = Stack(configuration, isDecoder: true)
        lmHead =
            configuration.tiesEmbeddings
            ? Linear(weight: shared.weight)
            : Linear(configuration.width, configuration.vocabularySize, bias: false)
    }

    public override func encode(_ source: Tensor, padding: Tensor? = nil) -> Tensor {
        running(source) { encoder(shared(source), memory: nil, padding: padding) }
    }

    public override func decode(_ target: Tensor, _ memory: Tensor, padding: Tensor? = nil) -> Tensor {
        let features = decoder(shared(target), memory: memory, padding: padding)
        return sizes.scalesOutputs ? features * (1 / Double(sizes.width).squareRoot()) : features
    }

    public override var outputWeight: Parameter { lmHead.weight }

    private final class Stack: Module {
        let block: [Block]
        let finalLayerNorm: RMSNorm
        private let isDecoder: Bool

        init(_ c: T5Configuration, isDecoder: Bool) {
            block = (0..<(isDecoder ? c.decoderLayers : c.layers)).map { Block(c, isDecoder: isDecoder, index: $0) }
            finalLayerNorm = RMSNorm(c.width, eps: c.epsilon)
            self.isDecoder = isDecoder
        }

        /// [N, T, width] and, in a decoder, what the encoder says, [N, S, width] → [N, T, width].
        func callAsFunction(_ embedded: Tensor, memory: Tensor?, padding: Tensor?) -> Tensor {
            running(embedded) {
                // The first layer's distances count in all.
                let bias = block.first?.distances(embedded.size(1))
                var x = embedded
                for layer in block { x = layer(x, bias, memory: memory, padding: padding) }
                return finalLayerNorm(x)
            }
        }
    }

    /// Attention to the own sequence, in a decoder to what the encoder says, and a network, each added to what came in.
    private final class Block: Module {
        let layer: [Layer]
        private let isDecoder: Bool

        init(_ c: T5Configuration, isDecoder: Bool, index: Int) {
            let own = Layer(c, attention: Attention(c, isDecoder: isDecoder, tellsDistances: index == 0), isOwn: true)
            let other = Layer(c, attention: Attention(c, isDecoder: false, tellsDistances: false), isOwn: false)
            layer = [own] + (isDecoder ? [other] : []) + [Layer(c, network: Network(c))]
            self.isDecoder = isDecoder
        }

        func distances(_ length: Int) -> Tensor? { layer[0].selfAttention?.distances(length) }

        func callAsFunction(_ x: Tensor, _ bias: Tensor?, memory: Tensor?, padding: Tensor?) -> Tensor {
            running(x) {
                layer.reduce(x) { x, layer in
                    let normal = layer.layerNorm(x)
                    if let own = layer.selfAttention {
                        return x + own(normal, to: normal, bias, padding: isDecoder ? nil : padding)
                    }
                    if let other = layer.encDecAttention {
                        return x + other(normal, to: memory ?? normal, nil, padding: padding)
                    }
                    return x + (layer.network?(normal) ?? normal)
                }
            }
        }
    }

    /// One of a block's parts, and the normalization of what it reads.
    private final class Layer: Module {
        let selfAttention, encDecAttention: Attention?
        let network: Network?
        let layerNorm: RMSNorm

        init(_ c: T5Configuration, attention: Attention? = nil, isOwn: Bool = false, network: Network? = nil) {
            selfAttention = isOwn ? attention : nil
            encDecAttention = isOwn ? nil : attention
            self.network = network
            layerNorm = RMSNorm(c.width, eps: c.epsilon)
        }

        override var partNames: [String: String] {
            [
                "selfAttention": "SelfAttention", "encDecAttention": "EncDecAttention", "network": "DenseReluDense",
            ]
        }
    }

    private final class Attention: Module {
        let q, k, v, o: Linear
        let relativeAttentionBias: Embedding?
        private let sizes: T5Configuration
        private let isDecoder: Bool

        init(_ c: T5Configuration, isDecoder: Bool, tellsDistances: Bool) {
            let inside = c.heads * c.headWidth
            q = Linear(c.width, inside, bias: false)
            k = Linear(c.width, inside, bias: false)
            v = Linear(c.width, inside, bias: false)
            o = Linear(inside, c.width, bias: false)
            relativeAttentionBias = tellsDistances ? Embedding(c.buckets, c.heads) : nil
            sizes = c
            self.isDecoder = isDecoder
        }

        /// What the distance of two positions adds to their product, [1, heads, T, T].
        func distances(_ length: Int) -> Tensor? {
            guard let table = relativeAttentionBias else { return nil }
            let buckets = (0..<length).flatMap { query in
                (0..<length).map { sizes.bucket(of: $0 - query, looksAhead: !isDecoder) }
            }
            let index = Tensor(buckets, shape: [length * length], like: table.weight)
            return table(index).reshape([length, length, sizes.heads]).permute(2, 0, 1).unsqueeze(0)
        }

        func callAsFunction(_ x: Tensor, to other: Tensor, _ bias: Tensor?, padding: Tensor?) -> Tensor {
            running(x) {
                o(
                    CrossAttention.mix(
                        q(x).heads(sizes.heads), k(other).heads(sizes.heads), v(other).heads(sizes.heads), scale: 1,
                        bias: bias, padding: padding, isCausal: isDecoder))
            }
        }
    }

    private final class Network: Module {
        let wi, wi0, wi1: Linear?
        let wo: Linear
        private let activation: DecoderActivation

        init(_ c: T5Configuration) {
            func layer(_ isThere: Bool) -> Linear? { isThere ? Linear(c.width, c.feedForward, bias: false) : nil }
            (wi, wi0, wi1) = (layer(!c.isGated), layer(c.isGated), layer(c.isGated))
            wo = Linear(c.feedForward, c.width, bias: false)
            activation = c.activation
        }

        override var partNames: [String: String] { ["wi0": "wi_0", "wi1": "wi_1"] }

        override func forward(_ x: Tensor) -> Tensor {
            if let wi0, let wi1 { return wo(activation(wi0(x)) * wi1(x)) }
            return wo(activation(wi?(x) ?? x))
        }
    }
}

/// The sizes of a T5.
public struct T5Configuration: Sendable, Equatable {
    public let vocabularySize, width, headWidth, heads, feedForward, layers, decoderLayers: Int
    /// Whether the output layer's weight is the table of the input.
    public let tiesEmbeddings: Bool
    /// Whether what the output layer reads is divided by the root of the width.
    let scalesOutputs: Bool
    let buckets, furthest: Int
    let epsilon: Double
    let isGated: Bool
    let activation: DecoderActivation

    /// The contents of a Hugging Face `config.json`.
    ///
    /// - Parameter hasOutput: whether the weights have an output layer that is not the table of the input.
    public init(_ fields: ConfigurationFields, hasOutput: Bool) throws {
        vocabularySize = try fields.integer("vocab_size")
        width = try fields.integer("d_model")
        headWidth = try fields.integer("d_kv", default: 64)
        heads = try fields.integer("num_heads")
        feedForward = try fields.integer("d_ff")
        layers = try fields.integer("num_layers")
        decoderLayers = try fields.integer("num_decoder_layers", default: layers)
        buckets = try fields.integer("relative_attention_num_buckets", minimum: 4, default: 32)
        furthest = try fields.integer("relative_attention_max_distance", default: 128)
        guard furthest > buckets / 2 else {
            throw fields.problem("relative_attention_max_distance", "a number above \(buckets / 2) is needed")
        }
        epsilon = try fields.number("layer_norm_epsilon", default: 1e-6)
        tiesEmbeddings = !hasOutput
        // In T5's files this says no more than that: as in Transformers, the weights tell whether the two are one.
        scalesOutputs = try fields.bool("tie_word_embeddings", default: true)
        let form = try fields.string("feed_forward_proj", default: "relu")
        isGated = form.hasPrefix("gated-")
        try fields.requireOnly("feed_forward_proj", ["relu", "gated-gelu", "gated-silu"], default: "relu")
        // Transformers takes the form with tanh for this name.
        activation = form == "relu" ? .relu : form == "gated-gelu" ? .tanhGELU : .silu
    }

    /// The class of a distance: near ones each by itself, further ones in classes that grow (Raffel et al., section 2.1).
    func bucket(of distance: Int, looksAhead: Bool) -> Int {
        let count = looksAhead ? buckets / 2 : buckets
        let start = looksAhead && distance > 0 ? count : 0
        let steps = looksAhead ? abs(distance) : max(0, -distance)
        let exact = count / 2
        if steps < exact { return start + steps }
        // In the precision that Transformers has, so that borders are the same.
        let part = log(Float(steps) / Float(exact)) / Float(log(Double(furthest) / Double(exact)))
        return start + min(exact + Int(part * Float(count - exact)), count - 1)
    }
}
