import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackLanguage
import SwitchbackTraining
import SwitchbackVision

/// A model that a server offers, with what answers its requests.
public struct ServedModel: Sendable {
    /// The name for clients: the last meaningful part of its path.
    public let name: String
    let service: Service

    package enum Service: Sendable {
        case language(LanguageService)
        case encoder(EncoderService)
        case textClassifier(ModelThread<any TextClassifier>)
        case translator(ModelThread<Translator>)
        case detector(YOLOTask, ModelThread<DetectorModel>)
        case classifier(ModelThread<ClassifierModel>)

        /// Ends the threads.
        package func stop() {
            switch self {
            case .language(let service): service.engine.stop()
            case .encoder(let service): service.thread.stop()
            case .textClassifier(let thread): thread.stop()
            case .translator(let thread): thread.stop()
            case .detector(_, let thread): thread.stop()
            case .classifier(let thread): thread.stop()
            }
        }
    }

    /// A readable description of the model.
    public var kind: String {
        switch service {
        case .language: "language model"
        case .encoder: "sentence encoder"
        case .textClassifier: "text classifier"
        case .translator: "translator"
        case .detector(let task, _): task.networkName
        case .classifier: "classifier"
        }
    }

    /// Ends its threads.
    package func stop() { service.stop() }

    /// What a detector, or a network of another task of its family, needs to answer.
    package struct DetectorModel {
        package let predictor: DetectionPredictor
        package let classes: [String]
    }

    /// What a classifier needs to answer.
    package struct ClassifierModel {
        package let classifier: Classifier
    }
}

extension ServedModel {
    /// Reads the language model in a folder.
    ///
    /// - Throws: `InputError` where it cannot be used.
    package static func languageModel(
        _ folder: String, _ limits: ServerLimits, _ metrics: ServerMetrics
    ) throws -> ServedModel {
        let (name, path) = named(folder)
        let service = try LanguageService(
            name, Checkpoint(path), template: nil, dtype: .float32, limits, metrics)
        return ServedModel(name: name, service: .language(service))
    }

    /// Reads a model: the folder of a language model, of an encoder, of a translator, or of a run, or a file of weights.
    ///
    /// - Parameters:
    ///   - path: may begin with a name of one's own and `=`.
    ///   - template: how conversations are written, instead of what the folder says.
    ///   - dtype: in what numbers the weights of a language model are kept.
    /// - Throws: `InputError` if there is no model, or it cannot be used.
    static func load(
        _ path: String, template: ChatTemplate.Style?, dtype: WeightFormat, _ limits: ServerLimits,
        _ metrics: ServerMetrics
    ) throws -> ServedModel {
        let (name, path) = named(path)
        guard FileManager.default.fileExists(atPath: path) else {
            throw InputError(path, "there is no such file or folder")
        }
        let service = try service(of: path, name, template: template, dtype: dtype, limits, metrics)
        return ServedModel(name: name, service: service)
    }

    private static func service(
        of path: String, _ name: String, template: ChatTemplate.Style?, dtype: WeightFormat, _ limits: ServerLimits,
        _ metrics: ServerMetrics
    ) throws -> Service {
        if try Classifier.isTransformersFolder(path) { return classifierService(try Classifier.load(path), limits) }
        guard Checkpoint.isThere(path) else { return try runService(RunFolder.weightFile(path), limits) }
        let checkpoint = try Checkpoint(path)
        if try checkpoint.isSequenceClassifier {
            return .textClassifier(ModelThread(try SequenceClassifier(path), limits))
        }
        if try checkpoint.isEncoder { return .encoder(EncoderService(try SentenceEncoder(path), limits)) }
        if try checkpoint.isTranslator { return .translator(ModelThread(try Translator.load(path), limits)) }
        return .language(try LanguageService(name, checkpoint, template: template, dtype: dtype, limits, metrics))
    }

    /// What answers with a run of a detector or classifier, of images or texts.
    ///
    /// - Parameter weights: its file of weights.
    /// - Throws: `InputError` where it cannot be used.
    package static func runService(_ weights: String, _ limits: ServerLimits) throws -> Service {
        let metadata = try Safetensors.read(weights).metadata
        if SentenceClassifier.isDescribed(in: metadata) {
            return .textClassifier(ModelThread(try SentenceClassifier.load(weights), limits))
        }
        if metadata.keys.contains("switchback.classifier") {
            return classifierService(try Classifier.load(weights), limits)
        }
        let loaded = try DetectorFile.load(weights, for: nil)
        let predictor = DetectionPredictor(loaded.detector, size: InputSize(loaded.imgsz))
        return .detector(
            loaded.detector.variant.task,
            ModelThread(DetectorModel(predictor: predictor, classes: loaded.detector.classes), limits))
    }

    private static func classifierService(_ classifier: Classifier, _ limits: ServerLimits) -> Service {
        .classifier(ModelThread(ClassifierModel(classifier: classifier), limits))
    }

    /// `mine=path` is the path under the name `mine`, which can have two parts as on the hub, `owner/model=path`; a path
    /// alone has the name of its folder or file. The parts that every run has say nothing.
    package static func named(_ path: String) -> (name: String, path: String) {
        if let sign = path.firstIndex(of: "="), isName(path[..<sign]),
            !FileManager.default.fileExists(atPath: path)
        {
            return (String(path[..<sign]), String(path[path.index(after: sign)...]))
        }
        let parts = (path as NSString).standardizingPath.split(separator: "/").map {
            let part = String($0) as NSString
            return ["safetensors", "gguf"].contains(part.pathExtension) ? part.deletingPathExtension : part as String
        }
        let named = parts.indices.last { !saysNothing(parts[$0], after: $0 > 0 ? parts[$0 - 1] : "") }
        return (named.map { parts[$0] } ?? "model", path)
    }

    /// Whether a part of a path is one that every run has.
    private static func saysNothing(_ part: String, after folder: String) -> Bool {
        ["weights", "best", "last", "."].contains(part)
            || folder == "weights" && part.wholeMatch(of: /epoch[0-9]+/) != nil
    }

    /// One part, or two with a slash between them.
    private static func isName(_ text: Substring) -> Bool {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        return parts.count <= 2 && parts.allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." && $0 != "~" }
    }
}
