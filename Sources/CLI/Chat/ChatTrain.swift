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

    @OptionGroup var options: ConversationOptions<ChatDefaults>
    @OptionGroup var common: CommonOptions

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
        return try TrainingSession("chat", options.run, common, defaults: options.defaults()) {
            try options.apply(to: &$0)
        }
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
        try options.say(best: best, "validation loss \(loss.formatted(4))", in: folder)
        guard common.json else { return }
        try Terminal.printJSON(
            Result(
                parameters: training.product.model.parameterCount, steps: outcome.step, bestLoss: loss,
                seconds: outcome.seconds, folder: folder.path))
    }

    private func say(what training: ChatTraining) throws {
        let task = training.task
        try options.say(
            data: training.configuration.data, training: task.trainingCount.counted("conversation"),
            validation: task.validationCount, training.template, training.product)
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
                try options.run.say("  \(role):\n\(lines)")
            }
            return .continue
        }
    }
}
