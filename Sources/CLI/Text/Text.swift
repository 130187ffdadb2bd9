import ArgumentParser
import Switchback
import SwitchbackLanguage

/// `switchback text MODE`.
struct Text: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "text",
        abstract: "Learns to write: language models that predict the next token.",
        discussion: """
            EXAMPLES
              switchback text train --data shakespeare.txt
              switchback text generate --model runs/text/train --prompt "ROMEO:" \\
                --tokens 300
              switchback text score --model runs/text/train other-play.txt
              switchback text finetune --from path/to/llama --data my-notes --lora 8
            """,
        subcommands: [
            TextTrain.self, TextFinetune.self, TextGenerate.self, TextScore.self, TextExport.self, TextPrepare.self,
        ])
}

extension ArgumentHelp {
    /// For where a language model is.
    static var languageModelFolder: ArgumentHelp {
        ArgumentHelp(
            "A folder with config.json, model.safetensors and tokenizer.json: a run, or a model of Hugging Face's form.",
            valueName: "folder")
    }
}

/// In what numbers a model's weights are kept while it is used.
struct WeightFormatOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "In what numbers the weights are kept: float32, bfloat16, int8 or int4. Fewer bits are faster and need less "
                + "memory; int4 costs a little accuracy.", valueName: "type"), transform: Value.choice)
    var dtype = WeightFormat.float32
}
