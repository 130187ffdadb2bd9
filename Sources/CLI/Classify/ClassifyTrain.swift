import ArgumentParser
import Foundation
import Switchback
import SwitchbackTraining
import SwitchbackVision

/// `switchback classify train`.
struct ClassifyTrain: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Train an image or table classifier.",
        discussion: """
            EXAMPLES
              switchback classify train --data digits
              switchback classify train --data path/to/mnist --model cnn --epochs 2
              switchback classify train --data flowers.csv --model mlp --label species \\
                --optimizer sgd --lr 0.05
              switchback classify train --data chest.npz --epochs 5 --schedule one-cycle \\
                --json
              switchback classify train --data flowers --model resnet18 --imgsz 128
              switchback classify train --data flowers --lr 5e-5 \\
                --from google/vit-base-patch16-224
              switchback classify train --resume runs/classify/train --epochs 20
              mpirun -np 4 switchback classify train --data flowers --slots 4
              mpirun -np 4 switchback classify train --data flowers --model resnet18 \\
                --sync-batch-norm

            The same seed gives exactly the same weights on any number of threads and workers, even if the run was \
            interrupted or killed and then resumed.
            """)

    @Option(
        help: ArgumentHelp(
            "\(DataOptions.help) Not needed with --resume.", valueName: "path"))
    var data: String?

    @OptionGroup var labels: LabelOptions

    @Option(
        help: ArgumentHelp(
            "\(ClassifierKind.names). (default: cnn for images, mlp for tables)", valueName: "model"),
        transform: Value.choice)
    var model: ClassifierKind?

    @Option(
        help: ArgumentHelp(
            "A trained classifier to fine-tune instead of a new model: a run, a weights file, or a ViT in Hugging Face's "
                + "format, its folder or ORG/NAME on the hub. Its classes become those of the data.",
            valueName: "path"))
    var from: String?

    @Option(
        help: ArgumentHelp(
            "The image size for images in files. (default: that of --from, or 224, or less if all are smaller)",
            valueName: "pixels"),
        transform: Value.integer)
    var imgsz: Int?

    @Option(
        help: ArgumentHelp(
            "The share of features that training leaves out before the last layer. (default: 0.2 for mobilenet_v2, else 0)",
            valueName: "x"),
        transform: Value.number)
    var dropout: Double?

    @Flag(help: TrainingHelp.syncBatchNorm)
    var syncBatchNorm = false

    @OptionGroup(title: "Augmentation") var augmentation: ClassifyAugmentationOptions
    @OptionGroup(title: "Training") var training: TrainingOptions<ClassifierDefaults>
    @OptionGroup(title: "Run") var runOptions: RunOptions
    @OptionGroup var common: CommonOptions

    private struct Result: Encodable {
        let task = "classify"
        let mode = "train"
        let model: ClassifierKind
        let parameters: Int
        let epochs: Int
        /// Of the held-out examples, after the last epoch.
        let accuracy, loss: Double
        let trainAccuracy, trainLoss: Double
        let bestAccuracy: Double
        let bestEpoch: Int
        let seconds: Double
        let weights, lastWeights: String
    }

    func validate() throws { try runOptions.require("--data <path>", data) }

    /// The training that the options ask for.
    func session() throws -> TrainingSession<ClassifierConfiguration> {
        common.apply()
        return try TrainingSession("classify", runOptions, common) { configuration in
            configuration.data = data ?? configuration.data
            configuration.label = labels.label ?? configuration.label
            configuration.classes = labels.classes ?? configuration.classes
            configuration.model = model ?? configuration.model
            configuration.imgsz = imgsz ?? configuration.imgsz
            configuration.dropout = dropout ?? configuration.dropout
            configuration.from = try ModelFolder.path(from, recorded: configuration.from)
            augmentation.apply(to: &configuration)
            training.apply(to: &configuration.training)
            if syncBatchNorm { configuration.training.syncBatchNorm = true }
        }
    }

    func run() throws {
        let session = try session()
        let task = try session.configuration.makeTask()
        try runOptions.say("Data: \(task.data.summary)")
        let (folder, outcome) = try session.train(
            task, session.configuration.training, listeners: [ClassifierImages(task).receive])
        try finish(task, outcome, folder)
    }

    private func finish(_ task: ClassificationTask, _ outcome: TrainingOutcome, _ folder: RunFolder) throws {
        guard let last = outcome.history.last else { return }
        let best = outcome.best ?? last
        let weights = folder.weights("best")
        try runOptions.say(
            """
            The best weights (epoch \(best.epoch), validation accuracy \(best.accuracy.percent)) are in
              \(weights)
            Next:
              switchback classify val --model \(weights.quoted) --data \(task.data.path.quoted)
              switchback classify predict --model \(weights.quoted) \(task.data.exampleInput.quoted)
            """)
        guard common.json else { return }
        try Terminal.printJSON(
            Result(
                model: task.classifier.configuration.model, parameters: task.model.parameterCount,
                epochs: outcome.history.count, accuracy: last.accuracy, loss: last.validation["loss"] ?? .nan,
                trainAccuracy: last.training["accuracy"] ?? .nan, trainLoss: last.training["loss"] ?? .nan,
                bestAccuracy: best.accuracy, bestEpoch: best.epoch, seconds: outcome.seconds, weights: weights,
                lastWeights: folder.weights("last")))
    }
}

extension ClassificationData {
    /// An input for `classify predict`: an image, or the file.
    fileprivate var exampleInput: String {
        var isFolder: ObjCBool = false
        _ = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
        return heldOut.imagePaths?.first ?? (isFolder.boolValue ? "FILE" : path)
    }
}

extension EpochResult {
    fileprivate var accuracy: Double { validation["accuracy"] ?? .nan }
}
