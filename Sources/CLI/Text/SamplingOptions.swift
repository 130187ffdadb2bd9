import ArgumentParser
import SwitchbackLanguage

/// How a model writes.
struct SamplingOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("How many tokens to add at most.", valueName: "n"),
        transform: Value.integer(in: .from(1, to: 1_000_000)))
    var tokens = GenerationOptions().tokens

    @Option(
        help: ArgumentHelp("0 always takes the likeliest token; below 1 the likely become likelier.", valueName: "x"),
        transform: Value.number(in: Sampling.Ranges.temperature))
    var temperature = 1.0

    @Option(
        help: ArgumentHelp("Choose among so many of the likeliest tokens.", valueName: "n"),
        transform: Value.integer(in: Sampling.Ranges.topK))
    var topK: Int?

    @Option(
        help: ArgumentHelp("Choose among the likeliest tokens that together reach this probability.", valueName: "p"),
        transform: Value.number(in: Sampling.Ranges.topP))
    var topP: Double?

    @Option(
        help: ArgumentHelp("Leave out tokens below this fraction of the likeliest one's probability.", valueName: "p"),
        transform: Value.number(in: Sampling.Ranges.minP))
    var minP: Double?

    @Option(
        help: ArgumentHelp("Above 1 tokens that occurred become less likely.", valueName: "x"),
        transform: Value.number(in: Sampling.Ranges.repetitionPenalty))
    var repetitionPenalty = 1.0

    @Option(
        help: ArgumentHelp(
            "Text that ends the text; may be given several times. \\n is a line's end.", valueName: "text"))
    var stop: [String] = []

    @Option(help: ArgumentHelp("What chance depends on.", valueName: "n"), transform: Value.integer)
    var seed: UInt64 = 0

    var options: GenerationOptions {
        var options = GenerationOptions()
        options.tokens = tokens
        options.sampling.temperature = temperature
        options.sampling.topK = topK
        options.sampling.topP = topP
        options.sampling.minP = minP
        options.sampling.repetitionPenalty = repetitionPenalty
        options.stopWords = stop.map(\.withLineEnds)
        options.seed = seed
        return options
    }
}
