import ArgumentParser
import Foundation
import Switchback
import SwitchbackLanguage
import SwitchbackTraining

/// How much of a text is read at once in a training, and what is remembered on the way.
struct ReadingOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("The context length in tokens. (default: the model's)", valueName: "n"),
        transform: Value.integer(in: LanguageTrainingConfiguration.contextLengths))
    var context: Int?

    @Flag(help: "Recompute activations in the backward pass: less memory, more time.")
    var recompute = false
}

/// Training few parameters instead of all.
struct AdaptationOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("Train low-rank adapters (LoRA) of this rank instead of all weights.", valueName: "rank"),
        transform: Value.integer)
    var lora: Int?

    @Option(
        help: ArgumentHelp(
            "The scale of the adapters' change, times their rank. (default: twice the rank)", valueName: "x"),
        transform: Value.number(in: LanguageTrainingConfiguration.loraAlphas))
    var loraAlpha: Double?

    @Option(
        help: ArgumentHelp(
            "The probability of dropping an input of an adapter in training. "
                + "(default: \(LanguageTrainingConfiguration().loraDropout))", valueName: "p"),
        transform: Value.number(in: LanguageTrainingConfiguration.loraDropouts))
    var loraDropout: Double?

    @Option(
        help: ArgumentHelp(
            "The layers with adapters, such as q_proj,v_proj. (default: all linear layers but the output)",
            valueName: "names"))
    var loraTargets: String?

    func apply(to configuration: inout some LowRankConfiguration) {
        configuration.lora = lora ?? configuration.lora
        configuration.loraAlpha = loraAlpha ?? configuration.loraAlpha
        configuration.loraDropout = loraDropout ?? configuration.loraDropout
        let targets = loraTargets.map { $0.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) } }
        configuration.loraTargets = targets ?? configuration.loraTargets
    }
}

/// The common part of training a language model from scratch and fine-tuning one.
struct LanguageTrainingOptions<Defaults: TrainingDefaults>: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A text file, a folder of .txt and .md files, or a folder made by 'text prepare'.", valueName: "path"))
    var data: String?

    @OptionGroup var reading: ReadingOptions

    @Option(
        help: ArgumentHelp(
            "The number of text windows per validation, evenly spread over the validation text. (default: as many as "
                + "have \(LanguageTask.validationTokens.grouped) tokens) 'text score' reads a whole text.",
            valueName: "n"),
        transform: Value.integer(in: LanguageTrainingConfiguration.valWindowCounts))
    var valWindows: Int?

    @Option(
        help: ArgumentHelp("The prompt of the samples shown during training. (default: a newline)", valueName: "text"))
    var prompt: String?

    @OptionGroup(title: "Training") var training: TrainingOptions<Defaults>
    @OptionGroup(title: "Run") var run: RunOptions
    @OptionGroup var common: CommonOptions

    func validate() throws { try run.require("--data <path>", data) }

    private func apply(to configuration: inout LanguageTrainingConfiguration) {
        configuration.data = data ?? configuration.data
        configuration.contextLength = reading.context ?? configuration.contextLength
        configuration.valWindows = valWindows ?? configuration.valWindows
        if reading.recompute { configuration.recompute = true }
        training.apply(to: &configuration.training)
    }

    private struct Result: Encodable {
        let task = "text"
        let mode: String
        let parameters, steps: Int
        /// In nats a token, of the held-out text.
        let loss, bestLoss, perplexity: Double
        let seconds: Double
        let folder: String
    }

    /// The training that the options ask for.
    ///
    /// - Parameters:
    ///   - defaults: what a new training has where nothing is given.
    ///   - change: puts the options that only one of the commands has into the configuration.
    func session(
        defaults: LanguageTrainingConfiguration = LanguageTrainingConfiguration(),
        change: (inout LanguageTrainingConfiguration) throws -> Void
    ) throws -> TrainingSession<LanguageTrainingConfiguration> {
        common.apply()
        return try TrainingSession("text", run, common, defaults: defaults) { configuration in
            try change(&configuration)
            apply(to: &configuration)
        }
    }

    /// Trains, shows how it goes and what the model writes by then.
    ///
    /// - Parameters:
    ///   - defaults: what a new training has where nothing is given.
    ///   - change: puts the options that only one of the commands has into the configuration.
    func train(
        mode: String, defaults: LanguageTrainingConfiguration = LanguageTrainingConfiguration(),
        change: (inout LanguageTrainingConfiguration) throws -> Void
    ) throws {
        let session = try session(defaults: defaults, change: change)
        let training = try LanguageTraining(session.configuration)
        try run.say(
            "Data: \(session.configuration.data); \(training.data.training.count.counted("token")) for training, "
                + "\(training.data.validation.count.grouped) for validation, a vocabulary of "
                + "\(training.data.tokenizer.vocabularySize.grouped). "
                + "Model: \(training.model.parameterCount.counted("parameter")).")
        let beginning = try beginning(training.data)
        let (folder, outcome) = try session.train(
            training.product, training.task, training.adaptation, training.trainingConfiguration,
            sampler: sampler(training, beginning))
        try show(outcome, training, folder, mode, beginning)
    }

    /// The prompt of samples: the requested one, or a newline, or the first token of a text without lines.
    private func beginning(_ data: TextData) throws -> String {
        if let prompt = prompt?.withLineEnds {
            _ = try data.tokenizer.encode(prompt, from: "option prompt")
            return prompt
        }
        let hasLines = (try? data.tokenizer.encode("\n", from: "option prompt")) != nil
        return hasLines ? "\n" : data.tokenizer.decode([data.training[0]])
    }

    /// Shows what the model writes, after each validation.
    private func sampler(_ training: LanguageTraining, _ beginning: String) -> TrainingListener {
        { event in
            guard case .epoch = event else { return .continue }
            var generator = TextGenerator(training.model, training.data.tokenizer)
            generator.options.sampling.temperature = 0.8
            generator.options.seed = training.configuration.training.seed
            let sample = try generator.generate(beginning, tokens: 160).text
            try run.say(sample.split(separator: "\n").map { "    \($0)" }.joined(separator: "\n"))
            return .continue
        }
    }

    private func show(
        _ outcome: TrainingOutcome, _ training: LanguageTraining, _ folder: RunFolder, _ mode: String,
        _ beginning: String
    ) throws {
        guard let last = outcome.history.last else { return }
        let best = outcome.best ?? last
        let loss = best.validation["loss"] ?? .nan
        let shown = beginning.replacing("\n", with: "\\n").quoted
        try run.say(
            """
            The best model (step \(best.step), validation loss \(loss.formatted(4))) is in
              \(folder.path)
            Next:
              switchback text generate --model \(folder.path.quoted) --prompt \(shown) --tokens 500
            """)
        guard common.json else { return }
        try Terminal.printJSON(
            Result(
                mode: mode, parameters: training.model.parameterCount, steps: outcome.step,
                loss: last.validation["loss"] ?? .nan, bestLoss: loss, perplexity: exp(loss), seconds: outcome.seconds,
                folder: folder.path))
    }
}

extension String {
    /// With `\n` as a line's end, which a shell does not make easy to type.
    var withLineEnds: String { replacing("\\n", with: "\n") }
}
