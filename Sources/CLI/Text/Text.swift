import ArgumentParser
import Switchback
import SwitchbackLanguage

/// `switchback text MODE`.
struct Text: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "text",
        abstract: "Train language models and generate text.",
        discussion: """
            EXAMPLES
              switchback text train --data shakespeare.txt
              switchback text generate --model runs/text/train --prompt "ROMEO:" \\
                --tokens 300
              switchback text score --model runs/text/train other-play.txt
              switchback text finetune --from path/to/llama --data my-notes --lora 8
              switchback text embed --model path/to/minilm "A cat sits." "A dog runs."
            """,
        subcommands: [
            TextTrain.self, TextFinetune.self, TextGenerate.self, TextScore.self, TextEmbed.self, TextExport.self,
            TextPrepare.self,
        ])
}

extension ArgumentHelp {
    /// For where a language model is.
    static var languageModelFolder: ArgumentHelp {
        ArgumentHelp(
            "A model folder: a run, a model in Hugging Face's format, or ORG/NAME on the hub.",
            valueName: "folder")
    }
}

/// In what numbers a model's weights are kept while it is used.
struct WeightFormatOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The type of the weights: float32, bfloat16, int8 or int4. Fewer bits are faster and need less memory; int4 "
                + "costs a little accuracy. (default: float32)", valueName: "type"), transform: Value.choice)
    var dtype = WeightFormat.float32
}
