import Switchback
import SwitchbackFormats

/// What tells classes from an encoder's vectors of tokens: one vector of a text, a layer with a nonlinearity, and one with as
/// many outputs as classes. Each family of Hugging Face's Transformers has it under other names.
struct ClassificationHead {
    private let pooling: SentencePooling
    private let dense, output: (weight: Tensor, bias: Tensor?)
    private let activation: BERTConfiguration.Activation?
    private let norm: (weight: Tensor, bias: Tensor?, epsilon: Double)?

    var classCount: Int { output.weight.size(0) }

    /// - Parameters:
    ///   - tensors: by their names in the file at `place`.
    ///   - width: of the encoder's vectors.
    /// - Throws: `InputError` where one is missing or does not fit.
    init(_ fields: ConfigurationFields, _ tensors: [String: Tensor], _ place: String, width: Int) throws {
        func layer(_ name: String, outputs: Int?, hasBias: Bool = true) throws -> (weight: Tensor, bias: Tensor?) {
            guard let weight = tensors["\(name).weight"], let bias = hasBias ? tensors["\(name).bias"] : weight else {
                throw InputError(
                    place, at: "tensor \(name).weight",
                    "it is missing, or its bias is, so that the model tells no classes",
                    remedy: "take a model that was trained on classes")
            }
            let count = outputs ?? weight.shape.first ?? 0
            guard weight.shape == [count, width], !hasBias || bias.shape == [count] else {
                throw InputError(
                    place, at: "tensor \(name).weight", "\(weight.shape) is not the shape of \(width) inputs")
            }
            return (weight, hasBias ? bias : nil)
        }
        var (pooling, activation, norm) = (SentencePooling.first, BERTConfiguration.Activation?.none, Norm?.none)
        switch try fields.string("model_type") {
        case "bert":
            dense = try layer("bert.pooler.dense", outputs: width)
            output = try layer("classifier", outputs: nil)
        case "distilbert":
            dense = try layer("pre_classifier", outputs: width)
            output = try layer("classifier", outputs: nil)
            activation = .relu
        case "modernbert":
            let hasBias = try fields.bool("classifier_bias", default: false)
            dense = try layer("head.dense", outputs: width, hasBias: hasBias)
            output = try layer("classifier", outputs: nil)
            try fields.requireOnly("classifier_activation", ["gelu"], default: "gelu")
            try fields.requireOnly("classifier_pooling", ["cls", "mean"], default: "cls")
            (activation, pooling) = (
                .gelu, try fields.string("classifier_pooling", default: "cls") == "mean" ? .mean : .first
            )
            guard let weight = tensors["head.norm.weight"], weight.shape == [width] else {
                throw InputError(place, at: "tensor head.norm.weight", "it is missing, or has another width")
            }
            norm = (weight, tensors["head.norm.bias"], try fields.number("norm_eps", default: 1e-5))
        default:
            dense = try layer("classifier.dense", outputs: width)
            output = try layer("classifier.out_proj", outputs: nil)
        }
        (self.pooling, self.activation, self.norm) = (pooling, activation, norm)
    }

    private typealias Norm = (weight: Tensor, bias: Tensor?, epsilon: Double)

    /// - Parameters:
    ///   - features: vectors of tokens, [N, T, width].
    ///   - mask: [N, T], 1 for tokens and 0 for padding.
    /// - Returns: logits, [N, classes].
    func callAsFunction(_ features: Tensor, _ mask: Tensor) -> Tensor {
        let x = pooling(features, mask.unsqueeze(2)).linear(weight: dense.weight, bias: dense.bias)
        var y = activation.map { $0(x) } ?? x.tanh()
        if let norm { y = y.layerNorm([y.size(1)], weight: norm.weight, bias: norm.bias, eps: norm.epsilon) }
        return y.linear(weight: output.weight, bias: output.bias)
    }
}
