import Foundation
import Switchback
import SwitchbackFormats

/// A folder with an image classifier as Hugging Face's Transformers writes it: `config.json`, `model.safetensors` or
/// `pytorch_model.bin`, and `preprocessor_config.json`, which says how images are prepared.
struct TransformersClassifier {
    private let folder: String
    private let fields: ConfigurationFields
    /// `nil` where nothing is said of how images are prepared.
    private let preparation: ConfigurationFields?

    /// Whether a path is that of a folder that Transformers wrote, of whichever model.
    static func isThere(_ path: String) -> Bool { Folder.exists(Folder.join(path, "config.json")) }

    private static let modelType = "vit"

    private static func description(of folder: String) throws -> ConfigurationFields {
        try ConfigurationFields(file: Folder.join(folder, "config.json"))
    }

    /// Whether the model of a folder is of a kind that is read here. Throws `InputError` where its description cannot be
    /// read.
    static func isKnown(_ folder: String) throws -> Bool {
        try description(of: folder).string("model_type", default: "").isExactly(modelType)
    }

    /// Throws `InputError` where a description cannot be read, or is that of another model.
    init(_ folder: String) throws {
        self.folder = folder
        fields = try TransformersClassifier.description(of: folder)
        let kind = try fields.string("model_type")
        guard kind.isExactly(TransformersClassifier.modelType) else {
            throw fields.problem("model_type", "it is \(kind); of image classifiers, vit is supported")
        }
        let path = Folder.join(folder, "preprocessor_config.json")
        preparation = Folder.exists(path) ? try ConfigurationFields(file: path) : nil
    }

    /// Throws `InputError` where there are no weights, they do not fit the description, or something is not supported.
    func load() throws -> Classifier {
        let sizes = try VisionTransformerSizes(fields)
        let files = ["model.safetensors", "pytorch_model.bin"].map { Folder.join(folder, $0) }
        guard let path = files.first(where: Folder.exists) else {
            throw InputError(folder, "there is neither model.safetensors nor pytorch_model.bin in it")
        }
        // The pooler is for other tasks.
        let tensors = try WeightFile.load(path).filter { !$0.key.hasPrefix("vit.pooler.") }
        guard let classes = tensors["classifier.weight"]?.shape.first else {
            throw InputError(
                path, at: "tensor classifier.weight", "it is missing, so that the model tells no classes",
                remedy: "take a model that was trained on classes")
        }
        if let problem = sizes.problem(with: tensors) { throw InputError(fields.path, problem) }
        var configuration = Classifier.Configuration(
            model: .vit, classNames: try classNames(classes),
            inputShape: [sizes.channels, sizes.side, sizes.side], normalization: try normalization(sizes.channels))
        configuration.transformer = sizes
        configuration.stretching = try stretching(sizes.side)
        return try Classifier(configuration).taking(tensors, from: path)
    }

    /// The names of `id2label`, in the order of their numbers.
    private func classNames(_ count: Int) throws -> [String] {
        guard let names = try fields.object("id2label") else { return (0..<count).map { "class \($0)" } }
        guard names.names.count == count else {
            throw fields.problem(
                "id2label", "it names \(names.names.count.counted("class")), and the weights are for \(count)")
        }
        return try (0..<count).map { try names.string("\($0)") }
    }

    // MARK: How images are prepared

    /// Of bytes: `rescale_factor`, `image_mean` and `image_std`; without the file, to −1 … 1 as ViT's own does.
    private func normalization(_ channels: Int) throws -> Normalization {
        let usual = { (value: Double) in Array(repeating: value, count: channels) }
        guard let preparation else { return Normalization(mean: usual(127.5), standardDeviation: usual(127.5)) }
        let factor =
            try preparation.bool("do_rescale", default: true)
            ? preparation.number("rescale_factor", default: 1 / 255) : 1
        let isNormalized = try preparation.bool("do_normalize", default: true)
        func numbers(_ name: String, _ without: Double) throws -> [Double] {
            guard isNormalized else { return usual(without) }
            guard let values = try preparation.array(name) else { return usual(0.5) }
            let numbers = values.compactMap { value -> Double? in
                switch value {
                case .number(let number): number
                case .integer(let number): Double(number)
                default: nil
                }
            }
            guard numbers.count == channels else {
                throw preparation.problem(name, "a list of \(channels.counted("number")) is needed")
            }
            return numbers
        }
        let result = Normalization(
            mean: try numbers("image_mean", 0).map { $0 / factor },
            standardDeviation: try numbers("image_std", 1).map { $0 / factor })
        guard result.isUsable else { throw preparation.problem("image_std", "it cannot be divided by") }
        return result
    }

    /// `resample` is Pillow's number: 2 is bilinear, 3 bicubic.
    private func stretching(_ side: Int) throws -> Stretching {
        guard let preparation else { return .bilinear }
        for (name, needed) in [("do_center_crop", false), ("do_pad", false), ("do_resize", true)]
        where try preparation.bool(name, default: needed) != needed {
            throw preparation.problem(name, "it is \(!needed), and images are only stretched here")
        }
        if case .object = preparation["size"], let size = try preparation.object("size") {
            for name in ["height", "width"] where try size.integer(name) != side {
                throw size.problem(name, "the network reads images of \(side) pixels")
            }
        } else if preparation["size"] != nil, try preparation.integer("size") != side {
            throw preparation.problem("size", "the network reads images of \(side) pixels")
        }
        switch try preparation.integer("resample", minimum: 0, default: 2) {
        case 2: return .bilinear
        case 3: return .bicubic
        case let other: throw preparation.problem("resample", "it is \(other); supported are 2 and 3")
        }
    }
}
