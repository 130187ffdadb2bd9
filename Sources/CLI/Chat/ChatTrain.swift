import ArgumentParser
import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackLanguage
import SwitchbackTraining

/// `switchback chat train`.
struct ChatTrain: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Fine-tune a language model on conversations.",
        discussion: """
            EXAMPLES
              switchback chat train --data conversations.jsonl --from path/to/qwen --lora 8
              switchback chat train --data conversations.jsonl --from runs/text/train \\
                --epochs 5
              switchback chat train --resume runs/chat/train

            Each line of the file is one conversation:
              {"messages": [{"role": "user", "content": "Hello!"}, {"role": "assistant", "content": "Hello to you."}]}
            Only the assistant's messages are learned, and of those no message with "weight": 0. "tools" beside "messages" \
            are the functions that it can call.

            ShareGPT's and Alpaca's forms, .json lists and .csv files are read, too.
            """)

    @Option(help: ArgumentHelp("A file of conversations: JSON Lines, a JSON list, or CSV.", valueName: "file"))
    var data: String?

    @Option(
        help: ArgumentHelp(
            "The model to start from: a run, a folder in Hugging Face's format, or ORG/NAME on the hub.",
            valueName: "folder"))
    var from: String?

    @OptionGroup var template: TemplateOption
    @OptionGroup var adaptation: AdaptationOptions
    @OptionGroup var reading: ReadingOptions
    @OptionGroup(title: "Training") var training: TrainingOptions<ChatDefaults>
    @OptionGroup(title: "Run") var runOptions: RunOptions
    @OptionGroup var common: CommonOptions

    func validate() throws {
        try runOptions.require("--data <file>", data)
        try runOptions.require("--from <folder>", from)
    }

    private func apply(to configuration: inout ChatTrainingConfiguration) throws {
        if runOptions.config == nil && runOptions.resume == nil {
            configuration.training = ChatTrainingConfiguration.trainingDefaults(lora: adaptation.lora != nil)
        }
        configuration.data = data ?? configuration.data
        configuration.from = try from.map(ModelFolder.path) ?? configuration.from
        configuration.template = template.template ?? configuration.template
        adaptation.apply(to: &configuration)
        configuration.contextLength = reading.context ?? configuration.contextLength
        if reading.recompute { configuration.recompute = true }
        training.apply(to: &configuration.training)
    }

    private struct Result: Encodable {
        let task = "chat"
        let mode = "train"
        let parameters, steps: Int
        /// In nats a token, of the held-out answers.
        let bestLoss, seconds: Double
        let folder: String
    }

    /// The training that the options ask for.
    func session() throws -> TrainingSession<ChatTrainingConfiguration> {
        common.apply()
        return try TrainingSession("chat", runOptions, common, change: apply)
    }

    func run() throws {
        let session = try session()
        let training = try ChatTraining(session.configuration)
        try say(what: training)
        let (folder, outcome) = try session.train(
            training.product, training.task, training.adaptation, session.configuration.training,
            sampler: sampler(training))
        guard let best = outcome.best ?? outcome.history.last else { return }
        let loss = best.validation["loss"] ?? .nan
        try runOptions.say(
            """
            The best model (epoch \(best.epoch), validation loss \(loss.formatted(4))) is in
              \(folder.path)
            Next:
              switchback chat \(folder.path.quoted)
              switchback serve \(folder.path.quoted)
            """)
        guard common.json else { return }
        try Terminal.printJSON(
            Result(
                parameters: training.product.model.parameterCount, steps: outcome.step, bestLoss: loss,
                seconds: outcome.seconds, folder: folder.path))
    }

    private func say(what training: ChatTraining) throws {
        let task = training.task
        try runOptions.say(
            "Data: \(training.configuration.data); \(task.trainingCount.counted("conversation")) for training, "
                + "\(task.validationCount.grouped) for validation, template \(training.template.style?.rawValue ?? "of the model"). "
                + "Model: \(training.product.model.parameterCount.counted("parameter")).")
        if task.cutCount > 0 {
            Diagnostics.warn(
                "the context is too short for the end of \(task.cutCount.counted("conversation"))")
        }
    }

    /// Shows what the model answers, after each validation.
    private func sampler(_ training: ChatTraining) -> TrainingListener {
        let question = training.task.example
        return { event in
            guard case .epoch = event else { return .continue }
            let product = training.product
            var conversation = Conversation(product.model, product.tokenizer, training.template)
            conversation.options.sampling.temperature = 0
            conversation.options.tokens = 80
            conversation.system = question.first { $0.role == .system }?.content
            let asked = question.last { $0.role == .user }?.content ?? ""
            // A question that fills the context has no room for an answer.
            guard let answer = try? conversation.ask(asked) else { return .continue }
            for (role, text) in [("user", asked), ("assistant", answer.text)] {
                let lines = text.split(separator: "\n").map { "    \($0)" }.joined(separator: "\n")
                try runOptions.say("  \(role):\n\(lines)")
            }
            return .continue
        }
    }
}
