import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackTraining

/// The options of `switchback text train` and `text finetune`; the defaults are nanoGPT's for a laptop, except for the
/// learning rate, which depends on the model.
public struct LanguageTrainingConfiguration: ExtendedTrainingConfiguration, LowRankConfiguration {
    /// A text file, a folder of them, or a prepared folder.
    public var data = ""
    public var model = LanguageModelSize.gptMini
    /// A checkpoint's folder to continue from, instead of `model`; its tokenizer is used.
    public var from: String?
    /// `characters`, `bpe`, or the path of a `tokenizer.json`; `nil` is what the data or `from` has, or characters.
    public var tokenizer: String?
    /// How many tokens `bpe` learns.
    public var vocabularySize = 8000
    /// How many tokens are read at once; `nil` is the model's own.
    public var contextLength: Int?
    public var dropout = 0.0
    /// Which part of the text, its end, is kept for measuring.
    public var heldOut = 0.1
    /// How many windows of that part a validation reads, evenly spread; `nil` is as many as have 131,072 tokens.
    public var valWindows: Int?
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
    public var training = LanguageTrainingConfiguration.trainingDefaults

    /// How many tokens a tokenizer can learn.
    public static let vocabularySizes = NumberRange.from(1, to: 1_000_000)
    /// How many tokens can be read at once.
    public static let contextLengths = NumberRange.from(1, to: 1_000_000)
    /// The ranks that adapters can have.
    static let loraRanks = NumberRange.from(1, to: 65_536)
    /// By what adapters can be multiplied.
    public static let loraAlphas = NumberRange.above(0, to: 1_000_000)
    /// How likely inputs of adapters can be left out.
    public static let loraDropouts = NumberRange.from(0, below: 1)
    /// How many windows a validation can read.
    public static let valWindowCounts = NumberRange.count()
    /// The parts of the data that can be kept for measuring.
    static let heldOutParts = NumberRange.above(0, below: 1)

    public static let ranges: [String: NumberRange] = [
        "vocabulary_size": vocabularySizes, "context_length": contextLengths, "dropout": .from(0, below: 1),
        "held_out": heldOutParts, "val_windows": valWindowCounts, "lora": loraRanks,
        "lora_alpha": loraAlphas, "lora_dropout": loraDropouts,
    ]

    public init() {}

    public func ownUnusedOptions(besides defaults: Self) -> [UnusedOption] {
        var found: [UnusedOption] = []
        if vocabularySize != defaults.vocabularySize && tokenizer != "bpe" {
            found.append(UnusedOption("vocabulary", "only the tokenizer bpe learns its tokens"))
        }
        if dropout != defaults.dropout && (from != nil || !model.hasDropout) {
            found.append(
                UnusedOption(
                    "dropout", from == nil ? "\(model.rawValue) has no dropout" : "the model of from has its own"))
        }
        found += unusedAdapterOptions
        if model != defaults.model && from != nil { found.append(UnusedOption("model", "from takes its place")) }
        return found
    }

    private static var trainingDefaults: TrainingConfiguration {
        var training = TrainingConfiguration()
        training.steps = 2000
        training.batch = 12
        training.optimizer = .adamw
        training.beta2 = 0.99
        training.weightDecay = 0.1
        training.clipNorm = 1
        training.schedule = .cosine
        training.finalLr = 0.1
        training.warmupSteps = 100
        training.validateEvery = 250
        return training
    }
}

extension TrainingConfiguration {
    /// Few steps that change little; adapters bear a higher rate.
    public static func fineTuning(lora: Bool) -> TrainingConfiguration {
        var training = LanguageTrainingConfiguration().training
        training.steps = 200
        training.warmupSteps = 10
        training.validateEvery = 50
        training.lr = lora ? 1e-3 : 1e-4
        return training
    }
}

/// Trains a language model, and leaves a folder that `Checkpoint` and Hugging Face's Transformers read.
///
/// ```swift
/// var configuration = LanguageTrainingConfiguration()
/// configuration.data = "shakespeare.txt"
/// let training = try LanguageTraining(configuration)
/// try training.run(in: RunFolder(in: "runs", task: "text", name: "train", arguments: configuration))
/// ```
public final class LanguageTraining {
    public let configuration: LanguageTrainingConfiguration
    public let model: LanguageModel
    public let data: TextData
    /// The task of the `Trainer`, if adapters are not requested.
    public let task: LanguageTask
    /// The adapters, if requested.
    public let adaptation: AdaptationTask<LanguageTask>?
    /// How it is trained: as the configuration says, with a learning rate that suits the model where it says none.
    public let trainingConfiguration: TrainingConfiguration
    /// The model, its tokenizer, and how they are saved.
    public let product: LanguageModelRun

    /// Reads the data and makes the model; the seed of the default generator is set.
    ///
    /// Throws `InputError` if a file cannot be used or options do not fit together.
    public init(_ configuration: LanguageTrainingConfiguration) throws {
        self.configuration = configuration
        try configuration.check()
        let start = try configuration.from.map { try Checkpoint($0) }
        data = try TextData.load(
            configuration.data, tokenizer: configuration.tokenizerChoice(start), heldOut: configuration.heldOut)
        manualSeed(configuration.training.seed)
        model =
            try start?.languageModel()
            ?? configuration.model.makeModel(
                vocabularySize: data.tokenizer.vocabularySize, contextLength: configuration.contextLength,
                dropout: configuration.dropout)
        try model.recompute(configuration.recompute)
        try model.checkContext(configuration.contextLength)
        let task = try LanguageTask(
            model, on: data, batchSize: configuration.training.batch ?? 12, contextLength: configuration.contextLength,
            validationWindows: configuration.valWindows, seed: configuration.training.seed,
            workers: configuration.training.workers)
        self.task = task
        adaptation = try configuration.adapterOptions.map { [model] in try AdaptationTask(task, of: model, $0) }
        trainingConfiguration = configuration.trainingForModel
        product = LanguageModelRun(
            model, data.tokenizer, adaptation: adaptation?.adaptation, source: start)
    }

    /// Trains. The folder then has `config.json`, `tokenizer.json`, and the best weights as `model.safetensors`.
    ///
    /// - Parameters:
    ///   - resuming: whether to continue from the folder's last checkpoint.
    ///   - listeners: are told how it goes.
    @discardableResult
    public func run(
        in folder: RunFolder, resuming: Bool = false, listeners: [TrainingListener] = []
    ) throws -> TrainingOutcome {
        try product.train(
            task, adaptation, trainingConfiguration, in: folder, resuming: resuming, listeners: listeners)
    }
}

extension LanguageTrainingConfiguration {
    /// - Parameter start: what the training continues from.
    fileprivate func tokenizerChoice(_ start: Checkpoint?) throws -> TokenizerChoice? {
        if let tokenizer { return TokenizerChoice(tokenizer, vocabularySize: vocabularySize) }
        return try start.map { .loaded(try $0.tokenizer()) }
    }

    /// Other optimizers than AdamW have usual rates of their own.
    fileprivate var trainingForModel: TrainingConfiguration {
        var training = training
        if training.lr == nil && training.optimizer == .adamw {
            let isNew = from == nil
            training.lr = isNew ? model.usualLearningRate : TrainingConfiguration.fineTuning(lora: lora != nil).lr
        }
        return training
    }
}
