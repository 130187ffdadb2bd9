import ArgumentParser
import Switchback
import SwitchbackLanguage
import SwitchbackTraining

/// The common part of all trainings on conversations.
struct ConversationOptions<Defaults: ConversationDefaults>: ParsableArguments {
    @Option(
        help: ArgumentHelp("A file of \(Defaults.records): JSON Lines, a JSON list, or CSV.", valueName: "file"))
    var data: String?

    @Option(
        help: ArgumentHelp(
            "The model to start from: a run, a folder in Hugging Face's format, or ORG/NAME on the hub.",
            valueName: "folder"))
    var from: String?

    @OptionGroup var template: TemplateOption
    @OptionGroup var adaptation: AdaptationOptions
    @OptionGroup var reading: ReadingOptions
    @OptionGroup(title: "Training") var training: TrainingOptions<Defaults>
    @OptionGroup(title: "Run") var run: RunOptions

    func validate() throws {
        try run.require("--data <file>", data)
        try run.require("--from <folder>", from)
    }

    /// What a new training has where nothing is given.
    func defaults<Options: ConversationTrainingConfiguration>() -> Options {
        var configuration = Options()
        configuration.training = Options.trainingDefaults(lora: adaptation.lora != nil)
        return configuration
    }

    func apply<Options: ConversationTrainingConfiguration>(to configuration: inout Options) throws {
        configuration.data = data ?? configuration.data
        configuration.from = try ModelFolder.path(from, recorded: configuration.from) ?? configuration.from
        configuration.template = template.template ?? configuration.template
        adaptation.apply(to: &configuration)
        configuration.contextLength = reading.context ?? configuration.contextLength
        if reading.recompute { configuration.recompute = true }
        training.apply(to: &configuration.training)
    }

    /// Says what is learned from, and what learns it.
    ///
    /// - Parameters:
    ///   - training: how much is trained with: `24 pairs`.
    ///   - validation: how many of them are held out.
    func say(
        data: String, training: String, validation: Int, _ template: ChatTemplate, _ product: LanguageModelRun
    ) throws {
        try run.say(
            "Data: \(data); \(training) for training, "
                + "\(validation.grouped) for validation, template \(template.style?.rawValue ?? "of the model"). "
                + "Model: \(product.model.parameterCount.counted("parameter")).")
    }

    /// Says where the best model is, and what to do with it.
    ///
    /// - Parameter measured: what it reached: `validation loss 0.5`.
    func say(best: EpochResult, _ measured: String, in folder: RunFolder) throws {
        try run.say(
            """
            The best model (epoch \(best.epoch), \(measured)) is in
              \(folder.path)
            Next:
              switchback chat \(folder.path.quoted)
              switchback serve \(folder.path.quoted)
            """)
    }
}
