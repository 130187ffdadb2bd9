import ArgumentParser
import Switchback
import SwitchbackLanguage

/// `switchback text generate`.
struct TextGenerate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "generate",
        abstract: "Generate text.",
        discussion: """
            EXAMPLES
              switchback text generate --model runs/text/train --prompt "ROMEO:" \\
                --tokens 300
              switchback text generate --model path/to/gpt2 --prompt "Once upon a time" \\
                --top-k 40 --temperature 0.8
              switchback text generate --model runs/text/train --temperature 0 \\
                --stop "\\n\\n" --json
              switchback text generate --model path/to/gpt2 --prompt "Once upon a time" \\
                --dtype int4
            """)

    @Option(help: .languageModelFolder)
    var model: String

    @OptionGroup var weights: WeightFormatOption

    @Option(help: ArgumentHelp("The prompt.", valueName: "text"))
    var prompt = ""

    @OptionGroup(title: "Sampling") var writing: SamplingOptions
    @OptionGroup var common: CommonOptions

    private struct Result: Encodable {
        let task = "text"
        let mode = "generate"
        let prompt, text: String
        let promptTokens, tokens: Int
        let ending: Continuation.Ending
        let tokensPerSecond: Double
    }

    func run() throws {
        common.apply()
        let checkpoint = try Checkpoint(ModelFolder.path(model))
        let (network, tokenizer) = try checkpoint.languageModelAndTokenizer(dtype: weights.dtype)
        var generator = TextGenerator(network, tokenizer)
        generator.options = try writing.options(for: checkpoint)
        let start = ContinuousClock.now
        let beginning = prompt.withLineEnds
        // The beginning is shown once it is known that it can be continued.
        var unshown = beginning
        let result = try Interruption.finishing {
            try generator.generate(beginning) { piece in
                if !common.json { try Terminal.write(unshown + piece) }
                unshown = ""
                return !Interruption.isRequested
            }
        }
        let seconds = start.duration(to: .now) / .seconds(1)
        if common.json {
            try Terminal.printJSON(
                Result(
                    prompt: beginning, text: result.text, promptTokens: result.promptTokens, tokens: result.tokens,
                    ending: result.ending, tokensPerSecond: Double(result.tokens) / seconds))
        } else {
            try Terminal.write(unshown + "\n")
        }
        if Interruption.isRequested { throw ExitCode(Interruption.exitCode) }
    }
}
