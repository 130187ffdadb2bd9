import ArgumentParser
import Switchback
import SwitchbackLanguage

/// `switchback chat FOLDER` and `switchback chat train`.
struct Chat: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "chat",
        abstract: "Chat with a language model, or fine-tune one on conversations.",
        discussion: """
            EXAMPLES
              switchback chat path/to/qwen
              switchback chat train --data conversations.jsonl --from path/to/model
              switchback chat runs/chat/train --system "Answer in one sentence." \\
                --temperature 0
              echo "Who are you?" | switchback chat runs/chat/train --json
            """,
        subcommands: [ChatTalk.self, ChatTrain.self], defaultSubcommand: ChatTalk.self)
}

/// How a conversation becomes text.
struct TemplateOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The chat template: \(ChatTemplate.Style.names). (default: the one in the model's folder, or plain)",
            valueName: "style"),
        transform: Value.choice)
    var template: ChatTemplate.Style?
}
