import Foundation
import Switchback
import SwitchbackFormats

/// A model that tells classes apart, with all that is needed to use it: a file of its weights suffices.
///
/// ```swift
/// let classifier = try Classifier.load("best.safetensors")
/// for prediction in classifier.predict(images) { print(prediction.className, prediction.probability) }
/// ```
public final class Classifier {
    /// What a classifier is made of, apart from its weights. Saved with them.
    public struct Configuration: Codable, Sendable {
        /// The version of this description.
        public var version = 1
        public var model: ClassifierKind
        public var classNames: [String]
        /// The shape of one input: [C, H, W] or [columns].
        public var inputShape: [Int]
        public var normalization: Normalization
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

    /// A classifier with fresh weights, drawn from the default generator.
    public init(_ configuration: Configuration) throws {
        self.configuration = configuration
        model = try configuration.model.makeModel(
            inputShape: Shape(configuration.inputShape), classCount: configuration.classNames.count)
    }

    /// A classifier for some data, which is not trained yet.
    public convenience init(_ kind: ClassifierKind, for data: ClassificationData) throws {
        let examples = data.training ?? data.heldOut
        try self.init(
            Configuration(
                model: kind, classNames: data.classNames, inputShape: Array(data.inputShape),
                normalization: examples.normalization()))
    }

    /// The scores (logits) of inputs as they are in files: [N, …] → [N, classes].
    public func scores(_ inputs: Tensor) -> Tensor { model(configuration.normalization.apply(to: inputs)) }

    /// The most probable class of each input, [N, …].
    public func predict(_ inputs: Tensor) -> [Prediction] {
        model.eval()
        return noGrad {
            inputs.split(Classifier.evaluationBatch).flatMap { part in
                let probabilities = scores(part).softmax(dim: 1)
                let best = probabilities.argmax(dim: 1)
                let values = probabilities.gather(dim: 1, index: best.unsqueeze(1)).toArray(as: Double.self)
                return zip(best.toArray(as: Int.self), values).map { index, probability in
                    Prediction(
                        classIndex: index, className: configuration.classNames[index], probability: probability)
                }
            }
        }
    }

    /// The mean loss (cross-entropy), and what `ClassificationMetrics` measures.
    ///
    /// - Parameter workers: threads that read pictures ahead of time.
    public func evaluate(
        _ examples: ClassificationExamples, workers: Int = 0
    ) throws -> (loss: Double, metrics: ClassificationMetrics) {
        model.eval()
        var lossSum = 0.0
        var metrics = ClassificationMetrics(classNames: configuration.classNames)
        let loader = DataLoader(
            sampler: SequentialSampler(examples.count), batchSize: Classifier.evaluationBatch, workers: workers
        ) { indices, _ in try examples.examples(at: indices) }
        let batches = loader.batches(epoch: 0)
        try noGrad {
            while let batch = try batches.next() {
                let scores = scores(batch.input)
                lossSum += scores.crossEntropy(batch.target).item() * Double(batch.target.count)
                metrics.add(scores, batch.target)
            }
        }
        return (lossSum / Double(max(1, metrics.count)), metrics)
    }

    private static let evaluationBatch = 256
}

// MARK: - Files

extension Classifier {
    /// The name under which the configuration is saved with the weights.
    private static let metadataKey = "switchback.classifier"

    /// The configuration as text: what is saved with the weights.
    var metadata: [String: String] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        // A configuration has no infinities: nothing in it cannot be encoded.
        let text = (try? encoder.encode(configuration)).map { String(decoding: $0, as: UTF8.self) }
        return ["format": "pt", Classifier.metadataKey: text ?? ""]
    }

    /// Writes the weights, under PyTorch's names, with the configuration as metadata. The file appears whole or not at all.
    public func save(to path: String) throws {
        try Safetensors.save(model.namedState.map { ($0.name, $0.tensor) }, metadata: metadata, to: path)
    }

    /// Reads what `save` wrote. Throws `InputError` where the file is damaged or holds something else.
    public static func load(_ path: String) throws -> Classifier {
        let contents = try Safetensors.read(path)
        guard let text = contents.metadata[metadataKey] else {
            throw InputError(
                path, "holds no classifier: its metadata has no \(metadataKey)",
                remedy: "give weights that switchback classify train wrote")
        }
        let configuration: Configuration
        do {
            configuration = try JSONDecoder().decode(Configuration.self, from: Data(text.utf8))
        } catch {
            throw InputError(path, at: "metadata \(metadataKey)", "it is not the description of a classifier")
        }
        try configuration.check(path, tensors: contents.tensors)
        let classifier = try Classifier(configuration)
        do {
            try classifier.model.load(stateDict: contents.tensors)
        } catch let error as InputError {
            throw InputError(path, at: error.place, error.problem)
        }
        return classifier
    }
}

extension Classifier.Configuration {
    /// Throws unless the description is sound and agrees with the sizes of the first and last layer, so that a file cannot
    /// ask for a model much larger than itself.
    fileprivate func check(_ path: String, tensors: [String: Tensor]) throws {
        func refuse(_ problem: String) -> InputError {
            InputError(path, at: "metadata switchback.classifier", problem)
        }
        guard version == 1 else { throw refuse("it is of version \(version), and this program reads version 1") }
        guard [1, 3].contains(inputShape.count), inputShape.allSatisfy({ (1...(1 << 20)).contains($0) }) else {
            throw refuse("the input shape \(inputShape) is none of an image or a row")
        }
        let (first, last) = model.outerLayers
        guard !classNames.isEmpty, tensors[last]?.shape.first == classNames.count else {
            throw refuse("it names \(classNames.count) classes, which does not fit the layer \(last)")
        }
        let inputs = model == .mlp ? inputShape.reduce(1, *) : inputShape.count == 3 ? inputShape[0] : 1
        guard let shape = tensors[first]?.shape, shape.count > 1, shape[1] == inputs else {
            throw refuse("the input shape \(inputShape) does not fit the layer \(first)")
        }
        let channels = inputShape.count == 3 ? inputShape[0] : inputShape.reduce(1, *)
        guard normalization.mean.count == channels, normalization.standardDeviation.count == channels,
            normalization.standardDeviation.allSatisfy({ $0 > 0 })
        else {
            throw refuse("the normalization does not fit the input shape \(inputShape)")
        }
    }
}
