import Switchback

/// A transformer over patches of an image (Dosovitskiy et al., "An Image is Worth 16x16 Words", 2021), with the names of
/// Hugging Face's `ViTForImageClassification`.
public final class VisionTransformer: Module {
    public let sizes: VisionTransformerSizes
    private let vit: Body
    private let drop: Dropout
    private let classifier: Linear

    /// The name of the vectors of positions, [1, 1 + patches, width].
    static let positionsName = "vit.embeddings.position_embeddings"

    var classCount: Int { classifier.weight.size(0) }

    private final class Body: Module {
        let embeddings: Embeddings
        let encoder: Encoder
        let layernorm: LayerNorm

        init(_ s: VisionTransformerSizes) {
            embeddings = Embeddings(s)
            encoder = Encoder(s)
            layernorm = LayerNorm(s.width, eps: s.epsilon)
        }
    }

    private final class Encoder: Module {
        let layer: [Layer]

        init(_ s: VisionTransformerSizes) { layer = (0..<s.layers).map { _ in Layer(s) } }
    }

    /// - Parameter dropout: the share of features that training leaves out before the last layer.
    public init(_ sizes: VisionTransformerSizes, classes: Int, dropout: Double = 0) {
        self.sizes = sizes
        vit = Body(sizes)
        drop = Dropout(p: dropout)
        classifier = Linear(sizes.width, classes)
        super.init()
        for (name, parameter) in namedParameters {
            if parameter.rank > 1 { parameter.initialize(.truncatedNormal(standardDeviation: 0.02)) }
            if name.hasSuffix("bias") { parameter.initialize(.zeros) }
        }
    }

    /// [N, channels, side, side] → [N, classes]: one logit for each class, told by the vector of the first token.
    public override func forward(_ images: Tensor) -> Tensor {
        var x = vit.embeddings(images)
        for layer in vit.encoder.layer { x = layer(x) }
        return classifier(drop(vit.layernorm(x).select(dim: 1, index: 0)))
    }

    /// A vector for each patch, row by row, behind one that stands for the whole image.
    private final class Embeddings: Module {
        /// [1, 1, width] and [1, 1 + patches, width].
        let clsToken, positionEmbeddings: Parameter
        let patchEmbeddings: Patches

        init(_ s: VisionTransformerSizes) {
            clsToken = Parameter([1, 1, s.width], .zeros)
            positionEmbeddings = Parameter([1, 1 + s.patchCount, s.width], .zeros)
            patchEmbeddings = Patches(s)
        }

        override func forward(_ images: Tensor) -> Tensor {
            let patches = patchEmbeddings.projection(images).flatten(start: 2).transpose(1, 2)
            let first = clsToken.expand(to: patches.size(0), 1, patches.size(2))
            return Tensor.cat([first, patches], dim: 1) + positionEmbeddings
        }
    }

    private final class Patches: Module {
        let projection: Conv2d

        init(_ s: VisionTransformerSizes) {
            projection = Conv2d(s.channels, s.width, kernelSize: s.patch, stride: s.patch)
        }
    }

    /// Attention and a two-layer network, each with a normalization before it and a shortcut around it.
    private final class Layer: Module {
        let attention: Attention
        let intermediate, output: Dense
        let layernormBefore, layernormAfter: LayerNorm

        init(_ s: VisionTransformerSizes) {
            attention = Attention(s)
            intermediate = Dense(s.width, s.feedForward)
            output = Dense(s.feedForward, s.width)
            layernormBefore = LayerNorm(s.width, eps: s.epsilon)
            layernormAfter = LayerNorm(s.width, eps: s.epsilon)
        }

        override func forward(_ x: Tensor) -> Tensor {
            let attended = x + attention(layernormBefore(x))
            return attended + output.dense(intermediate.dense(layernormAfter(attended)).gelu())
        }
    }

    private final class Attention: Module {
        let projections: Projections
        let output: Dense
        private let heads: Int

        init(_ s: VisionTransformerSizes) {
            projections = Projections(s)
            output = Dense(s.width, s.width)
            heads = s.heads
        }

        override var partNames: [String: String] { ["projections": "attention"] }

        override func forward(_ x: Tensor) -> Tensor {
            // [N, T, width] → [N, heads, T, width / heads]
            let parts = [projections.query, projections.key, projections.value].map {
                $0(x).unflatten(2, [heads, x.size(2) / heads]).transpose(1, 2)
            }
            return output.dense(
                Tensor.scaledDotProductAttention(parts[0], parts[1], parts[2]).transpose(1, 2).flatten(start: 2))
        }
    }

    private final class Projections: Module {
        let query, key, value: Linear

        init(_ s: VisionTransformerSizes) {
            query = Linear(s.width, s.width, bias: s.hasBias)
            key = Linear(s.width, s.width, bias: s.hasBias)
            value = Linear(s.width, s.width, bias: s.hasBias)
        }
    }

    private final class Dense: Module {
        let dense: Linear

        init(_ inputs: Int, _ outputs: Int) { dense = Linear(inputs, outputs) }
    }
}
