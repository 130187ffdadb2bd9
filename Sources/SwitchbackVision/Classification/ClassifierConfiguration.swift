import Switchback
import SwitchbackTraining

/// The options of `switchback classify train`. Every option has its default here or in `TrainingConfiguration`.
public struct ClassifierConfiguration: ExtendedTrainingConfiguration {
    /// A path, or `digits`; see `ClassificationData.load`.
    public var data = "digits"
    /// The column of labels in a table; `nil` is found by its name.
    public var label: String?
    /// The number of classes, where labels are numbers; `nil` is the greatest label and one.
    public var classes: Int?
    /// The side of images in files; `nil` is that of `from`, or 224, or less where all are smaller.
    public var imgsz: Int?
    /// Whether images are changed at random; `nil` is that images in files are, and arrays are not.
    public var augment: Bool?
    public var augmentation = ClassificationAugmentation()
    /// `nil` is `cnn` for images and `mlp` for tables.
    public var model: ClassifierKind?
    /// The share of features that training leaves out before the last layer; `nil` is the network's own.
    public var dropout: Double?
    /// The folder of a ViT of Transformers, or other trained classifier, to start from instead of a new `model`.
    public var from: String?
    public var training = TrainingConfiguration()

    public static let ranges: [String: NumberRange] = [
        "classes": .from(1, to: 1_000_000), "imgsz": .from(1, to: 8192),
        "dropout": .from(0, below: 1),
    ]

    public init() {}

    /// The task that this describes: its data read, its model fresh, drawn from the seed.
    ///
    /// - Throws: `InputError` where an option makes no sense, the data cannot be read, or does not suit the model.
    public func makeTask() throws -> ClassificationTask {
        try check()
        let start = try start()
        let data = try ClassificationData.load(
            data, label: label, classCount: classes, imageSize: start?.configuration.inputShape.last ?? imgsz)
        return try makeTask(on: data, from: start)
    }

    /// What is trained further.
    private func start() throws -> Classifier? {
        guard let from else { return nil }
        if model != nil { throw InputError("option model", "is that of the model in \(from)", remedy: "leave it out") }
        let classifier = try Classifier.load(from)
        guard classifier.quantized == nil else {
            throw InputError(from, "computes in 8 bits and cannot be trained", remedy: "give its weights in float32")
        }
        return try imgsz.map { try classifier.resized(to: $0) } ?? classifier
    }

    /// The task on data that has been read already.
    public func makeTask(on data: ClassificationData) throws -> ClassificationTask {
        try makeTask(on: data, from: start())
    }

    private func makeTask(on data: ClassificationData, from start: Classifier?) throws -> ClassificationTask {
        let areFiles = data.heldOut.imagePaths != nil
        guard imgsz == nil || areFiles else {
            throw InputError("option imgsz", "is the size of images in files, and \(data.path) has none")
        }
        let isAugmented = augment ?? areFiles
        if !isAugmented && augmentation != ClassificationAugmentation() {
            Diagnostics.warn("augmentation options are ignored: arrays are augmented only with --augment")
        }
        manualSeed(training.seed)
        if let start {
            let data = try data.stretched(start.configuration.stretching)
            return try ClassificationTask(on: data, training, augmentation: isAugmented ? augmentation : nil) {
                try start.adapted(to: data, dropout: dropout)
            }
        }
        return try ClassificationTask(
            model ?? (data.inputShape.count == 3 ? .cnn : .mlp), on: data, training,
            augmentation: isAugmented ? augmentation : nil, dropout: dropout)
    }
}
