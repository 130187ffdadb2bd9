import ArgumentParser
import Switchback
import SwitchbackVision

/// How a detector is trained. What is left out keeps the value of `--config`, of the run that is resumed, or the default.
struct DetectionTrainingOptions: ParsableArguments {
    static let defaults = DetectionConfiguration()

    @Option(
        help: ArgumentHelp(
            "Pictures in a batch; -1 is what fits into memory. (default: \(defaults.batch))", valueName: "n"),
        transform: Value.batch)
    var batch: Int?

    @Option(
        help: ArgumentHelp(
            "\(OptimizerChoice.names.joined(separator: ", ")). (default: \(defaults.optimizer))", valueName: "name"),
        transform: Value.name(among: OptimizerChoice.names))
    var optimizer: String?

    @Option(help: ArgumentHelp("Weights to begin with: what fits is taken.", valueName: "file"))
    var pretrained: String?

    @Flag(help: "All classes count as one.")
    var singleCls = false

    @Flag(help: "The learning rate falls along a cosine.")
    var cosLr = false

    @Flag(help: "No pictures and curves are drawn.")
    var noPlots = false

    @Option(
        help: ArgumentHelp(
            "Passes over the pictures. (default: \(defaults.epochs))", valueName: "n"),
        transform: Value.integer)
    var epochs: Int?

    @Option(
        help: ArgumentHelp(
            "How long the training may take: as many epochs are made as fit in, in place of --epochs. What fits in is "
                + "measured, so the same seed need not give the same weights twice.", valueName: "hours"),
        transform: Value.number)
    var time: Double?

    @Option(
        help: ArgumentHelp(
            "Epochs without improvement before the training ends. (default: \(defaults.patience))", valueName: "n"),
        transform: Value.integer)
    var patience: Int?

    @Option(
        help: ArgumentHelp(
            "The side of the input, in pixels: a multiple of 32. (default: \(defaults.imgsz))", valueName: "pixels"),
        transform: Value.side)
    var imgsz: Int?

    @Option(
        help: ArgumentHelp(
            "Threads that load pictures; results do not depend on it. (default: \(defaults.workers))", valueName: "n"),
        transform: Value.integer)
    var workers: Int?

    @Option(
        help: ArgumentHelp(
            "What weights, order and augmentation depend on. (default: \(defaults.seed))", valueName: "n"),
        transform: Value.integer)
    var seed: UInt64?

    @Option(
        help: ArgumentHelp(
            "Epochs at the end that are without mosaic and mixing. (default: \(defaults.closeMosaic))", valueName: "n"),
        transform: Value.integer)
    var closeMosaic: Int?

    @Option(
        help: ArgumentHelp(
            "The share of the pictures to train with. (default: \(defaults.fraction))", valueName: "x"),
        transform: Value.number)
    var fraction: Double?

    @Option(
        help: ArgumentHelp(
            "The share of the pictures held out to measure with, where the data has no part for it. (default: \(defaults.valFraction))",
            valueName: "x"),
        transform: Value.number)
    var valFraction: Double?

    @Option(
        help: ArgumentHelp(
            "How many of the first layers are not trained. (default: \(defaults.freeze))", valueName: "n"),
        transform: Value.integer)
    var freeze: Int?

    @Option(
        help: ArgumentHelp(
            "By what share the size of batches varies. (default: \(defaults.multiScale))", valueName: "x"),
        transform: Value.number)
    var multiScale: Double?

    @Option(
        help: ArgumentHelp(
            "The learning rate after the warm-up. (default: \(defaults.lr0))", valueName: "rate"),
        transform: Value.number)
    var lr0: Double?

    @Option(
        help: ArgumentHelp(
            "The learning rate at the end, as a share of --lr0. (default: \(defaults.lrf))", valueName: "x"),
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
            "Epochs over which the learning rate rises first. (default: \(defaults.warmupEpochs))", valueName: "x"),
        transform: Value.number)
    var warmupEpochs: Double?

    @Option(
        help: ArgumentHelp(
            "The momentum at the start. (default: \(defaults.warmupMomentum))", valueName: "x"),
        transform: Value.number)
    var warmupMomentum: Double?

    @Option(
        help: ArgumentHelp(
            "The learning rate of biases at the start. (default: \(defaults.warmupBiasLr))", valueName: "rate"),
        transform: Value.number)
    var warmupBiasLr: Double?

    @Option(
        help: ArgumentHelp(
            "The batch for which the other numbers are meant. (default: \(defaults.nbs))", valueName: "n"),
        transform: Value.integer)
    var nbs: Int?

    @Option(
        help: ArgumentHelp(
            "How much boxes count in the loss. (default: \(defaults.box))", valueName: "x"),
        transform: Value.number)
    var box: Double?

    @Option(
        help: ArgumentHelp(
            "How much classes count in the loss. (default: \(defaults.cls))", valueName: "x"),
        transform: Value.number)
    var cls: Double?

    @Option(
        help: ArgumentHelp(
            "How much distances count in the loss. (default: \(defaults.dfl))", valueName: "x"),
        transform: Value.number)
    var dfl: Double?

    /// Changes what was given.
    func apply(to configuration: inout DetectionConfiguration) {
        func set<Value>(_ option: WritableKeyPath<DetectionConfiguration, Value>, _ value: Value?) {
            if let value { configuration[keyPath: option] = value }
        }
        set(\.batch, batch)
        set(\.optimizer, optimizer)
        if let pretrained { configuration.pretrained = pretrained }
        set(\.singleCls, singleCls ? true : nil)
        set(\.cosLr, cosLr ? true : nil)
        set(\.plots, noPlots ? false : nil)
        set(\.epochs, epochs)
        if let time { configuration.time = time }
        set(\.patience, patience)
        set(\.imgsz, imgsz)
        set(\.workers, workers)
        set(\.seed, seed)
        set(\.closeMosaic, closeMosaic)
        set(\.fraction, fraction)
        set(\.valFraction, valFraction)
        set(\.freeze, freeze)
        set(\.multiScale, multiScale)
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
    }
}
