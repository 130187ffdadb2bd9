import ArgumentParser
import SwitchbackLanguage

/// How a model writes.
struct SamplingOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The maximum number of tokens to generate. (default: \(GenerationOptions().tokens))", valueName: "n"),
        transform: Value.integer(in: .from(1, to: 1_000_000)))
    var tokens = GenerationOptions().tokens

    @Option(
        help: ArgumentHelp(
            "The temperature: 0 always takes the most likely token, higher is more random. (default: 1.0)",
            valueName: "x"),
        transform: Value.number(in: Sampling.Ranges.temperature))
    var temperature = 1.0

    @Option(
        help: ArgumentHelp("Top-k sampling: choose among the k most likely tokens.", valueName: "n"),
        transform: Value.integer(in: Sampling.Ranges.topK))
    var topK: Int?

    @Option(
        help: ArgumentHelp(
            "Top-p sampling: choose among the most likely tokens with this total probability.", valueName: "p"),
        transform: Value.number(in: Sampling.Ranges.topP))
    var topP: Double?

    @Option(
        help: ArgumentHelp("Skip tokens below this fraction of the most likely token's probability.", valueName: "p"),
        transform: Value.number(in: Sampling.Ranges.minP))
    var minP: Double?

    @Option(
        help: ArgumentHelp(
            "The repetition penalty: above 1, tokens that occurred become less likely. (default: 1.0)", valueName: "x"),
        transform: Value.number(in: Sampling.Ranges.repetitionPenalty))
    var repetitionPenalty = 1.0

    @Option(
        help: ArgumentHelp(
            "Stop at this text; can be given several times. \\n is a newline.", valueName: "text"))
    var stop: [String] = []

    @Option(help: ArgumentHelp("The random seed. (default: 0)", valueName: "n"), transform: Value.integer)
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
