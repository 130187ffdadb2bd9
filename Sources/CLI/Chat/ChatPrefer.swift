import ArgumentParser
import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackLanguage
import SwitchbackTraining

/// `switchback chat prefer`.
struct ChatPrefer: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prefer",
        abstract: "Tune a language model on preferences between answers (DPO).",
        discussion: """
            EXAMPLES
              switchback chat prefer --data pairs.jsonl --from runs/chat/train
              switchback chat prefer --data pairs.jsonl --from path/to/qwen --lora 8 --beta 0.05
              switchback chat prefer --resume runs/prefer/train

            Each line of the file is a question with an answer that is better and one that is worse, as the package trl has \
            them:
              {"prompt": "Hello!", "chosen": "Hello to you.", "rejected": "What?"}
              {"prompt": [{"role": "user", "content": "Hello!"}], "chosen": [{"role": "assistant", "content": "Hello to \
            you."}], "rejected": [{"role": "assistant", "content": "What?"}]}
            Without a prompt, chosen and rejected are lists of messages that begin alike. A prompt that is a text is what a \
            user says: it goes through the chat template, too. "tools" are the functions that the assistant can call.

            Direct preference optimization (Rafailov et al., 2023) makes the better answers more likely and the worse ones \
            less, and holds the model to the one that it starts from. "margin" is how much more the better answers are \
            rewarded, "accuracy" in what part of the pairs they are.
            """)

    @Option(help: ArgumentHelp("A file of pairs of answers: JSON Lines, a JSON list, or CSV.", valueName: "file"))
    var data: String?

    @Option(
        help: ArgumentHelp(
            "The model to start from: a run, a folder in Hugging Face's format, or ORG/NAME on the hub.",
            valueName: "folder"))
    var from: String?

    @OptionGroup var template: TemplateOption

    @Option(
        help: ArgumentHelp(
            "How strongly the model is held to the one that it starts from. (default: \(PreferenceConfiguration().beta))",
            valueName: "x"),
        transform: Value.number(in: PreferenceConfiguration.betas))
    var beta: Double?

    @Option(
        help: ArgumentHelp(
            "The probability that a preference is the wrong way around. "
                + "(default: \(PreferenceConfiguration().labelSmoothing))", valueName: "p"),
        transform: Value.number(in: PreferenceConfiguration.labelSmoothings))
    var labelSmoothing: Double?

    @OptionGroup var adaptation: AdaptationOptions
    @OptionGroup var reading: ReadingOptions
    @OptionGroup(title: "Training") var training: TrainingOptions<PreferenceDefaults>
    @OptionGroup(title: "Run") var runOptions: RunOptions
    @OptionGroup var common: CommonOptions

    func validate() throws {
        try runOptions.require("--data <file>", data)
        try runOptions.require("--from <folder>", from)
    }

    private func apply(to configuration: inout PreferenceConfiguration) throws {
        if runOptions.config == nil && runOptions.resume == nil {
            configuration.training = PreferenceConfiguration.trainingDefaults(lora: adaptation.lora != nil)
        }
        configuration.data = data ?? configuration.data
        configuration.from = try from.map(ModelFolder.path) ?? configuration.from
        configuration.template = template.template ?? configuration.template
        configuration.beta = beta ?? configuration.beta
        configuration.labelSmoothing = labelSmoothing ?? configuration.labelSmoothing
        adaptation.apply(to: &configuration)
        configuration.contextLength = reading.context ?? configuration.contextLength
        if reading.recompute { configuration.recompute = true }
        training.apply(to: &configuration.training)
    }

    private struct Result: Encodable {
        let task = "prefer"
        let mode = "train"
        let parameters, steps: Int
        /// Of the held-out pairs.
        let bestLoss, accuracy, margin, seconds: Double
        let folder: String
    }

    func run() throws {
        common.apply()
        let session = try TrainingSession("prefer", command: "chat prefer", runOptions, common, change: apply)
        let training = try PreferenceTraining(session.configuration)
        try say(what: training)
        if !runOptions.dryRun { try measureReference(training.task) }
        let (folder, outcome) = try session.train(
            training.product, training.task, training.adaptation, session.configuration.training)
        guard let best = outcome.best ?? outcome.history.last else { return }
        func measured(_ name: String) -> Double { best.validation[name] ?? .nan }
        try runOptions.say(
            """
            The best model (epoch \(best.epoch), validation loss \(measured("loss").formatted(4)), accuracy \
            \(measured("accuracy").formatted(4)), margin \(measured("margin").formatted(4))) is in
              \(folder.path)
            Next:
              switchback chat \(folder.path.quoted)
              switchback serve \(folder.path.quoted)
            """)
        guard common.json else { return }
        try Terminal.printJSON(
            Result(
                parameters: training.product.model.parameterCount, steps: outcome.step, bestLoss: measured("loss"),
                accuracy: measured("accuracy"), margin: measured("margin"), seconds: outcome.seconds,
                folder: folder.path))
    }

    private func say(what training: PreferenceTraining) throws {
        let task = training.task
        try runOptions.say(
            "Data: \(training.configuration.data); \(task.trainingCount.counted("pair")) for training, "
                + "\(task.validationCount.grouped) for validation, template \(training.template.style?.rawValue ?? "of the model"). "
                + "Model: \(training.product.model.parameterCount.counted("parameter")).")
        if task.cutCount > 0 {
            Diagnostics.warn("the context is too short for the end of \(task.cutCount.counted("answer"))")
        }
        if task.tieCount > 0 {
            Diagnostics.warn(
                "\(task.tieCount.counted("pair")) left out, because both answers are the same within the context")
        }
    }

    /// Measures what the model says of the answers before it is trained, and shows how far that is.
    private func measureReference(_ task: PreferenceTask) throws {
        try task.measureReference(in: Processes.group) { done, count in
            guard case .bar = runOptions.style else { return }
            try Terminal.draw(ProgressReporter.erasedLine + "Reference  \(done.grouped)/\(count.grouped)")
        }
        if case .bar = runOptions.style { try Terminal.draw(ProgressReporter.erasedLine) }
    }
}
