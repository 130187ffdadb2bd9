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
    /// The side of images in files; `nil` is 224, or less where all are smaller.
    public var imgsz: Int?
    /// Whether images are changed at random; `nil` is that images in files are, and arrays are not.
    public var augment: Bool?
    public var augmentation = ClassificationAugmentation()
    /// `nil` is `cnn` for images and `mlp` for tables.
    public var model: ClassifierKind?
    /// The share of features that training leaves out before the last layer; `nil` is the network's own.
    public var dropout: Double?
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
        return try makeTask(on: ClassificationData.load(data, label: label, classCount: classes, imageSize: imgsz))
    }

    /// The task on data that has been read already.
    public func makeTask(on data: ClassificationData) throws -> ClassificationTask {
        let areFiles = data.heldOut.imagePaths != nil
        guard imgsz == nil || areFiles else {
            throw InputError("option imgsz", "is the size of images in files, and \(data.path) has none")
        }
        let isAugmented = augment ?? areFiles
        if !isAugmented && augmentation != ClassificationAugmentation() {
            Diagnostics.warn("augmentation options are ignored: arrays are augmented only with --augment")
        }
        manualSeed(training.seed)
        return try ClassificationTask(
            model ?? (data.inputShape.count == 3 ? .cnn : .mlp), on: data, training,
            augmentation: isAugmented ? augmentation : nil, dropout: dropout)
    }
}
