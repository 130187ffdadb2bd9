import Switchback
import SwitchbackInference

/// A classifier with everything needed to use it: its weights file suffices.
///
/// ```swift
/// let classifier = try Classifier.load("best.safetensors")
/// for prediction in try classifier.predict(images) { print(prediction.className, prediction.probability) }
/// ```
public final class Classifier {
    /// The description of a classifier, apart from its weights. Saved with them.
    public struct Configuration: Codable, Sendable {
        /// The version of this description.
        public var version = 1
        public var model: ClassifierKind
        public var classNames: [String]
        /// The shape of one input: [C, H, W] or [columns].
        public var inputShape: [Int]
        public var normalization: Normalization
        /// The sizes of a vision transformer, if they are not those of its kind for such inputs.
        public var transformer: VisionTransformerSizes?
        /// How images are brought to the size of inputs, if it is not their middle that is taken.
        public var stretching: Stretching?

        public init(model: ClassifierKind, classNames: [String], inputShape: [Int], normalization: Normalization) {
            self.model = model
            self.classNames = classNames
            self.inputShape = inputShape
            self.normalization = normalization
        }
    }

    public struct Prediction {
        public let classIndex: Int
        public let className: String
        /// From 0 to 1.
        public let probability: Double
    }

    public let configuration: Configuration
    /// The network: normalized inputs [N, …] to scores [N, classes].
    public let model: Module
    /// How it computes in 8 bits, if its file says so.
    public internal(set) var quantized: QuantizedNetwork?

    /// A classifier with fresh weights, drawn from the default generator.
    ///
    /// - Parameter dropout: the share of features that training leaves out before the last layer; the network's own if `nil`.
    public init(_ configuration: Configuration, dropout: Double? = nil) throws {
        self.configuration = configuration
        let classCount = configuration.classNames.count
        model =
            try configuration.transformer.map { VisionTransformer($0, classes: classCount, dropout: dropout ?? 0) }
            ?? configuration.model.makeModel(
                inputShape: Shape(configuration.inputShape), classCount: classCount, dropout: dropout)
    }

    /// A classifier for some data, which is not trained yet.
    public convenience init(_ kind: ClassifierKind, for data: ClassificationData, dropout: Double? = nil) throws {
        let examples = data.training ?? data.heldOut
        try self.init(
            Configuration(
                model: kind, classNames: data.classNames, inputShape: Array(data.inputShape),
                normalization: examples.normalization()), dropout: dropout)
    }

    /// The same network for the classes of some data: what tells classes has fresh weights, drawn from the default
    /// generator, unless they are the same classes.
    ///
    /// - Parameter dropout: the share of features that training leaves out before the last layer; the network's own if `nil`.
    /// - Throws: `InputError` where the data's inputs have another shape.
    public func adapted(to data: ClassificationData, dropout: Double? = nil) throws -> Classifier {
        try checkInput(data.inputShape, of: data.path)
        var configuration = configuration
        configuration.classNames = data.classNames
        let result = try Classifier(configuration, dropout: dropout)
        let isSame = data.classNames == self.configuration.classNames
        let last = configuration.model.outerLayers.last
        let layer = last.prefix(last.count - "weight".count)
        let kept = model.stateDict().filter { isSame || !$0.key.hasPrefix(layer) }
        try result.model.load(stateDict: result.model.stateDict().merging(kept) { $1 })
        return result
    }

    /// The scores (logits) of inputs as they are in files: [N, …] → [N, classes].
    ///
    /// - Throws: `InputError` where a quantized classifier cannot be computed.
    public func scores(_ inputs: Tensor) throws -> Tensor {
        try computed(configuration.normalization.apply(to: inputs))
    }

    /// The most probable class of each input, [N, …].
    ///
    /// - Throws: `InputError` where a quantized classifier cannot be computed.
    public func predict(_ inputs: Tensor) throws -> [Prediction] {
        model.eval()
        return try noGrad {
            try inputs.to(model.backend).split(Classifier.evaluationBatch).flatMap { predictions(try scores($0)) }
        }
    }

    /// The most probable class of each row of scores, [N, classes].
    func predictions(_ scores: Tensor) -> [Prediction] {
        let probabilities = scores.softmax(dim: 1)
        let best = probabilities.argmax(dim: 1)
        let values = probabilities.gather(dim: 1, index: best.unsqueeze(1)).toArray(as: Double.self)
        return zip(best.toArray(as: Int.self), values).map { index, probability in
            Prediction(classIndex: index, className: configuration.classNames[index], probability: probability)
        }
    }

    /// How many inputs are computed at a time.
    static let evaluationBatch = 256
}
