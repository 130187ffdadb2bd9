import ArgumentParser
import Switchback
import SwitchbackLanguage

/// `switchback chat FOLDER`, `switchback chat train` and `switchback chat prefer`.
struct Chat: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "chat",
        abstract: "Chat with a language model, or fine-tune one on conversations or preferences.",
        discussion: """
            EXAMPLES
              switchback chat path/to/qwen
              switchback chat train --data conversations.jsonl --from path/to/model
              switchback chat prefer --data pairs.jsonl --from runs/chat/train
              switchback chat runs/chat/train --system "Answer in one sentence." \\
                --temperature 0
              echo "Who are you?" | switchback chat runs/chat/train --json
            """,
        subcommands: [ChatTalk.self, ChatTrain.self, ChatPrefer.self], defaultSubcommand: ChatTalk.self)
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
