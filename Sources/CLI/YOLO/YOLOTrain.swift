import ArgumentParser
import Switchback
import SwitchbackTraining
import SwitchbackVision

/// `switchback detect train`, and the same of the other tasks.
struct YOLOTrain<Command: YOLOCommand>: ParsableCommand {
    static var task: YOLOTask { Command.task }

    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "train",
            abstract: "Train a \(task.networkName).",
            discussion: """
                EXAMPLES
                  switchback \(task) train --data \(task.exampleData).yaml \\
                    --model \(task.smallest) --epochs 100 --imgsz 640
                  switchback \(task) train --data mine.yaml \\
                    --model \(YOLOVariant(.yolo26, .n, task)) --batch 8 --optimizer MuSGD
                  switchback \(task) train --data mine.yaml --model runs/\(task)/train \\
                    --epochs 20
                  switchback \(task) train --resume runs/\(task)/train

                The same seed gives exactly the same weights on any number of threads and workers, even if the run was \
                interrupted or killed and then resumed.
                """)
    }

    @Option(help: ArgumentHelp("\(task.dataHelp) Not needed with --resume.", valueName: "path"))
    var data: String?

    @Option(
        help: ArgumentHelp(
            "\(task.modelNames); or a run or weights file to start from. (default: \(task.smallest))",
            valueName: "model"),
        transform: Value.network(task))
    var model: String?

    @OptionGroup(title: "Training") var training: DetectionTrainingOptions
    @OptionGroup(title: "Augmentation") var augmentation: AugmentationOptions
    @OptionGroup(title: "Run") var runOptions: RunOptions
    @OptionGroup var common: CommonOptions

    private struct Result: Encodable {
        let task: String
        let mode = "train"
        let model: String
        let parameters: Int
        let epochs: Int
        let optimizer: OptimizerKind
        let bestEpoch: Int
        let precision, recall, map50, map: Double
        /// Of masks, and of keypoints.
        let maskMap50, maskMap, keypointMap50, keypointMap: Double?
        let seconds: Double
        let weights, lastWeights: String
    }

    func validate() throws {
        try runOptions.require("--data <path>", data)
        try training.check(for: Self.task)
    }

    /// The training that the options ask for.
    func session() throws -> TrainingSession<DetectionConfiguration> {
        common.apply()
        return try TrainingSession(Self.task.rawValue, runOptions, common) { configuration in
            configuration.data = data ?? configuration.data
            // A run's file of options names the model; the default is that of detect.
            let isUnnamed = configuration.model == DetectionConfiguration().model
            configuration.model = model ?? (isUnnamed ? Self.task.smallest : configuration.model)
            training.apply(to: &configuration)
            augmentation.apply(to: &configuration.augmentation)
        }
    }

    func run() throws {
        let session = try session()
        if Processes.group.size > 1 && session.configuration.batch < 1 {
            throw UsageError("--batch auto goes by the memory of one process; several need a number")
        }
        let task = try session.configuration.makeTask(Self.task)
        try runOptions.say("Data: \(task.data.summary)")
        task.data.warnOfProblems()
        try task.data.checkForObjects()
        try runOptions.say(
            "Model: \(task.detector.variant), \(task.detector.parameterCount.counted("parameter")), "
                + task.detector.classes.count.counted("class"))
        let steps = task.accumulate > 1 ? ", one step per \(task.accumulate.counted("batch"))" : ""
        try runOptions.say("Batch: \(task.batchSize.counted("image"))\(steps)")
        try runOptions.say("Optimizer: " + (task.choice.reason ?? task.choice.kind.rawValue))
        var images: DetectionImages?
        let draws = session.configuration.plots
        var hasExplained = false
        let (folder, outcome) = try session.train(
            task, task.training,
            listeners: [
                { event in
                    if draws, case .started(let start) = event, let folder = start.folder {
                        images = DetectionImages(task, in: folder)
                    }
                    if !hasExplained, case .epoch(let result) = event, let sentence = Self.explanation(of: result) {
                        hasExplained = true
                        try runOptions.say(sentence)
                    }
                    return try images?.receive(event) ?? .continue
                }
            ],
            rateOptions: { "--lr0 \($0) --optimizer \(task.choice.kind.rawValue)" })
        try finish(task, outcome, folder)
    }

    /// Why nothing is found yet, where that is only because there have been few steps.
    private static func explanation(of result: EpochResult) -> String? {
        guard let precision = result.validation["mAP50"], precision < 0.001, result.step < fewSteps else { return nil }
        return """
            mAP is 0 after \(result.step.counted("step")), which is usual: the averages that batch normalization and the \
            validation use follow the weights slowly, over some hundred steps. More epochs make more steps, and so \
            do fewer images a step (--batch 4 --nbs 4).
            """
    }

    /// Steps after which the averages have come close to the weights.
    private static var fewSteps: Int { 500 }

    private func finish(_ task: DetectionTask, _ outcome: TrainingOutcome, _ folder: RunFolder) throws {
        guard let best = outcome.best ?? outcome.history.last else { return }
        let weights = folder.weights("best")
        func value(_ name: String) -> Double { best.validation[name] ?? .nan }
        try runOptions.say(
            """
            The best weights (epoch \(best.epoch), mAP50 \(value("mAP50").percent), mAP50-95 \
            \(value("mAP50-95").percent)\(Self.shapes(best.validation))) are in
              \(weights)
            Next:
              switchback \(Self.task) val --model \(weights.quoted) --data \(task.data.path.quoted)
              switchback \(Self.task) predict --model \(weights.quoted) IMAGE
            """)
        guard common.json else { return }
        try Terminal.printJSON(
            Result(
                task: Self.task.rawValue, model: "\(task.detector.variant)", parameters: task.detector.parameterCount,
                epochs: outcome.history.count, optimizer: task.choice.kind, bestEpoch: best.epoch,
                precision: value("precision"), recall: value("recall"), map50: value("mAP50"),
                map: value("mAP50-95"), maskMap50: best.validation["mAP50(M)"],
                maskMap: best.validation["mAP50-95(M)"], keypointMap50: best.validation["mAP50(P)"],
                keypointMap: best.validation["mAP50-95(P)"], seconds: outcome.seconds, weights: weights,
                lastWeights: folder.weights("last")))
    }

    /// The figures of masks or keypoints, where there are some.
    private static func shapes(_ metrics: Metrics) -> String {
        for (mark, name) in [("(M)", "masks"), ("(P)", "keypoints")] {
            guard let map50 = metrics["mAP50" + mark], let map = metrics["mAP50-95" + mark] else { continue }
            return "; of \(name) \(map50.percent) and \(map.percent)"
        }
        return ""
    }
}
