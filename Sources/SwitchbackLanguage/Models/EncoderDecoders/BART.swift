import Foundation
import Switchback
import SwitchbackFormats

/// BART (Lewis et al., "BART: Denoising Sequence-to-Sequence Pre-training", 2020), mBART (Liu et al., "Multilingual
/// Denoising Pre-training for Neural Machine Translation", 2020), which normalizes before each layer, and Marian
/// (Junczys-Dowmunt et al., "Marian: Fast Neural Machine Translation in C++", 2018; the models of OPUS-MT), with the names
/// of Hugging Face's `BartForConditionalGeneration`, `MBartForConditionalGeneration` and `MarianMTModel`; without dropout,
/// for inference.
public final class BART: EncoderDecoder {
    public let sizes: BARTConfiguration
    private let model: Body
    private let lmHead: Linear
    private let finalLogitsBias: Buffer

    private final class Body: Module {
        let shared: Embedding
        let encoder, decoder: Stack

        init(_ c: BARTConfiguration) {
            shared = Embedding(c.vocabularySize, c.width, paddingIndex: c.paddingToken)
            encoder = Stack(c, c.encoder, isDecoder: false)
            decoder = Stack(c, c.decoder, isDecoder: true)
        }
    }

    public init(_ configuration: BARTConfiguration) {
        sizes = configuration
        model = Body(configuration)
        lmHead = Linear(weight: model.shared.weight)
        finalLogitsBias = Buffer(Tensor.zeros([1, configuration.vocabularySize]))
    }

    public override func encode(_ source: Tensor, padding: Tensor? = nil) -> Tensor {
        running(source) { model.encoder(model.shared(source), memory: nil, padding: padding) }
    }

    public override func decode(_ target: Tensor, _ memory: Tensor, padding: Tensor? = nil) -> Tensor {
        model.decoder(model.shared(target), memory: memory, padding: padding)
    }

    public override var outputWeight: Parameter { lmHead.weight }

    public override var outputBias: Tensor? { finalLogitsBias.reshape([sizes.vocabularySize]) }

    public override var contextLength: Int? { sizes.contextLength }

    private final class Stack: Module {
        let embedPositions: Embedding?
        let layernormEmbedding: LayerNorm?
        let layers: [Layer]
        /// Behind the last layer, where layers normalize what they read alone.
        let layerNorm: LayerNorm?
        private let sizes: BARTConfiguration

        init(_ c: BARTConfiguration, _ own: BARTConfiguration.Stack, isDecoder: Bool) {
            let isLearned = c.family != .marian
            embedPositions = isLearned ? Embedding(c.contextLength + Stack.offset, c.width) : nil
            layernormEmbedding = isLearned ? LayerNorm(c.width) : nil
            layers = (0..<own.layers).map { _ in Layer(c, own, isDecoder: isDecoder) }
            layerNorm = c.family.normalizesFirst ? LayerNorm(c.width) : nil
            sizes = c
        }

        /// The first rows of BART's table of positions stand for none.
        private static let offset = 2

        func callAsFunction(_ embedded: Tensor, memory: Tensor?, padding: Tensor?) -> Tensor {
            running(embedded) {
                let length = embedded.size(1)
                var x = embedded.scaled(by: sizes.scalesEmbeddings ? Double(sizes.width).squareRoot() : 1)
                if let embedPositions {
                    let rows = Array(Stack.offset..<Stack.offset + length)
                    x = x + embedPositions(Tensor(rows, shape: [length], like: embedded))
                } else {
                    x = x + Stack.waves(length, width: sizes.width, like: embedded)
                }
                x = layernormEmbedding?(x) ?? x
                for layer in layers { x = layer(x, memory: memory, padding: padding) }
                return layerNorm?(x) ?? x
            }
        }

        /// Sines of each position, then its cosines, [length, width].
        private static func waves(_ length: Int, width: Int, like vectors: Tensor) -> Tensor {
            let half = width - width / 2
            let values = (0..<length).flatMap { position in
                (0..<width).map { i -> Float in
                    let wave = i < half ? 2 * i : 2 * (i - half)
                    let angle = Double(position) / pow(10000, Double(wave) / Double(width))
                    return Float(i < half ? sin(angle) : cos(angle))
                }
            }
            return Tensor(values, shape: [length, width], like: vectors)
        }
    }

    /// Attention to the own sequence, in a decoder to what the encoder says, and a network, each with a shortcut.
    private final class Layer: Module {
        let selfAttn: Attention
        let encoderAttn: Attention?
        let selfAttnLayerNorm, finalLayerNorm: LayerNorm
        let encoderAttnLayerNorm: LayerNorm?
        let fc1, fc2: Linear
        private let activation: DecoderActivation
        private let isDecoder, normalizesFirst: Bool

        init(_ c: BARTConfiguration, _ own: BARTConfiguration.Stack, isDecoder: Bool) {
            selfAttn = Attention(c.width, heads: own.heads)
            selfAttnLayerNorm = LayerNorm(c.width)
            encoderAttn = isDecoder ? Attention(c.width, heads: own.heads) : nil
            encoderAttnLayerNorm = isDecoder ? LayerNorm(c.width) : nil
            fc1 = Linear(c.width, own.feedForward)
            fc2 = Linear(own.feedForward, c.width)
            finalLayerNorm = LayerNorm(c.width)
            activation = c.activation
            self.isDecoder = isDecoder
            normalizesFirst = c.family.normalizesFirst
        }

        func callAsFunction(_ input: Tensor, memory: Tensor?, padding: Tensor?) -> Tensor {
            running(input) {
                var x = joined(input, selfAttnLayerNorm) {
                    selfAttn($0, to: $0, padding: isDecoder ? nil : padding, isCausal: isDecoder)
                }
                if let encoderAttn, let encoderAttnLayerNorm, let memory {
                    x = joined(x, encoderAttnLayerNorm) {
                        encoderAttn($0, to: memory, padding: padding, isCausal: false)
                    }
                }
                return joined(x, finalLayerNorm) { fc2(activation(fc1($0))) }
            }
        }

        /// A shortcut around what `body` makes of `x`: the sum is normalized, or what `body` reads.
        private func joined(_ x: Tensor, _ norm: LayerNorm, _ body: (Tensor) -> Tensor) -> Tensor {
            normalizesFirst ? x + body(norm(x)) : norm(x + body(x))
        }
    }

    private final class Attention: Module {
        let kProj, vProj, qProj, outProj: Linear
        private let heads: Int

        init(_ width: Int, heads: Int) {
            kProj = Linear(width, width)
            vProj = Linear(width, width)
            qProj = Linear(width, width)
            outProj = Linear(width, width)
            self.heads = heads
        }

        func callAsFunction(_ x: Tensor, to other: Tensor, padding: Tensor?, isCausal: Bool) -> Tensor {
            running(x) {
                let queries = qProj(x).heads(heads)
                return outProj(
                    CrossAttention.mix(
                        queries, kProj(other).heads(heads), vProj(other).heads(heads),
                        scale: 1 / Double(queries.size(3)).squareRoot(), padding: padding, isCausal: isCausal))
            }
        }
    }
}

/// The sizes of a BART, mBART or Marian.
public struct BARTConfiguration: Sendable, Equatable {
    public enum Family: String, Sendable, CaseIterable {
        case bart, mbart, marian

        var normalizesFirst: Bool { self == .mbart }
    }

    struct Stack: Sendable, Equatable {
        let layers, heads, feedForward: Int
    }

    public let family: Family
    public let vocabularySize, width, contextLength: Int
    /// The token whose row of the table is not trained where it is read.
    let paddingToken: Int?
    let encoder, decoder: Stack
    let scalesEmbeddings: Bool
    let activation: DecoderActivation

    /// The contents of a Hugging Face `config.json`.
    public init(_ fields: ConfigurationFields, family: Family) throws {
        self.family = family
        vocabularySize = try fields.integer("vocab_size")
        width = try fields.integer("d_model")
        contextLength = try fields.integer("max_position_embeddings")
        paddingToken = try fields.paddingToken(of: vocabularySize)
        func stack(_ name: String) throws -> Stack {
            try fields.requireDivisible("d_model", by: "\(name)_attention_heads")
            return Stack(
                layers: try fields.integer("\(name)_layers"), heads: try fields.integer("\(name)_attention_heads"),
                feedForward: try fields.integer("\(name)_ffn_dim"))
        }
        (encoder, decoder) = (try stack("encoder"), try stack("decoder"))
        let decoderVocabulary = try fields.integer("decoder_vocab_size", default: vocabularySize)
        guard decoderVocabulary == vocabularySize else {
            throw fields.problem("decoder_vocab_size", "only vocabularies of the same size are supported")
        }
        for name in ["share_encoder_decoder_embeddings", "tie_word_embeddings"] { try fields.requireOnly(name, true) }
        // mBART always does both, whatever is written there.
        if !family.normalizesFirst {
            for name in ["normalize_before", "add_final_layer_norm"] { try fields.requireOnly(name, false) }
        }
        if family == .marian { try fields.requireOnly("normalize_embedding", false) }
        scalesEmbeddings = try fields.bool("scale_embedding", default: family == .marian)
        activation = try DecoderActivation(fields, "activation_function", default: "gelu")
    }
}
