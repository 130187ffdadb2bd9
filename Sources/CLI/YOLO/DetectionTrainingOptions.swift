import ArgumentParser
import Switchback
import SwitchbackVision

/// How a detector is trained. What is omitted keeps the value of `--config`, of the run that is resumed, or the
/// default.
struct DetectionTrainingOptions: ParsableArguments {
    static let defaults = DetectionConfiguration()

    @Option(
        help: ArgumentHelp(
            "The batch size; -1 or auto: as many as fit into memory. (default: \(defaults.batch))", valueName: "n"),
        transform: Value.batch)
    var batch: Int?

    @Option(help: TrainingHelp.slots, transform: Value.integer)
    var slots: Int?

    @Flag(help: TrainingHelp.syncBatchNorm)
    var syncBatchNorm = false

    @Option(
        help: ArgumentHelp(
            "\(OptimizerChoice.names.joined(separator: ", ")). (default: \(defaults.optimizer))", valueName: "name"),
        transform: Value.name(among: OptimizerChoice.names))
    var optimizer: String?

    @Option(
        help: ArgumentHelp(
            "The precision of matrix products: \(Precision.names). (default: \(defaults.precision.rawValue))",
            valueName: "name"),
        transform: Value.choice)
    var precision: Precision?

    @Option(help: ArgumentHelp("Weights to start from; tensors that do not fit are skipped.", valueName: "file"))
    var pretrained: String?

    @Flag(help: "Treat all classes as one.")
    var singleCls = false

    @Flag(
        help: """
            Leave out images without a file of labels, as while a data set is being labelled; else they teach that there is \
            nothing in them.
            """)
    var labeledOnly = false

    @Flag(help: "Use a cosine learning rate schedule.")
    var cosLr = false

    @Option(help: TrainingHelp.savePeriod, transform: Value.integer)
    var savePeriod: Int?

    @Flag(help: "Do not draw images and curves.")
    var noPlots = false

    @Option(
        help: ArgumentHelp(
            "The number of epochs. (default: \(defaults.epochs))", valueName: "n"),
        transform: Value.integer)
    var epochs: Int?

    @Option(
        help: ArgumentHelp(
            "Train for this long instead of --epochs: as many epochs as fit. Since time is measured, the same seed can "
                + "give different weights.", valueName: "hours"),
        transform: Value.number)
    var time: Double?

    @Option(
        help: ArgumentHelp(
            "Stop after this many epochs without improvement. (default: \(defaults.patience))", valueName: "n"),
        transform: Value.integer)
    var patience: Int?

    @Option(
        help: ArgumentHelp(
            "The input size in pixels, a multiple of 32. (default: \(defaults.imgsz))", valueName: "pixels"),
        transform: Value.longerSide)
    var imgsz: Int?

    @Option(
        help: ArgumentHelp(
            "The number of loader threads; does not affect results. (default: \(defaults.workers))", valueName: "n"),
        transform: Value.integer)
    var workers: Int?

    @Option(
        help: ArgumentHelp(
            "The memory for decoded images between epochs, in MB: 0 reads each one anew; does not affect results. "
                + "(default: \(defaults.cache))", valueName: "MB"),
        transform: Value.integer)
    var cache: Int?

    @Option(
        help: ArgumentHelp(
            "The random seed. (default: \(defaults.seed))", valueName: "n"),
        transform: Value.integer)
    var seed: UInt64?

    @Option(
        help: ArgumentHelp(
            "Turn off mosaic and mixing for the last epochs. (default: \(defaults.closeMosaic))", valueName: "n"),
        transform: Value.integer)
    var closeMosaic: Int?

    @Option(
        help: ArgumentHelp(
            "The fraction of the training images to use. (default: \(defaults.fraction))", valueName: "x"),
        transform: Value.number)
    var fraction: Double?

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("Only the boxes of these classes, by name or number.", valueName: "class"))
    var classes: [String] = []

    @Option(
        help: ArgumentHelp(
            "The fraction of images for validation if the data has no val split. (default: \(defaults.valFraction))",
            valueName: "x"),
        transform: Value.number)
    var valFraction: Double?

    @Option(
        help: ArgumentHelp(
            "Freeze this many of the first layers. (default: \(defaults.freeze))", valueName: "n"),
        transform: Value.integer)
    var freeze: Int?

    @Option(
        help: ArgumentHelp(
            "Vary the image size by up to this fraction. (default: \(defaults.multiScale))", valueName: "x"),
        transform: Value.number)
    var multiScale: Double?

    @Flag(
        help: """
            Give each batch the smallest shape that its images need, images of like shape together, in the same order in \
            each epoch and without mosaic: faster with long or wide images.
            """)
    var rect = false

    @Option(
        help: ArgumentHelp(
            "How many batches give batch norm's statistics before a validation, in the first few hundred batches; 0 for the running averages alone, as in Ultralytics. (default: \(defaults.statisticsBatches))",
            valueName: "n"),
        transform: Value.integer)
    var statisticsBatches: Int?

    @Option(
        help: ArgumentHelp(
            "The initial learning rate, after warm-up. (default: \(defaults.lr0))", valueName: "rate"),
        transform: Value.number)
    var lr0: Double?

    @Option(
        help: ArgumentHelp(
            "The final learning rate, as a fraction of --lr0. (default: \(defaults.lrf))", valueName: "x"),
        transform: Value.number)
    var lrf: Double?

    @Option(
        help: ArgumentHelp(
            "The momentum, or β₁. (default: \(defaults.momentum))", valueName: "x"),
        transform: Value.number)
    var momentum: Double?

    @Option(
        help: ArgumentHelp(
            "The weight decay. (default: \(defaults.weightDecay))", valueName: "x"),
        transform: Value.number)
    var weightDecay: Double?

    @Option(
        help: ArgumentHelp(
            "Warm-up epochs. (default: \(defaults.warmupEpochs))", valueName: "x"),
        transform: Value.number)
    var warmupEpochs: Double?

    @Option(
        help: ArgumentHelp(
            "The momentum at the start of warm-up. (default: \(defaults.warmupMomentum))", valueName: "x"),
        transform: Value.number)
    var warmupMomentum: Double?

    @Option(
        help: ArgumentHelp(
            "The learning rate of biases at the start of warm-up. (default: \(defaults.warmupBiasLr))",
            valueName: "rate"),
        transform: Value.number)
    var warmupBiasLr: Double?

    @Option(
        help: ArgumentHelp(
            "The nominal batch size, for gradient accumulation. (default: \(defaults.nbs))", valueName: "n"),
        transform: Value.integer)
    var nbs: Int?

    @Option(
        help: ArgumentHelp(
            "The weight of the box loss. (default: \(defaults.box))", valueName: "x"),
        transform: Value.number)
    var box: Double?

    @Option(
        help: ArgumentHelp(
            "The weight of the class loss. (default: \(defaults.cls))", valueName: "x"),
        transform: Value.number)
    var cls: Double?

    @Option(
        help: ArgumentHelp(
            "The weight of the DFL loss. (default: \(defaults.dfl))", valueName: "x"),
        transform: Value.number)
    var dfl: Double?

    @Option(
        help: ArgumentHelp("pose: the weight of the keypoint loss. (default: \(defaults.pose))", valueName: "x"),
        transform: Value.number)
    var pose: Double?

    @Option(
        help: ArgumentHelp("pose: the weight of the visibility loss. (default: \(defaults.kobj))", valueName: "x"),
        transform: Value.number)
    var kobj: Double?

    @Option(
        help: ArgumentHelp(
            "pose with YOLO26: the weight of the likelihood of keypoint errors. (default: \(defaults.rle))",
            valueName: "x"),
        transform: Value.number)
    var rle: Double?

    @Option(
        help: ArgumentHelp("obb: the weight of the angle loss. (default: \(defaults.angle))", valueName: "x"),
        transform: Value.number)
    var angle: Double?

    @Option(
        help: ArgumentHelp(
            "segment: learn masks at this fraction of the image size: 1, 2, 4 or 8; finer ones take more time and memory. "
                + "(default: \(defaults.maskRatio))", valueName: "n"),
        transform: Value.integer)
    var maskRatio: Int?

    @Flag(
        inversion: .prefixedNo,
        help: "segment: where objects overlap, pixels belong to the smaller one alone. (default: --overlap-mask)")
    var overlapMask: Bool?

    /// Throws over options that are for other tasks.
    func check(for task: YOLOTask) throws {
        let others: [(String, Bool, YOLOTask, String)] = [
            ("--pose", pose != nil, .pose, "keypoints"), ("--kobj", kobj != nil, .pose, "keypoints"),
            ("--rle", rle != nil, .pose, "keypoints"), ("--angle", angle != nil, .obb, "oriented boxes"),
            ("--mask-ratio", maskRatio != nil, .segment, "masks"),
            ("--overlap-mask", overlapMask != nil, .segment, "masks"),
        ]
        for (option, isGiven, owner, subject) in others where isGiven && owner != task {
            throw ValidationError("\(option) is for \(subject), which switchback \(owner) learns")
        }
    }

    /// Changes what was given.
    func apply(to configuration: inout DetectionConfiguration) {
        func set<Value>(_ option: WritableKeyPath<DetectionConfiguration, Value>, _ value: Value?) {
            if let value { configuration[keyPath: option] = value }
        }
        set(\.batch, batch)
        if let slots { configuration.slots = slots }
        set(\.syncBatchNorm, syncBatchNorm ? true : nil)
        set(\.precision, precision)
        set(\.optimizer, optimizer)
        if let pretrained { configuration.pretrained = pretrained }
        set(\.singleCls, singleCls ? true : nil)
        set(\.labeledOnly, labeledOnly ? true : nil)
        set(\.cosLr, cosLr ? true : nil)
        if let savePeriod { configuration.savePeriod = savePeriod }
        set(\.plots, noPlots ? false : nil)
        set(\.epochs, epochs)
        if let time { configuration.time = time }
        set(\.patience, patience)
        set(\.imgsz, imgsz)
        set(\.workers, workers)
        set(\.cache, cache)
        set(\.seed, seed)
        set(\.closeMosaic, closeMosaic)
        set(\.fraction, fraction)
        set(\.valFraction, valFraction)
        set(\.classes, classes.isEmpty ? nil : classes)
        set(\.freeze, freeze)
        set(\.multiScale, multiScale)
        set(\.rect, rect ? true : nil)
        set(\.statisticsBatches, statisticsBatches)
        set(\.lr0, lr0)
        set(\.lrf, lrf)
        set(\.momentum, momentum)
        set(\.weightDecay, weightDecay)
        set(\.warmupEpochs, warmupEpochs)
        set(\.warmupMomentum, warmupMomentum)
        set(\.warmupBiasLr, warmupBiasLr)
        set(\.nbs, nbs)
        set(\.box, box)
        set(\.cls, cls)
        set(\.dfl, dfl)
        set(\.pose, pose)
        set(\.kobj, kobj)
        set(\.rle, rle)
        set(\.angle, angle)
        set(\.maskRatio, maskRatio)
        set(\.overlapMask, overlapMask)
    }
}
