import ArgumentParser
import Foundation
import Switchback
import SwitchbackLanguage

/// `switchback chat FOLDER`.
struct ChatTalk: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "talk",
        abstract: "Chat with a language model in the terminal.",
        discussion: """
            EXAMPLES
              switchback chat path/to/qwen
              switchback chat runs/chat/train --system "Answer in one sentence." \\
                --temperature 0
              echo "Who are you?" | switchback chat runs/chat/train --json

            Each line is a message. Ctrl-C stops an answer, Ctrl-D quits, and
              /reset          starts a new conversation
              /system TEXT    sets the system prompt
              /help           lists these
            With --json each answer is printed as one line of JSON.
            """)

    @Argument(
        help: ArgumentHelp(
            "A model folder: a run, a model in Hugging Face's format, or ORG/NAME on the hub."
        ))
    var folder: String

    @Option(help: ArgumentHelp("The system prompt.", valueName: "text"))
    var system: String?

    @OptionGroup var template: TemplateOption
    @OptionGroup var weights: WeightFormatOption
    @OptionGroup(title: "Sampling") var writing: SamplingOptions
    @OptionGroup var common: CommonOptions

    private struct Answer: Encodable {
        let task = "chat"
        let question, answer: String
        let promptTokens, tokens: Int
        let ending: Continuation.Ending
    }

    func run() throws {
        common.apply()
        let checkpoint = try Checkpoint(ModelFolder.path(folder))
        let (model, tokenizer) = try checkpoint.languageModelAndTokenizer(dtype: weights.dtype)
        let template = try ChatTemplate.choose(template.template, for: checkpoint)
        try template.check(tokenizer)
        var conversation = Conversation(model, tokenizer, template)
        conversation.options = try writing.options(for: checkpoint)
        conversation.system = system
        if isInteractive { try Terminal.print("Type a message, or /help for the commands.") }
        while let line = try nextLine() {
            let words = line.trimmingCharacters(in: .whitespaces)
            if words.isEmpty { continue }
            if words.hasPrefix("/") { try obey(words, &conversation) } else { try answer(words, &conversation) }
        }
        if isInteractive { try Terminal.print("") }
    }

    private var isInteractive: Bool { Terminal.isInteractive && isatty(STDIN_FILENO) == 1 && !common.json }

    /// A line of the input; Ctrl-C ends the program while it is waited for.
    private func nextLine() throws -> String? {
        if isInteractive { try Terminal.write("> ") }
        return Interruption.suspended { readLine() }
    }

    private func obey(_ command: String, _ conversation: inout Conversation) throws {
        let parts = command.split(separator: " ", maxSplits: 1).map(String.init)
        switch parts[0] {
        case "/reset": conversation.reset()
        case "/system": conversation.system = parts.count > 1 ? parts[1] : nil
        case "/help":
            try Terminal.print(
                """
                /reset          starts a new conversation
                /system TEXT    sets the system prompt
                Ctrl-C          stops an answer
                Ctrl-D          leaves
                """)
        default:
            let hint = CommandNames.suggestion(for: parts[0], among: ["/reset", "/system", "/help"])
            Terminal.complain("there is no command \(parts[0]); \(hint)")
        }
    }

    private func answer(_ question: String, _ conversation: inout Conversation) throws {
        do {
            let answer = try Interruption.finishing {
                try conversation.ask(question) { piece in
                    if !common.json { try Terminal.write(piece) }
                    return !Interruption.isRequested
                }
            }
            if common.json {
                try Terminal.printJSON(
                    Answer(
                        question: question, answer: answer.text, promptTokens: answer.promptTokens,
                        tokens: answer.tokens, ending: answer.ending))
            } else {
                try Terminal.print("\n")
            }
            if conversation.forgotten > 0 {
                Diagnostics.warn("the first \(conversation.forgotten) messages no longer fit into the context")
            }
        } catch let error as InputError where isInteractive && error.subject != "standard output" {
            // A question that cannot be read is no reason to leave.
            Terminal.complain("\(error)")
        }
    }
}
