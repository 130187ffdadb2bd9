import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackTraining

extension Classifier {
    /// The name under which the configuration is saved with the weights.
    private static let metadataKey = "switchback.classifier"

    /// The configuration as text: what is saved with the weights.
    var metadata: [String: String] {
        // Nothing in a configuration cannot be encoded.
        ["format": "pt", Classifier.metadataKey: (try? JSON.text(configuration)) ?? ""]
    }

    /// Writes the weights, under PyTorch's names, with the configuration as metadata. The file appears whole or not at
    /// all.
    public func save(to path: String) throws {
        try Safetensors.save(model.namedState.map { ($0.name, $0.tensor) }, metadata: metadata, to: path)
    }

    /// Whether a path is that of a folder as Hugging Face's Transformers writes it, with a classifier of a kind that is
    /// read here.
    ///
    /// Throws `InputError` where its description cannot be read.
    public static func isTransformersFolder(_ path: String) throws -> Bool {
        try TransformersClassifier.isThere(path) && TransformersClassifier.isKnown(path)
    }

    /// Reads what `save` wrote, the folder of a ViT of Hugging Face's Transformers, or the classifiers of YOLO11 and YOLO26
    /// from `.pt` files of Ultralytics'. The folder of a run stands for its best weights.
    ///
    /// Throws `InputError` if the file is damaged or holds something else.
    public static func load(_ path: String) throws -> Classifier {
        if TransformersClassifier.isThere(path) { return try TransformersClassifier(path).load() }
        let path = try RunFolder.weightFile(path)
        if WeightFile.isPyTorch(path) { return try loadCheckpoint(path) }
        let contents = try Safetensors.read(path)
        guard let text = contents.metadata[metadataKey] else {
            throw InputError(
                path, "is not a classifier: its metadata has no \(metadataKey)",
                remedy: "give weights that switchback classify train wrote")
        }
        guard let configuration = JSON.value(Configuration.self, text) else {
            throw InputError(path, at: "metadata \(metadataKey)", "it is not the description of a classifier")
        }
        let (quantization, tensors) = try Quantization.taken(from: contents, path)
        try configuration.check(path, tensors: tensors)
        let classifier = try Classifier(configuration).taking(tensors, from: path)
        if let quantization {
            classifier.model.eval()
            try classifier.take(quantization, from: path)
        }
        return classifier
    }

    func taking(_ tensors: [String: Tensor], from path: String) throws -> Classifier {
        do {
            try model.load(stateDict: tensors)
        } catch let error as InputError {
            throw InputError(path, at: error.place, error.problem)
        }
        return self
    }

    /// Ultralytics' input: bytes divided by 255, images of 224 pixels.
    private static func loadCheckpoint(_ path: String) throws -> Classifier {
        let found = try UltralyticsCheckpoint(path)
        let shapes = found.tensors.mapValues(\.shape)
        guard let (kind, classCount) = ClassifierKind.checkpoint(of: shapes) else {
            throw InputError(
                path, "holds no YOLO11 or YOLO26 classifier",
                remedy: "take its weights for another model with classify train --model … --weights")
        }
        let names = found.classNames ?? (0..<classCount).map(String.init)
        guard names.count == classCount else {
            throw InputError(path, "it names \(names.count.counted("class")), and its tensors are for \(classCount)")
        }
        let side = found.imgsz ?? 224
        let normalization = Normalization(mean: [0, 0, 0], standardDeviation: [255, 255, 255])
        return try Classifier(
            Configuration(model: kind, classNames: names, inputShape: [3, side, side], normalization: normalization)
        ).taking(found.tensors, from: path)
    }
}

extension ClassifierKind {
    /// The kind whose tensors have these shapes, and the number of its classes; of those that Ultralytics has.
    fileprivate static func checkpoint(of shapes: [String: Shape]) -> (ClassifierKind, Int)? {
        guard let classes = shapes["model.10.linear.bias"]?.first, classes > 0 else { return nil }
        return YOLOVariant.Size.allCases.lazy
            .filter { shapes["model.0.conv.weight"]?.first == YOLOVariant(.yolo11, $0).firstChannels }
            .first { YOLOClassifier($0, classes: classes).stateDict().mapValues(\.shape) == shapes }
            .flatMap { ClassifierKind(rawValue: "yolo11\($0.rawValue)-cls") }.map { ($0, classes) }
    }
}

extension Classifier.Configuration {
    /// Throws unless the description is sound and agrees with the sizes of the first and last layer, so that a file
    /// cannot ask for a model much larger than itself.
    fileprivate func check(_ path: String, tensors: [String: Tensor]) throws {
        func refuse(_ problem: String) -> InputError {
            InputError(path, at: "metadata switchback.classifier", problem)
        }
        guard version == 1 else { throw refuse("it is of version \(version), and this program reads version 1") }
        guard [1, 3].contains(inputShape.count), inputShape.allSatisfy({ (1...(1 << 20)).contains($0) }) else {
            throw refuse("the input shape \(inputShape) is not that of an image or a row")
        }
        if let transformer {
            let shape = [transformer.channels, transformer.side, transformer.side]
            guard model == .vit, inputShape == shape else {
                throw refuse("the input shape \(inputShape) does not fit the network's \(shape)")
            }
            if let problem = transformer.problem(with: tensors) { throw refuse(problem) }
        }
        let (first, last) = model.outerLayers
        guard !classNames.isEmpty, tensors[last]?.shape.first == classNames.count else {
            throw refuse("it names \(classNames.count.counted("class")), which does not fit the layer \(last)")
        }
        let inputs = model == .mlp ? inputShape.reduce(1, *) : inputShape.count == 3 ? inputShape[0] : 1
        guard let shape = tensors[first]?.shape, shape.count > 1, shape[1] == inputs else {
            throw refuse("the input shape \(inputShape) does not fit the layer \(first)")
        }
        let channels = inputShape.count == 3 ? inputShape[0] : inputShape.reduce(1, *)
        guard normalization.mean.count == channels, normalization.standardDeviation.count == channels,
            normalization.isUsable
        else {
            throw refuse("the normalization does not fit the input shape \(inputShape)")
        }
    }
}
