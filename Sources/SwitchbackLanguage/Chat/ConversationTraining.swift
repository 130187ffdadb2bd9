import Switchback
import SwitchbackTraining

/// The options that all trainings on conversations have.
public protocol ConversationTrainingConfiguration: ExtendedTrainingConfiguration, LowRankConfiguration {
    /// A file to learn from, one JSON object on each line.
    var data: String { get set }
    /// The folder of the model to start from.
    var from: String { get set }
    /// The style of the conversation's text; `nil` is what the folder says, or `plain`.
    var template: ChatTemplate.Style? { get set }
    /// How many tokens of a conversation are read; `nil` is the model's own number.
    var contextLength: Int? { get set }
    /// Whether blocks are computed again on the way back instead of remembered.
    var recompute: Bool { get set }

    /// The defaults of `training`, for adapters or for all weights.
    static func trainingDefaults(lora: Bool) -> TrainingConfiguration
}

/// What a training on conversations starts from.
struct ConversationStart {
    let model: LanguageModel
    let tokenizer: any Tokenizer
    let template: ChatTemplate
    private let source: Checkpoint

    /// Throws `InputError` if a file cannot be used or options do not fit the model.
    init(_ configuration: some ConversationTrainingConfiguration) throws {
        source = try Checkpoint(configuration.from)
        (model, tokenizer) = try source.languageModelAndTokenizer()
        try model.recompute(configuration.recompute)
        try model.checkContext(configuration.contextLength)
        template = try ChatTemplate.choose(configuration.template, for: source)
    }

    /// The model in training, whose folder has the template, too.
    ///
    /// - Parameter adaptation: the adapters, where they are what is trained.
    func product(_ adaptation: LowRankAdaptation?) -> LanguageModelRun {
        LanguageModelRun(model, tokenizer, adaptation: adaptation, source: source, saveMore: template.save(to:))
    }
}
