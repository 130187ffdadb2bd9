import Switchback
import SwitchbackFormats

/// The sizes of a vision transformer.
public struct VisionTransformerSizes: Codable, Equatable, Sendable {
    public var width, layers, heads, feedForward: Int
    /// The sides of an image and of a patch, in pixels.
    public var side, patch: Int
    public var channels = 3
    /// Added to variances.
    public var epsilon = 1e-12
    /// Whether queries, keys and values have a bias.
    public var hasBias = true

    var patchCount: Int { (side / patch) * (side / patch) }

    /// ViT-Ti (Touvron et al., "Training data-efficient image transformers", 2021) for square images, with patches of 16
    /// pixels, or smaller ones where images are small.
    ///
    /// Throws `InputError` where images cannot be divided into patches.
    init(for images: ImageShape) throws {
        (width, layers, heads, feedForward, channels) = (192, 12, 3, 768, images.channels)
        let patch = [16, 8, 4, 2].first { images.height % $0 == 0 && images.height / $0 >= 4 }
        guard let patch, images.height == images.width else {
            throw InputError(
                "model vit", "images of \(images.height)×\(images.width) pixels cannot be divided into patches",
                remedy: "use square images with an even side of at least 8")
        }
        (side, self.patch) = (images.height, patch)
    }

    /// The contents of a Hugging Face `config.json`.
    ///
    /// Throws `InputError` over one that is not of a ViT, and what is not supported.
    init(_ fields: ConfigurationFields) throws {
        width = try fields.integer("hidden_size")
        layers = try fields.integer("num_hidden_layers")
        heads = try fields.integer("num_attention_heads")
        feedForward = try fields.integer("intermediate_size")
        side = try fields.integer("image_size")
        patch = try fields.integer("patch_size")
        channels = try fields.integer("num_channels", default: 3)
        epsilon = try fields.number("layer_norm_eps", default: 1e-12)
        hasBias = try fields.bool("qkv_bias", default: true)
        guard try fields.string("hidden_act", default: "gelu").isExactly("gelu") else {
            throw fields.problem("hidden_act", "only gelu is supported")
        }
        for name in ["hidden_dropout_prob", "attention_probs_dropout_prob"]
        where try fields.number(name, default: 0) != 0 {
            throw fields.problem(name, "only 0 is supported")
        }
    }

    /// What is wrong with the sizes, or with what they ask for beside tensors; `nil` if nothing is: so no file can ask for a
    /// model much larger than itself.
    func problem(with tensors: [String: Tensor]) -> String? {
        let sizes = [width, layers, heads, feedForward, side, patch, channels]
        guard sizes.allSatisfy({ (1...(1 << 24)).contains($0) }), epsilon >= 0, epsilon < 1 else {
            return "its sizes are not those of a network"
        }
        if width % heads != 0 { return "the width \(width) cannot be divided by the \(heads) heads" }
        if side % patch != 0 { return "\(side) pixels cannot be divided into patches of \(patch)" }
        let shapes: KeyValuePairs<String, Shape> = [
            "vit.embeddings.patch_embeddings.projection.weight": [width, channels, patch, patch],
            VisionTransformer.positionsName: [1, 1 + patchCount, width],
            "vit.encoder.layer.0.intermediate.dense.weight": [feedForward, width],
        ]
        for (name, shape) in shapes where tensors[name]?.shape != shape {
            let found = tensors[name].map { "has the shape \($0.shape)" } ?? "is missing"
            return "the tensor \(name) \(found), and the sizes ask for \(shape)"
        }
        return layers > tensors.count ? "there cannot be \(layers) layers in \(tensors.count) tensors" : nil
    }
}
