import Switchback
import SwitchbackFormats

/// Tells of which class a text is: an encoder and a head that reads one vector, in a folder of Hugging Face's Transformers
/// (`BertForSequenceClassification` and its like).
///
/// ```swift
/// let classifier = try SequenceClassifier("path/to/distilbert-sst2")
/// print(try classifier.predict(["what a lovely film"])[0].class)
/// ```
public struct SequenceClassifier: TextClassifier {
    public let classes: [String]
    /// Whether a text can be of several classes, so that their probabilities do not add up to one.
    public let hasSeveral: Bool
    private let model: TextEncoder
    private let tokenizer: any Tokenizer
    private let head: ClassificationHead

    /// Throws `InputError` where a file cannot be used, or the model tells no classes.
    public init(_ folder: String) throws {
        let checkpoint = try Checkpoint(folder)
        let configuration = checkpoint.configuration
        let (encoder, tensors, place) = try checkpoint.encoderAndWeights()
        model = encoder
        tokenizer = try checkpoint.tokenizer(fitting: model.vocabularySize)
        head = try ClassificationHead(configuration, tensors, place, width: model.width)
        let count = head.classCount
        guard count > 1 else {
            throw InputError(place, "its head gives one number, which is no class", remedy: "take a model of classes")
        }
        let names = try configuration.object("id2label")
        if let names, names.names.count != count {
            throw configuration.problem(
                "id2label", "it names \(names.names.count.counted("class")), and the weights are for \(count)")
        }
        classes = try (0..<count).map { try names?.string("\($0)") ?? "LABEL_\($0)" }
        try configuration.requireOnly(
            "problem_type", ["single_label_classification", "multi_label_classification"],
            default: "single_label_classification")
        hasSeveral = try configuration.string("problem_type", default: "").isExactly("multi_label_classification")
    }

    /// The logits of the classes of texts, [N, classes].
    ///
    /// Throws `InputError` over a text that is longer than the model reads.
    public func logits(of texts: [String]) throws -> Tensor {
        let rows = try texts.map { text in
            let tokens = try tokenizer.encode(text, addingSpecialTokens: true)
            guard tokens.count <= model.contextLength else {
                throw InputError(
                    "text",
                    "it has \(tokens.count.counted("token")), and the model reads at most \(model.contextLength)",
                    remedy: "shorten it")
            }
            return tokens
        }
        return noGrad {
            let (features, mask) = model.features(of: rows)
            return head(features, mask)
        }
    }

    public func probabilities(of texts: [String]) throws -> Tensor {
        let logits = try logits(of: texts)
        return hasSeveral ? logits.sigmoid() : logits.softmax(dim: 1)
    }
}
