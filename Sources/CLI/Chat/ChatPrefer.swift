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

    @OptionGroup var options: ConversationOptions<PreferenceDefaults>

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

    @OptionGroup var common: CommonOptions

    private func apply(to configuration: inout PreferenceConfiguration) throws {
        try options.apply(to: &configuration)
        configuration.beta = beta ?? configuration.beta
        configuration.labelSmoothing = labelSmoothing ?? configuration.labelSmoothing
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
        let session = try TrainingSession(
            "prefer", command: "chat prefer", options.run, common, defaults: options.defaults(), change: apply)
        let training = try PreferenceTraining(session.configuration)
        try say(what: training)
        if !options.run.dryRun { try measureReference(training.task) }
        let (folder, outcome) = try session.train(
            training.product, training.task, training.adaptation, session.configuration.training)
        guard let best = outcome.best ?? outcome.history.last else { return }
        func measured(_ name: String) -> Double { best.validation[name] ?? .nan }
        let reached =
            "validation loss \(measured("loss").formatted(4)), accuracy \(measured("accuracy").formatted(4)), "
            + "margin \(measured("margin").formatted(4))"
        try options.say(best: best, reached, in: folder)
        guard common.json else { return }
        try Terminal.printJSON(
            Result(
                parameters: training.product.model.parameterCount, steps: outcome.step, bestLoss: measured("loss"),
                accuracy: measured("accuracy"), margin: measured("margin"), seconds: outcome.seconds,
                folder: folder.path))
    }

    private func say(what training: PreferenceTraining) throws {
        let task = training.task
        try options.say(
            data: training.configuration.data, training: task.trainingCount.counted("pair"),
            validation: task.validationCount, training.template, training.product)
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
            guard case .bar = options.run.style else { return }
            try Terminal.draw(ProgressReporter.erasedLine + "Reference  \(done.grouped)/\(count.grouped)")
        }
        if case .bar = options.run.style { try Terminal.draw(ProgressReporter.erasedLine) }
    }
}
