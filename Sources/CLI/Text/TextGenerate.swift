import ArgumentParser
import Switchback
import SwitchbackLanguage

/// `switchback text generate`.
struct TextGenerate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "generate",
        abstract: "Continues a text.",
        discussion: """
            EXAMPLES
              switchback text generate --from runs/text/train --prompt "ROMEO:" --tokens 300
              switchback text generate --from path/to/gpt2 --prompt "Once upon a time" --top-k 40 --temperature 0.8
              switchback text generate --from runs/text/train --temperature 0 --stop "\\n\\n" --json
            """)

    @OptionGroup var source: ModelFolderOption

    @Option(help: ArgumentHelp("The beginning of the text.", valueName: "text"))
    var prompt = ""

    @Option(help: ArgumentHelp("How many tokens to add at most.", valueName: "n"), transform: Value.positiveInteger)
    var tokens = 200

    @Option(
        help: ArgumentHelp("0 always takes the likeliest token; below 1 the likely become likelier.", valueName: "x"))
    var temperature = 1.0

    @Option(help: ArgumentHelp("Choose among so many of the likeliest tokens.", valueName: "n"))
    var topK: Int?

    @Option(
        help: ArgumentHelp("Choose among the likeliest tokens that together reach this probability.", valueName: "p"))
    var topP: Double?

    @Option(
        help: ArgumentHelp("Leave out tokens below this fraction of the likeliest one's probability.", valueName: "p"))
    var minP: Double?

    @Option(help: ArgumentHelp("Above 1 tokens that occurred become less likely.", valueName: "x"))
    var repetitionPenalty = 1.0

    @Option(
        help: ArgumentHelp(
            "Text that ends the text; may be given several times. \\n is a line's end.", valueName: "text"))
    var stop: [String] = []

    @Option(help: ArgumentHelp("What chance depends on.", valueName: "n"))
    var seed: UInt64 = 0

    @OptionGroup var common: CommonOptions

    private struct Result: Encodable {
        let task = "text"
        let mode = "generate"
        let prompt, text: String
        let promptTokens, tokens: Int
        let ending: TextGenerator.Ending
        let tokensPerSecond: Double
    }

    func run() throws {
        common.apply()
        let (model, tokenizer) = try Checkpoint(source.from).languageModelAndTokenizer()
        var generator = TextGenerator(model, tokenizer)
        generator.sampling.temperature = temperature
        generator.sampling.topK = topK
        generator.sampling.topP = topP
        generator.sampling.minP = minP
        generator.sampling.repetitionPenalty = repetitionPenalty
        generator.stopWords = stop.map(\.withLineEnds)
        generator.seed = seed
        let start = ContinuousClock.now
        let beginning = prompt.withLineEnds
        if !common.json { try Terminal.write(beginning) }
        let result = try generator.generate(beginning, tokens: tokens) { piece in
            if !common.json { try Terminal.write(piece) }
            return !Interruption.isRequested
        }
        let seconds = start.duration(to: .now) / .seconds(1)
        if common.json {
            try Terminal.printJSON(
                Result(
                    prompt: beginning, text: result.text, promptTokens: result.promptTokens, tokens: result.tokens,
                    ending: result.ending, tokensPerSecond: Double(result.tokens) / seconds))
        } else {
            try Terminal.print("")
        }
        if Interruption.isRequested { throw ExitCode(Interruption.exitCode) }
    }
}
