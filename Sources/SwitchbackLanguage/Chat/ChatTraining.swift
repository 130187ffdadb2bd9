import Foundation
import Switchback
import SwitchbackTraining

/// The options of `switchback chat train`.
public struct ChatTrainingConfiguration: ConversationTrainingConfiguration {
    /// A file of conversations, one JSON object on each line.
    public var data = ""
    /// The folder of the model to start from.
    public var from = ""
    /// The style of the conversation's text; `nil` is what the folder says, or `plain`.
    public var template: ChatTemplate.Style?
    /// How many tokens of a conversation are read; `nil` is the model's own number.
    public var contextLength: Int?
    /// Which part of the conversations is kept for measuring.
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
    public var training = ChatTrainingConfiguration.trainingDefaults(lora: false)

    public static let ranges: [String: NumberRange] = [
        "context_length": LanguageTrainingConfiguration.contextLengths,
        "held_out": LanguageTrainingConfiguration.heldOutParts, "lora": LanguageTrainingConfiguration.loraRanks,
        "lora_alpha": LanguageTrainingConfiguration.loraAlphas,
        "lora_dropout": LanguageTrainingConfiguration.loraDropouts,
    ]

    public init() {}

    public func ownUnusedOptions(besides defaults: Self) -> [UnusedOption] { unusedAdapterOptions }

    /// Three passes with small steps; adapters bear a higher rate.
    public static func trainingDefaults(lora: Bool) -> TrainingConfiguration {
        var training = TrainingConfiguration.fineTuning(lora: lora)
        training.steps = nil
        training.epochs = 3
        training.batch = 8
        training.validateEvery = nil
        return training
    }
}

/// Fine-tunes a language model on conversations, and leaves a folder for `switchback chat` and `switchback serve`.
///
/// ```swift
/// var configuration = ChatTrainingConfiguration()
/// configuration.data = "conversations.jsonl"
/// configuration.from = "path/to/model"
/// let training = try ChatTraining(configuration)
/// try training.run(in: RunFolder(in: "runs", task: "chat", name: "train", arguments: configuration))
/// ```
public final class ChatTraining {
    public let configuration: ChatTrainingConfiguration
    public let template: ChatTemplate
    public let task: ChatTask
    /// The model, its tokenizer, and how they are saved.
    public let product: LanguageModelRun
    /// The task that a `Trainer` trains instead of `task` if adapters are requested.
    public let adaptation: AdaptationTask<ChatTask>?

    /// Reads the data and the model; the seed of the default generator is set.
    ///
    /// Throws `InputError` if a file cannot be used or options do not fit together.
    public init(_ configuration: ChatTrainingConfiguration) throws {
        self.configuration = configuration
        try configuration.check()
        manualSeed(configuration.training.seed)
        let data = try ChatData(configuration.data)
        let start = try ConversationStart(configuration)
        template = start.template
        let task = try ChatTask(
            start.model, start.tokenizer, start.template, on: data, batchSize: configuration.training.batch ?? 8,
            contextLength: configuration.contextLength, heldOut: configuration.heldOut,
            seed: configuration.training.seed, workers: configuration.training.workers)
        self.task = task
        adaptation = try configuration.adapterOptions.map { try AdaptationTask(task, of: start.model, $0) }
        product = start.product(adaptation?.adaptation)
    }

    /// Trains. The folder then has all that is needed to chat with the model.
    @discardableResult
    public func run(
        in folder: RunFolder, resuming: Bool = false, listeners: [TrainingListener] = []
    ) throws -> TrainingOutcome {
        try product.train(
            task, adaptation, configuration.training, in: folder, resuming: resuming, listeners: listeners)
    }
}
