import Switchback
import SwitchbackTraining

/// The options of `switchback chat prefer`.
public struct PreferenceConfiguration: ConversationTrainingConfiguration {
    /// A file of pairs of answers, one JSON object on each line.
    public var data = ""
    /// The folder of the model to start from, which is the reference, too.
    public var from = ""
    /// The style of the conversation's text; `nil` is what the folder says, or `plain`.
    public var template: ChatTemplate.Style?
    /// β of the loss: how strongly the model is held to the one that it starts from.
    public var beta = PreferenceLoss().beta
    /// How likely a preference is taken to be the wrong way around.
    public var labelSmoothing = 0.0
    /// How many tokens of a conversation are read; `nil` is the model's own number.
    public var contextLength: Int?
    /// Which part of the pairs is kept for measuring.
    public var heldOut = 0.1
    /// The rank of the adapters that are trained instead of all weights.
    public var lora: Int?
    /// By what the adapters' product is multiplied, times the rank; `nil` is twice the rank.
    public var loraAlpha: Double?
    /// How likely each input of an adapter is left out in training.
    public var loraDropout = 0.0
    /// The layers that have adapters, by the last parts of their names; `nil` is all linear ones.
    public var loraTargets: [String]?
    /// Whether blocks are computed again on the way back instead of remembered.
    public var recompute = false
    public var training = PreferenceConfiguration.trainingDefaults(lora: false)

    /// What β can be.
    public static let betas = NumberRange.above(0, to: 1000)
    /// How likely preferences can be the wrong way around.
    public static let labelSmoothings = NumberRange.from(0, below: 0.5)

    public static let ranges: [String: NumberRange] = ChatTrainingConfiguration.ranges.merging(
        ["beta": betas, "label_smoothing": labelSmoothings]) { $1 }

    public init() {}

    public func ownUnusedOptions(besides defaults: Self) -> [UnusedOption] { unusedAdapterOptions }

    /// As conversations are learned, with steps that are a hundred times smaller: the weights begin at the reference, and
    /// β pulls them back to it.
    public static func trainingDefaults(lora: Bool) -> TrainingConfiguration {
        var training = ChatTrainingConfiguration.trainingDefaults(lora: lora)
        training.lr = lora ? 1e-5 : 1e-6
        return training
    }
}

/// Tunes a language model on preferences, and leaves a folder for `switchback chat` and `switchback serve`.
///
/// ```swift
/// var configuration = PreferenceConfiguration()
/// configuration.data = "pairs.jsonl"
/// configuration.from = "path/to/model"
/// let training = try PreferenceTraining(configuration)
/// try training.run(in: RunFolder(in: "runs", task: "prefer", name: "train", arguments: configuration))
/// ```
public final class PreferenceTraining {
    public let configuration: PreferenceConfiguration
    public let template: ChatTemplate
    public let task: PreferenceTask
    /// The model, its tokenizer, and how they are saved.
    public let product: LanguageModelRun
    /// The task that a `Trainer` trains instead of `task` if adapters are requested.
    public let adaptation: AdaptationTask<PreferenceTask>?

    /// Reads the data and the model; the seed of the default generator is set.
    ///
    /// Throws `InputError` if a file cannot be used or options do not fit together.
    public init(_ configuration: PreferenceConfiguration) throws {
        self.configuration = configuration
        try configuration.check()
        manualSeed(configuration.training.seed)
        let data = try PreferenceData(configuration.data)
        let start = try ConversationStart(configuration)
        template = start.template
        let task = try PreferenceTask(
            start.model, start.tokenizer, start.template, on: data,
            PreferenceLoss(beta: configuration.beta, labelSmoothing: configuration.labelSmoothing),
            batchSize: configuration.training.batch ?? 8, contextLength: configuration.contextLength,
            heldOut: configuration.heldOut, seed: configuration.training.seed, workers: configuration.training.workers)
        self.task = task
        adaptation = try configuration.adapterOptions.map { try AdaptationTask(task, of: start.model, $0) }
        product = start.product(adaptation?.adaptation)
    }

    /// Measures the reference, and trains. The folder then has all that is needed to chat with the model.
    @discardableResult
    public func run(
        in folder: RunFolder, resuming: Bool = false, listeners: [TrainingListener] = []
    ) throws -> TrainingOutcome {
        try task.measureReference()
        return try product.train(
            task, adaptation, configuration.training, in: folder, resuming: resuming, listeners: listeners)
    }
}
